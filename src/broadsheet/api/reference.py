"""The page that describes the API, made on the server from the OpenAPI description, so that it needs no script."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from ninja import NinjaAPI
from ninja.openapi.docs import DocsBase

Schema = dict[str, Any]


class Parameter(NamedTuple):
    """One thing that can be asked. takes: its type and bounds in words."""

    name: str
    takes: str
    default: str
    about: SafeString


class Field(NamedTuple):
    """One key of an answer. shape: name of the shape it holds, for a link; '' for plain values."""

    name: str
    kind: str
    shape: str
    optional: bool
    about: SafeString


class Endpoint(NamedTuple):
    """One address. shape: name of the shape it answers with; several: whether it answers with a list of them.

    body: what is sent, key by key. token: whether it needs one.
    """

    anchor: str
    method: str
    path: str
    title: str
    about: SafeString
    parameters: list[Parameter]
    body: list[Field]
    token: bool
    shape: str
    several: bool
    statuses: list[tuple[str, str]]


class Reference(DocsBase):
    """Shows the description as a plain page in the site's own dress."""

    def render_page(self, request: HttpRequest, api: NinjaAPI, **kwargs: Any) -> HttpResponse:
        """Return the page."""
        description: Schema = api.get_openapi_schema(path_params=kwargs)
        context = {
            "title": "API",
            "about": [_coded(paragraph) for paragraph in api.description.split("\n\n")],
            "version": api.version,
            "openapi": self.get_openapi_url(api, kwargs),
            "endpoints": list(endpoints(description)),
            "shapes": list(shapes(description)),
        }
        return HttpResponse(_template().render(context, request))


@cache
def _template() -> Any:
    """Return the page's template. It lies beside this module, as the room keeps no tables and is no app of Django's."""
    text = Path(__file__).with_name("reference.html").read_text(encoding="utf-8")
    return engines["django"].from_string(text)


def endpoints(description: Schema) -> Iterator[Endpoint]:
    """Yield the addresses of an OpenAPI description."""
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            responses = operation["responses"]
            content = (responses.get(200) or responses.get(201) or {}).get("content", {})
            shown = content.get("application/json", {}).get("schema", {})
            yield Endpoint(
                anchor=operation["operationId"],
                method=method.upper(),
                path=path,
                title=operation["summary"],
                about=_coded(" ".join(operation.get("description", "").split())),
                parameters=[_parameter(one) for one in operation["parameters"]],
                body=_body(operation, description),
                token="security" in operation,
                shape=_shape(shown),
                several=shown.get("type") == "array",
                statuses=[(str(status), one["description"]) for status, one in sorted(responses.items())],
            )


def shapes(description: Schema) -> Iterator[tuple[str, SafeString, list[Field]]]:
    """Yield name, description and keys of each shape that an answer is made of."""
    for name, schema in sorted(description["components"]["schemas"].items()):
        yield name, _coded(schema.get("description", "")), _fields(schema)


def _fields(schema: Schema) -> list[Field]:
    needed = schema.get("required", [])
    return [
        Field(key, _kind(one), _shape(one), key not in needed, _coded(one.get("description", "")))
        for key, one in schema.get("properties", {}).items()
    ]


def _body(operation: Schema, description: Schema) -> list[Field]:
    """Return the keys of what is sent, none where nothing is."""
    for sent in operation.get("requestBody", {}).get("content", {}).values():
        schema = sent["schema"]
        named = _shape(schema)
        return _fields(description["components"]["schemas"][named] if named else schema)
    return []


def _parameter(described: Schema) -> Parameter:
    schema = described["schema"]
    default = schema.get("default")
    about = schema.get("description", "")
    if examples := schema.get("examples"):
        about = f"{about} Example: {', '.join(f'`{one}`' for one in examples)}.".strip()
    return Parameter(described["name"], _kind(schema), "" if default in (None, "") else str(default), _coded(about))


def _coded(text: str) -> SafeString:
    """Return a text of the description as safe HTML, with what stands between backticks as code."""
    return mark_safe(re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text)))  # noqa: S308 (escaped in the same line)


def _variants(schema: Schema) -> list[Schema]:
    """Return what a value may be, apart from nothing."""
    return [one for one in schema.get("anyOf", [schema]) if one.get("type") != "null"]


def _kind(schema: Schema) -> str:
    """Return in words what a value is."""
    words = []
    for one in _variants(schema):
        if "enum" in one or "const" in one:
            words.append(" or ".join(str(value) for value in one.get("enum", [one.get("const")])))
        elif one.get("type") == "array":
            words.append(f"list of {_kind(one['items'])}")
        elif "$ref" in one:
            words.append(_shape(one))
        else:
            words.append(_bounded(one))
    return " or ".join(words)


def _bounded(schema: Schema) -> str:
    kind = str(schema.get("type", "any"))
    kind = {"integer": "whole number", "string": "text", "boolean": "yes or no", "object": "keys and values"}.get(
        kind, kind
    )
    if "minimum" in schema and "maximum" in schema:
        return f"{kind} {schema['minimum']} to {schema['maximum']}"
    if "maxLength" in schema:
        return f"{kind}, at most {schema['maxLength']} characters"
    return kind


def _shape(schema: Schema) -> str:
    """Return the name of the shape that a value is or holds, '' for plain ones."""
    for one in _variants(schema):
        inner = one.get("items", one)
        if "$ref" in inner:
            return str(inner["$ref"]).rsplit("/", 1)[-1]
    return ""
