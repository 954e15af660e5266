"""Errors in the site's own dress; nothing of the program's inside is shown."""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from broadsheet.errors import (
    BadInput,
    BroadsheetError,
    Conflict,
    Gone,
    NotFound,
    Refused,
    SignInNeeded,
    TooMany,
    Upstream,
)

STATUS: dict[type[BroadsheetError], int] = {
    BadInput: 400,
    SignInNeeded: 401,
    NotFound: 404,
    Gone: 410,
    Refused: 403,
    TooMany: 429,
    Conflict: 409,
    Upstream: 502,
}


def domain_error(request: HttpRequest, error: BroadsheetError) -> HttpResponse:
    """Show an error of the domain: its message and its way out. Who has to sign in is led there, and back again."""
    if isinstance(error, SignInNeeded):
        back = request.get_full_path() if request.method in ("GET", "HEAD") else ""
        target = reverse("sign-in") + (f"?{urlencode({'next': back})}" if back else "")
        if request.headers.get("HX-Request"):  # a piece of a page cannot be a sign-in page: the whole page goes there
            return HttpResponse(status=204, headers={"HX-Redirect": target})
        return HttpResponseRedirect(target)
    status = next((code for kind, code in STATUS.items() if isinstance(error, kind)), 500)
    context = {"title": "That did not work", "message": error.message, "hint": error.hint}
    response = render(request, "web/error.html", context, status=status)
    if isinstance(error, TooMany):
        response["Retry-After"] = str(error.wait)
    return response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Say that a form did not come from one of our pages, or from one that was open for too long."""
    context = {
        "title": "This form cannot be taken",
        "message": "It did not come from a page of this site, or the page was open for too long.",
        "hint": "Go back, load the page again and send it once more. Cookies of this site must be allowed.",
    }
    return render(request, "web/error.html", context, status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Show that there is no such page or paper."""
    bare = request.path.rstrip("/")
    if bare != request.path and bare.startswith(("/papers", "/status")):
        return HttpResponsePermanentRedirect(
            bare + (f"?{request.META['QUERY_STRING']}" if request.META["QUERY_STRING"] else "")
        )
    known = str(exception.args[0]) if exception.args and isinstance(exception.args[0], str) else ""
    context = {
        "title": "Not found",
        "message": known or "There is no such page here.",
        "hint": "The search box above takes words, titles and arXiv ids.",
    }
    return render(request, "web/error.html", context, status=404)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Show that the request cannot be read."""
    context = {
        "title": "That cannot be read",
        "message": "The address or the form sent is not one that this site knows.",
    }
    return render(request, "web/error.html", context, status=400)


def failure(request: HttpRequest) -> HttpResponse:
    """Show that something broke here; the log tells the operator what."""
    context = {
        "title": "Something broke here",
        "message": "The page could not be made. It is not your fault, and nothing was lost.",
        "hint": "Try again in a moment; the operator finds the reason in the log.",
    }
    return render(request, "web/error.html", context, status=500)
