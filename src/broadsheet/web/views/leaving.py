"""The pages on which readers take along what is theirs, and close their account."""

import json

from django.contrib.auth import logout
from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from broadsheet.accounts import readers
from broadsheet.accounts.models import User
from broadsheet.community import closing, export
from broadsheet.errors import BadInput, SignInNeeded
from broadsheet.mail import subscribed
from broadsheet.web.views.errors import STATUS


@require_safe
def take_along(request: HttpRequest) -> HttpResponseBase:
    """Answer with everything kept of the reader, as a JSON file sent piece by piece."""
    pieces = export.as_json(request.user, _encode, {"subscriptions": subscribed.exported})
    reader = _reader(request)
    response = StreamingHttpResponse(pieces, content_type="application/json; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{export.file_name(reader)}"'
    response["Cache-Control"] = "no-store"
    return response


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def close(request: HttpRequest) -> HttpResponse:
    """Say what closing an account does, and do it once the name was typed and the password given."""
    reader = _reader(request)
    context = {
        "title": "Close your account",
        "pages": "close",
        "reader": reader,
        "single": readers.mode() == "single",
        "asks_password": reader.has_usable_password(),
    }
    if request.method != "POST":
        return render(request, "web/close.html", context)
    address = reader.email if reader.email_verified else ""
    try:
        closing.close(reader, request.POST.get("name", ""), request.POST.get("password", ""))
    except BadInput as error:
        return render(request, "web/close.html", context | {"error": error}, status=STATUS[BadInput])
    if address:
        subscribed.forget_address(address)  # also what was begun by it without the account
    logout(request)
    return render(request, "web/closed.html", {"title": "Your account is closed"})


def _reader(request: HttpRequest) -> User:
    reader = readers.signed_in(request.user)
    if reader is None:
        raise SignInNeeded("Sign in to see this page.")
    return reader


def _encode(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1, cls=DjangoJSONEncoder)
