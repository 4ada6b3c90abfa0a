"""Hold what the sandbox's vendors take and answer against a specification: its schemas, read as JSON Schema."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from jsonschema import Draft202012Validator
from jsonschema.protocols import Validator
from jsonschema.validators import extend
from referencing import Registry
from referencing.jsonschema import DRAFT202012

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


class Try(NamedTuple):
    """Describe one request and the status that it gets; `path` fills the template."""

    method: str
    template: str
    path: Mapping[str, str] = {}
    body: Any = None
    status: int = 200
    query: str = ""

    @property
    def url(self) -> str:
        return self.template.format(**self.path) + self.query


class Contract:
    """Hold a specification with its references resolved lazily."""

    def __init__(self, document: Any, validator: type[Validator]) -> None:
        self.document = document
        self._validator = validator
        self._registry: Registry[Any] = Registry().with_resource("urn:api", DRAFT202012.create_resource(document))

    def operation(self, tried: Try) -> Any:
        return self.document["paths"][tried.template][tried.method.lower()]

    def faults(self, schema: Any, value: Any) -> list[str]:
        whole = {"$id": "urn:check", "allOf": [_absolute(schema)]}
        checker = Draft202012Validator.FORMAT_CHECKER
        found = self._validator(whole, registry=self._registry, format_checker=checker).iter_errors(value)
        return [f"{fault.json_path}: {fault.message[:200]}" for fault in found]

    def answer_schema(self, tried: Try, status: int) -> Any:
        answers = self.operation(tried)["responses"]
        answer = answers.get(str(status)) or answers["default"]
        if "$ref" in answer:
            answer = self.document["components"]["responses"][answer["$ref"].rpartition("/")[2]]
        return answer["content"][JSON]["schema"]


def _absolute(schema: Any) -> Any:
    """Return the schema with references to its document's root: it is checked from outside of it."""
    if isinstance(schema, dict):
        return {name: f"urn:api{value}" if name == "$ref" else _absolute(value) for name, value in schema.items()}
    return [_absolute(item) for item in schema] if isinstance(schema, list) else schema


def _nullable(keyword: str) -> Any:
    """OpenAPI 3.0 says `nullable` beside a keyword where JSON Schema would list null."""
    check = Draft202012Validator.VALIDATORS[keyword]

    def checked(validator: Any, value: Any, instance: Any, schema: Any) -> Any:
        return () if instance is None and schema.get("nullable") else check(validator, value, instance, schema)

    return checked


def of_openapi_3_0(document: Any) -> Contract:
    """Return a specification in which `nullable` says what JSON Schema says by a type."""
    with_nullable = {keyword: _nullable(keyword) for keyword in ("type", "enum", "anyOf", "oneOf", "allOf", "$ref")}
    validator = extend(Draft202012Validator, with_nullable)  # type: ignore[no-untyped-call]  # the stubs leave it so
    return Contract(document, validator)
