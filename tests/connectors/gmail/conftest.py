"""Give the tests of Gmail its world and a connector."""

from tests.connectors.google import GoogleWorld, google_world
from tests.connectors.support import connector_of, world_of

world = world_of(google_world)
gmail = connector_of("gmail", GoogleWorld.gmail)
