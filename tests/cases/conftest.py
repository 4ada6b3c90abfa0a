"""Describe the level: transactions on a database without servers; its fixtures are the databases of the root."""
