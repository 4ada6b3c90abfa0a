"""Give the tests of HubSpot its world and a connector."""

from tests.connectors.crm import Crm, crm
from tests.connectors.support import connector_of, world_of

world = world_of(crm)
hubspot = connector_of("hubspot", Crm.hubspot)
