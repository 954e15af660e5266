"""How the endpoints answer: JSON, and the link to the next page. What stands in it is made by ``hub``."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from broadsheet.hub.texts import Json, compact


def json_answer(content: Json | list[Json], status: int = 200) -> HttpResponse:
    """Return content as JSON."""
    return HttpResponse(compact(content).encode(), status=status, content_type="application/json; charset=utf-8")


def public_url(request: HttpRequest) -> str:
    """Return the address of the site as its readers see it, without a slash at its end."""
    return settings.PUBLIC_URL.rstrip("/") or f"{request.scheme}://{request.get_host()}"


def link_next(request: HttpRequest, answer: HttpResponse, **asked: Any) -> None:
    """Point to the next page by an absolute URL, as clients take it as it is."""
    known = {key: value for key, value in asked.items() if value not in (None, "")}
    answer["Link"] = f'<{public_url(request)}{request.path}?{urlencode(known)}>; rel="next"'


def page_answer(request: HttpRequest, found: Sequence[Json], p: int, limit: int) -> HttpResponse:
    """Return one page of a list. found: its entries, and one more if there are more."""
    answer = json_answer(list(found[:limit]))
    if len(found) > limit:
        link_next(request, answer, p=p + 1, limit=limit)
    return answer
