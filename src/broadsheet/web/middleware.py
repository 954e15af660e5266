"""What holds for every page: security headers and the limit of pages an address may ask for."""

import secrets
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.functional import SimpleLazyObject

from broadsheet.accounts import readers
from broadsheet.accounts.limits import act, client_address, take
from broadsheet.errors import BroadsheetError, Refused, TooMany
from broadsheet.kept import takes_gzip
from broadsheet.web.views.errors import domain_error

type Handler = Callable[[HttpRequest], HttpResponse]

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}

FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-Ip")
UNKNOWN_PROXY = (
    "This site has one reader, and this request came through a proxy.",
    "The operator sets BROADSHEET_MODE to closed or open for others, or BROADSHEET_BEHIND_PROXY where it is meant so.",
)


def security_headers(get_response: Handler) -> Handler:
    """Put the security headers and a request id on every answer, static files included."""

    def handle(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if request.is_secure():
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        response.headers.setdefault("X-Request-Id", secrets.token_hex(8))
        if response.status_code == 304:  # a length is that of the whole page, or it is not told (RFC 9110, 8.6)
            del response.headers["Content-Length"]
        return response

    return handle


def rate_limits(get_response: Handler) -> Handler:
    """Answer 429, with the time to wait, to an address that asks for too many pages. The API keeps its own count."""

    def handle(request: HttpRequest) -> HttpResponse:
        if not settings.PAGE_RATE or request.path_info.startswith(("/api/", "/oauth/")):
            return get_response(request)
        # These cost many times what a kept page does, so their share of the requests is smaller.
        path = request.path_info
        searching = path.partition(".")[0] == "/papers" and "q" in request.GET
        searching |= path == "/papers/like" and "like" in request.GET
        searching |= path == "/draft" and request.method == "POST"
        costly = searching or (path.startswith(("/subscriptions/", "/mail/")) and path.endswith("/preview"))
        bucket, quota = ("searches", max(settings.PAGE_RATE // 4, 1)) if costly else ("pages", settings.PAGE_RATE)
        allowance = take(bucket, client_address(request), quota)
        if allowance.allowed:
            return get_response(request)
        wait = allowance.reset_seconds
        response = render(request, "web/error.html", {"title": "Too many pages at once", "wait": wait}, status=429)
        response["Retry-After"] = str(wait)
        return response

    return handle


class Compressed(GZipMiddleware):
    """Compresses what is not kept compressed already, for those who take it, but for the one reader's own machine.

    It adds random bytes, so that the length of a page tells nothing of a token in it (BREACH).
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Compress an answer."""
        if not takes_gzip(request) or _is_own_machine(request):
            patch_vary_headers(response, ("Accept-Encoding",))
            return response
        return super().process_response(request, response)


def _is_own_machine(request: HttpRequest) -> bool:
    """Whether the one reader of a site asks from its own machine, where to compress takes longer than to send."""
    own = readers.mode() == "single" and request.META.get("REMOTE_ADDR") in ("127.0.0.1", "::1")
    return own and not settings.SECURE_PROXY and not any(name in request.headers for name in FORWARDED)


def act_limits(get_response: Handler) -> Handler:
    """Answer 429 to a subnet that changes too much, whoever its readers are. The API counts the same in its guard."""

    def handle(request: HttpRequest) -> HttpResponse:
        # What is signed is left out: mail programs unsubscribe and mail services report from few addresses.
        if request.method == "POST" and not request.path_info.startswith(("/api/", "/mail/")):
            try:
                act(client_address(request))
            except TooMany as error:
                return domain_error(request, error)
        return get_response(request)

    return handle


def one_reader(get_response: Handler) -> Handler:
    """Where the site has one reader, be that reader without signing in. Requests of the API need their token still.

    A proxy that nobody told of may let the whole world in under the name of this machine: what shows that it came
    through one is refused, unless BROADSHEET_BEHIND_PROXY says that the operator knows.
    """

    def handle(request: HttpRequest) -> HttpResponse:
        if readers.mode() == "single" and not request.user.is_authenticated:
            by_token = request.path_info.startswith(("/api/", "/oauth/"))
            if not (by_token or settings.SECURE_PROXY) and any(name in request.headers for name in FORWARDED):
                return domain_error(request, Refused(*UNKNOWN_PROXY))
            request.user = SimpleLazyObject(readers.the_one_reader)  # type: ignore[assignment]  # stands for a reader
        return get_response(request)

    return handle


class DomainErrors:
    """Turns errors of the domain that a page raised into pages; the API has its own translation."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer an error of the domain with its page."""
        return domain_error(request, exception) if isinstance(exception, BroadsheetError) else None
