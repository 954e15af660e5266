"""The figures of the site for the operator's own monitoring; what they are is collected in ``web.metrics``."""

import ipaddress
import secrets

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from broadsheet.accounts import readers
from broadsheet.web import metrics
from broadsheet.web.middleware import FORWARDED


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Answer with all figures: on this machine, to administrators, and to who has BROADSHEET_METRICS_TOKEN."""
    if not (_is_here(request) or _has_token(request)):
        readers.admin(request.user)
    response = HttpResponse(metrics.text(timezone.now()), content_type="text/plain; version=0.0.4; charset=utf-8")
    response["Cache-Control"] = "private, no-store"
    return response


def _is_here(request: HttpRequest) -> bool:
    """Whether a request comes from this machine itself, and asks for it by name: a proxy's requests do neither."""
    if settings.SECURE_PROXY or any(name in request.headers for name in FORWARDED):
        return False
    host = request.get_host().rsplit(":", 1)[0].strip("[]") if request.get_host() != "[::1]" else "::1"
    return _is_loopback(str(request.META.get("REMOTE_ADDR", ""))) and (host == "localhost" or _is_loopback(host))


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _has_token(request: HttpRequest) -> bool:
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    wanted = settings.METRICS_TOKEN
    return bool(wanted) and scheme.lower() == "bearer" and secrets.compare_digest(given.encode(), wanted.encode())
