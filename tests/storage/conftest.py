"""Describe the level: rows and statements on both engines; its fixtures are the databases of the root."""
