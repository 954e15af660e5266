"""What every address of the API has in common: who asks, limits, errors, conditional answers and headers.

No paper in sight. Only a token says who asks: the cookie of a browser is never looked at, so no other site's page can
make its reader's browser act here.
"""

import secrets
from collections.abc import Callable
from functools import wraps
from hashlib import blake2b
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response, patch_vary_headers

from broadsheet.accounts import limits, tokens
from broadsheet.accounts.models import ApiToken, Scope, User
from broadsheet.api.errors import answer_to, error_answer
from broadsheet.errors import Refused, SignInNeeded

WINDOW = 300
READING = ("GET", "HEAD", "OPTIONS")
INVALID = "Invalid credentials in Authorization header"
FOREIGN = "the token sent is not known here, so this is the answer for everybody"
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_EXPOSED = (
    "ETag, Link, RateLimit, RateLimit-Policy, Retry-After, WWW-Authenticate, "
    "X-Error-Message, X-HF-Warning, X-Request-Id"
)
_SHARES = {"search": 10, "write": 5}

View = Callable[..., HttpResponseBase]


class Bearer:
    """Named in the description of addresses that need a token. Ninja asks it before it reads what was sent."""

    openapi_security_schema = {"type": "http", "scheme": "bearer", "description": "A token of /settings/tokens."}

    def __call__(self, request: HttpRequest) -> User:
        """Return the reader whose token came along. Raises as ``reader_for`` does."""
        return reader_for(request, request.method not in READING)


def reader_of(request: HttpRequest) -> User | None:
    """Return the reader whose token came along, None where none did."""
    token: ApiToken | None = getattr(request, "token", None)
    return token.reader if token else None


def reader_for(request: HttpRequest, writing: bool) -> User:
    """Return the reader who asks. writing: whether the token must allow it.

    Raises SignInNeeded without a token, Refused for one that may only read. What a suspended reader may still do, the
    verbs decide.
    """
    token: ApiToken | None = getattr(request, "token", None)
    if getattr(request, "unknown_token", False):
        raise SignInNeeded(INVALID)
    if token is None:
        raise SignInNeeded(
            "This needs a token.", "Make one under /settings/tokens and send it as Authorization: Bearer TOKEN."
        )
    if writing and token.scope != Scope.WRITE:
        raise Refused(f"The token {token.start}… may only read.", "Make one that may write, under /settings/tokens.")
    return token.reader


