"""Give the tests of connectors a world of Fidel API and Stripe, and their connectors."""

from tests.connectors.support import World, connector_of, vendors, world_of

world = world_of(vendors)
fidel = connector_of("fidel", World.fidel)
stripe = connector_of("stripe", World.stripe)
