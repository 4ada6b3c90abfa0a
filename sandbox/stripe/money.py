"""Format minor units of a currency as decimal text."""

WITHOUT_DECIMALS = frozenset(
    ("bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf")
)
THREE_DECIMALS = frozenset(("bhd", "jod", "kwd", "omr", "tnd"))


def major(amount_minor: int, currency: str) -> str:
    """Return decimal text: 12950 "usd" is "129.50", 12000 "jpy" is "12000". Source: Stripe's list of currencies."""
    if currency in WITHOUT_DECIMALS:
        return str(amount_minor)
    digits = 3 if currency in THREE_DECIMALS else 2
    whole, part = divmod(amount_minor, 10**digits)
    return f"{whole}.{part:0{digits}}"


def said(amount_minor: int, currency: str) -> str:
    text = major(amount_minor, currency)
    return f"${text}" if currency == "usd" else f"{text} {currency.upper()}"
