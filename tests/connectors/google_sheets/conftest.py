"""Give the tests of Sheets its world and a connector."""

from tests.connectors.google import GoogleWorld, google_world
from tests.connectors.support import connector_of, world_of

world = world_of(google_world)
sheets = connector_of("sheets", GoogleWorld.sheets)
