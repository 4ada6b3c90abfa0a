"""What every connector shares: the shape, the three ways to fail, and later the HTTP client.

    ConnectorError
    ├── Refused      the vendor said no and will say no again: a sentence for a finance person
    ├── Unavailable  surely nothing happened: try again after `retry_after_s`
    └── Unsure       it may have happened: look it up, never send again blindly
"""
