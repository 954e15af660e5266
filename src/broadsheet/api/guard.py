"""What every address of the API has in common: limits, errors, conditional answers and headers. No paper in sight."""

import secrets
from collections.abc import Callable
from functools import wraps
from hashlib import blake2b
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response

from broadsheet.accounts import limits
from broadsheet.api.errors import answer_to, error_answer

WINDOW = 300
READING = "GET, HEAD, OPTIONS"
_EXPOSED = "ETag, Link, RateLimit, RateLimit-Policy, Retry-After, X-Error-Message, X-HF-Warning, X-Request-Id"

View = Callable[..., HttpResponseBase]


def guarded(view: View, bucket: str = "api") -> View:
    """Wrap a view of the API.

    bucket: ``api``, or ``search``, which has a tenth of the quota but at least 50, as it costs more.
    """

    @wraps(view)
    def answering(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        request_id = secrets.token_hex(8)
        quota, allowance = _take(request, bucket)
        if request.method == "OPTIONS":
            answer: HttpResponseBase = _preflight()
        elif allowance and not allowance.allowed:
            answer = _exhausted(quota, allowance)
        else:
            answer = _answer(view, request, request_id, args, kwargs)
        answer["X-Request-Id"] = request_id
        answer["Access-Control-Allow-Origin"] = "*"
        answer["Access-Control-Expose-Headers"] = _EXPOSED
        if allowance:
            answer["RateLimit"] = f'"{bucket}";r={allowance.remaining};t={allowance.reset_seconds}'
            answer["RateLimit-Policy"] = f'"fixed window";"{bucket}";q={quota};w={WINDOW}'
        return answer

    return answering


def _answer(
    view: View, request: HttpRequest, request_id: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> HttpResponseBase:
    """Run the view; HEAD is GET without its body, which the views need not know."""
    is_head = request.method == "HEAD"
    if is_head:
        request.method = "GET"
    try:
        answer = view(request, *args, **kwargs)
    except Exception as error:  # noqa: BLE001 (translated in one place, where it is logged too)
        return answer_to(error, request_id)
    finally:
        if is_head:
            request.method = "HEAD"
    if isinstance(answer, HttpResponseNotAllowed):
        allowed = ", ".join(dict.fromkeys([*answer["Allow"].split(", "), *READING.split(", ")]))
        answer = error_answer(405, f"{request.method} is not possible here; what is: {allowed}.")
        answer["Allow"] = allowed
    if answer.status_code == 200 and isinstance(answer, HttpResponse):
        answer = _conditional(request, answer)
        if is_head:
            answer["Content-Length"] = str(len(answer.content))
            answer.content = b""
    return answer


def _conditional(request: HttpRequest, answer: HttpResponse) -> HttpResponse:
    """Let a client that has this very answer keep it. The tag is weak, as a proxy may compress the body."""
    tag = f'W/"{blake2b(answer.content, digest_size=12).hexdigest()}"'
    answer["ETag"] = tag
    answer["Cache-Control"] = "no-cache"
    checked = get_conditional_response(request, etag=tag, response=answer)
    return checked if isinstance(checked, HttpResponse) else answer


def _preflight() -> HttpResponse:
    """Answer a browser that asks whether another site's script may read here."""
    answer = HttpResponse(status=204)
    answer["Allow"] = READING
    answer["Access-Control-Allow-Methods"] = READING
    answer["Access-Control-Allow-Headers"] = "Authorization, Content-Type, If-None-Match"
    answer["Access-Control-Max-Age"] = "86400"
    return answer


def _take(request: HttpRequest, bucket: str) -> tuple[int, limits.Allowance | None]:
    if settings.API_RATE <= 0:
        return 0, None
    quota = max(settings.API_RATE // 10, 50) if bucket == "search" else settings.API_RATE
    return quota, limits.take(bucket, limits.client_address(request), quota, WINDOW)


def _exhausted(quota: int, allowance: limits.Allowance) -> HttpResponse:
    answer = error_answer(
        429, f"The {quota} requests of {WINDOW // 60} minutes are used up; go on in {allowance.reset_seconds} s."
    )
    answer["Retry-After"] = str(allowance.reset_seconds)
    return answer
