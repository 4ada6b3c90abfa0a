"""A Slack workspace for one machine: Web API, limits, clicks, forms, commands and the page's own API."""
