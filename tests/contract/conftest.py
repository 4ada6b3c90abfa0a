"""Describe the level: requests and answers held against the vendors' own descriptions; fixtures stand in each file."""
