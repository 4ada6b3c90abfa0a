"""Describe the level: pure functions, without database, server or process."""
