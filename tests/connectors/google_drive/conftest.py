"""Give the tests of Drive its world and a connector."""

from tests.connectors.google import GoogleWorld, google_world
from tests.connectors.support import connector_of, world_of

world = world_of(google_world)
drive = connector_of("drive", GoogleWorld.drive)
