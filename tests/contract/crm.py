"""Hold one exchange as it crossed the socket against one file, for the contract tests of Zendesk and HubSpot."""

from collections.abc import Iterator

from openapi_core import OpenAPI
from openapi_core.exceptions import OpenAPIError
from openapi_core.testing import MockRequest, MockResponse

from tests.connectors.support import Exchange
from tests.support.places import reference


def contract(file: str) -> OpenAPI:
    """Return the specification of a vendor; skip the test if the reference is absent."""
    return OpenAPI.from_dict(reference(f"openapi/{file}"))


def faults(specification: OpenAPI, one: Exchange, prefix: str, host: str, *, errors: bool) -> Iterator[str]:
    """`errors` says whether the file describes answers of 400 and more, too."""
    path = one.path.removeprefix(prefix)
    request = MockRequest(
        host,
        one.method.lower(),
        path,
        args=dict(one.query),
        headers=dict(one.headers),
        data=one.body or None,
        content_type=one.content_type,
    )
    try:
        specification.validate_request(request)
    except OpenAPIError as error:
        yield f"request {one.method} {path}: {error} {error.__cause__}"
    if one.status is None or (one.status >= 400 and not errors):
        return
    try:
        specification.validate_response(request, MockResponse(one.answer, one.status))
    except OpenAPIError as error:
        yield f"answer {one.status} to {one.method} {path}: {error} {error.__cause__}"
