"""Hold one exchange as it crossed the socket against the specification of its vendor."""

from collections.abc import Iterator

from openapi_core import OpenAPI
from openapi_core.exceptions import OpenAPIError
from openapi_core.testing import MockRequest, MockResponse

from tests.connectors.support import Exchange
from tests.support.places import reference


def contract(file: str) -> OpenAPI:
    """Return the specification of a vendor; skip the test if the reference is absent."""
    return OpenAPI.from_dict(reference(f"openapi/{file}"))


def faults(
    specification: OpenAPI, exchange: Exchange, prefix: str, host: str, *, base: str = "", errors: bool = True
) -> Iterator[str]:
    """Yield what does not fit; the path loses `prefix` and gains `base`. `errors`: the file has answers of 400 too."""
    path = base + exchange.path.removeprefix(prefix)
    request = MockRequest(
        host,
        exchange.method.lower(),
        path,
        args=dict(exchange.query),
        headers=dict(exchange.headers),
        data=exchange.body or None,
        content_type=exchange.content_type,
    )
    try:
        specification.validate_request(request)
    except OpenAPIError as error:
        yield f"request {exchange.method} {path}: {error} {error.__cause__}"
    if exchange.status is None or (exchange.status >= 400 and not errors):
        return
    try:
        specification.validate_response(request, MockResponse(exchange.answer, exchange.status))
    except OpenAPIError as error:
        yield f"answer {exchange.status} to {exchange.method} {path}: {error} {error.__cause__}"
