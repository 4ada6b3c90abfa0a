"""Simulate a Slack workspace: Web API, limits, clicks, forms, commands, and the page's own API."""