def guarded(view: View, bucket: str = "api") -> View:
    """Wrap a view of the API.

    bucket: ``api``, or ``search``, which has a tenth of the quota but at least 50, as it costs more. What writes has a
    bucket ``write`` of a fifth, at least 50.
    """

    @wraps(view)
    def answering(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        request_id = secrets.token_hex(8)
        counted = bucket if request.method in READING or bucket == "search" else "write"
        _recognise(request)
        quota, allowance = _take(request, counted)
        if request.method == "OPTIONS":
            answer: HttpResponseBase = _preflight(view, request, args, kwargs)
        elif allowance and not allowance.allowed:
            answer = _exhausted(quota, allowance)
        else:
            answer = _answer(view, request, request_id, args, kwargs)
        if getattr(request, "unknown_token", False):
            answer.headers.setdefault("X-HF-Warning", f"token; {FOREIGN}")
        answer["X-Request-Id"] = request_id
        answer["Access-Control-Allow-Origin"] = "*"
        answer["Access-Control-Expose-Headers"] = _EXPOSED
        patch_vary_headers(answer, ["Authorization"])
        if allowance:
            answer["RateLimit"] = f'"{counted}";r={allowance.remaining};t={allowance.reset_seconds}'
            answer["RateLimit-Policy"] = f'"fixed window";"{counted}";q={quota};w={WINDOW}'
        return answer

    return answering


def invalid() -> HttpResponse:
    """Return the answer to a missing or unknown token in the words that clients look for."""
    answer = error_answer(401, INVALID)
    answer["WWW-Authenticate"] = 'Bearer realm="Broadsheet", error="invalid_token"'
    return answer


def _recognise(request: HttpRequest) -> None:
    """Put the token that came along on the request, and whether one came that is not, or no longer, known.

    Many a client has a token of the original site and sends it everywhere; so what everybody may read, it reads too,
    with a warning. Other schemes of the header are a proxy's own affair.
    """
    scheme, _, secret = request.headers.get("Authorization", "").strip().partition(" ")
    if scheme.lower() == "bearer":
        token = tokens.reader_of(secret.strip())
        request.token, request.unknown_token = token, token is None  # type: ignore[attr-defined]  # our own


def _answer(
    view: View, request: HttpRequest, request_id: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> HttpResponseBase:
    """Run the view; HEAD is GET without its body, which the views need not know."""
    is_head = request.method == "HEAD"
    if is_head:
        request.method = "GET"
    try:
        if request.method not in READING:
            limits.act(limits.client_address(request))
        answer = view(request, *args, **kwargs)
    except Exception as error:  # noqa: BLE001 (translated in one place, where it is logged too)
        return answer_to(error, request_id)
    finally:
        if is_head:
            request.method = "HEAD"
    if isinstance(answer, HttpResponseNotAllowed):
        allowed = ", ".join(_possible(answer))
        answer = error_answer(405, f"{request.method} is not possible here; what is: {allowed}.")
        answer["Allow"] = allowed
    if answer.status_code == 200 and isinstance(answer, HttpResponse) and request.method in READING:
        answer = _conditional(request, answer)
        if is_head:
            answer["Content-Length"] = str(len(answer.content))
            answer.content = b""
    if request.method not in READING:
        answer.headers.setdefault("Cache-Control", "no-store")
    return answer


def _conditional(request: HttpRequest, answer: HttpResponse) -> HttpResponse:
    """Let a client that has this very answer keep it. The tag is weak, as a proxy may compress the body."""
    tag = f'W/"{blake2b(answer.content, digest_size=12).hexdigest()}"'
    answer["ETag"] = tag
    answer["Cache-Control"] = "private, no-cache" if reader_of(request) else "no-cache"
    checked = get_conditional_response(request, etag=tag, response=answer)
    return checked if isinstance(checked, HttpResponse) else answer


def _possible(refusal: HttpResponseNotAllowed) -> list[str]:
    """Return the methods that an address takes, from its refusal of another one."""
    taken = {*refusal["Allow"].split(", "), "OPTIONS"}
    if "GET" in taken:
        taken.add("HEAD")
    return [method for method in _METHODS if method in taken]


def _preflight(view: View, request: HttpRequest, args: tuple[Any, ...], kwargs: dict[str, Any]) -> HttpResponse:
    """Answer a browser that asks what another site's script may do here. No view takes OPTIONS, so none acts on it."""
    try:
        refusal = view(request, *args, **kwargs)
    except Exception:  # noqa: BLE001 (an unknown address: what holds everywhere is the answer)
        refusal = None
    methods = ", ".join(_possible(refusal) if isinstance(refusal, HttpResponseNotAllowed) else READING)
    answer = HttpResponse(status=204)
    answer["Allow"] = methods
    answer["Access-Control-Allow-Methods"] = methods
    answer["Access-Control-Allow-Headers"] = "Authorization, Content-Type, If-None-Match"
    answer["Access-Control-Max-Age"] = "86400"
    return answer


def _take(request: HttpRequest, bucket: str) -> tuple[int, limits.Allowance | None]:
    """Count a request: for a reader's token with all else that reader asks, else for the address it came from."""
    if settings.API_RATE <= 0:
        return 0, None
    quota = max(settings.API_RATE // _SHARES[bucket], 50) if bucket in _SHARES else settings.API_RATE
    reader = reader_of(request)
    return quota, limits.take(
        bucket, f"reader {reader.pk}" if reader else limits.client_address(request), quota, WINDOW
    )


def _exhausted(quota: int, allowance: limits.Allowance) -> HttpResponse:
    answer = error_answer(
        429, f"The {quota} requests of {WINDOW // 60} minutes are used up; go on in {allowance.reset_seconds} s."
    )
    answer["Retry-After"] = str(allowance.reset_seconds)
    return answer
