"""Describe the level: seeded runs in a world that breaks at every border; it needs no fixtures."""
