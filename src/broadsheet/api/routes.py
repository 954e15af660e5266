"""The API put together of its rooms: papers, what the community writes, people, signing programs in.

Rules of limits and headers live in ``guard``.
"""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, re_path
from ninja import NinjaAPI

import broadsheet
from broadsheet.api import collections, device, drafting, likeness, papers, people, writing
from broadsheet.api.guard import guarded
from broadsheet.api.reference import Reference
from broadsheet.errors import NotFound

DESCRIPTION = """\
The Hugging Face papers API, with the same addresses, parameters and keys, so that its clients work here:
`HF_ENDPOINT=http://localhost:8000 hf papers ls`. Reading is public and needs no token; writing needs one that may
write, as `Authorization: Bearer bs_...`. A token that is not known, or not any more, is refused everywhere.

Times are UTC and written `2026-11-21T17:08:00.000Z`. A list that goes on says so in a `Link` header with `rel="next"`.
Errors are `{"error": "..."}`, and `X-Error-Message` says the same. `RateLimit` tells how many requests are left in how
many seconds, `RateLimit-Policy` how many there are; searching and writing are counted apart.
"""


class Api(NinjaAPI):
    """The API, each of whose addresses is guarded."""

    def set_default_exception_handlers(self) -> None:
        """Let every error through to the guard, which translates them all."""
        self.add_exception_handler(Exception, _raised)

    @property
    def urls(self) -> tuple[list[URLResolver | URLPattern], str, str]:
        """The addresses for the site's list of URLs."""
        patterns, app, namespace = super().urls
        for pattern in patterns:
            if isinstance(pattern, URLPattern):
                pattern.callback = guarded(
                    pattern.callback, "search" if pattern.name in ("search", "like", "draft") else "api"
                )
        if not self.openapi_url:
            return patterns[:-1], app, namespace  # without the root, which Ninja puts last
        # An empty expression matches whatever is left, line ends included, which no converter of a path does.
        return [*patterns, re_path("", guarded(_unknown))], app, namespace

    def get_openapi_operation_id(self, operation: Any) -> str:
        """Name an operation by its function, as generated clients call their methods by it."""
        return str(operation.view_func.__name__)

    def get_openapi_schema(self, **asked: Any) -> Any:
        """Describe the addresses, those of signing in with them, although they lie elsewhere."""
        described = super().get_openapi_schema(**asked)
        if self is api:
            beside = oauth.get_openapi_schema(path_prefix="/oauth/")
            described["paths"] |= beside["paths"]
            described["components"]["schemas"] |= beside["components"]["schemas"]
        return described


def _unknown(request: HttpRequest) -> HttpResponse:
    raise NotFound(f"There is no {request.path[:80]!r} here.", "The API is described at /api/docs.")


def _raised(_request: HttpRequest, error: Exception | type[Exception]) -> HttpResponse:
    raise error


api = Api(
    title="Broadsheet", version=broadsheet.__version__, description=DESCRIPTION, urls_namespace="api", docs=Reference()
)

oauth = Api(title="Signing programs in", urls_namespace="oauth", openapi_url=None)
oauth.add_router("", device.router)

# The last one takes what is left below /papers/, so whatever has a longer address comes before it.
api.add_router("", people.router)
api.add_router("", likeness.router)
api.add_router("", drafting.router)
api.add_router("", papers.router)
api.add_router("", writing.router)
api.add_router("", collections.router)
api.add_router("", papers.greedy)
