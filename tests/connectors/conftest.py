"""Describe the level: each connector against the sandbox's vendor over HTTP; its fixtures stand beside each vendor."""
