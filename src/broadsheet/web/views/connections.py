"""Signing in by accounts elsewhere: going there, coming back, and the page on which readers connect them."""

from datetime import timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from broadsheet.accounts import connections, limits, readers
from broadsheet.accounts.models import Session
from broadsheet.errors import NotFound, Refused, SignInNeeded
from broadsheet.web import providers
from broadsheet.web.onward import Onward
from broadsheet.web.views.account import subnet_of

TIME_TO_ANSWER = timedelta(minutes=15)
"""How long the session of a visitor who went to a provider is kept."""


@never_cache
@require_POST
def go(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Send the browser to a provider, by a page of its own.

    Not by a redirect: browsers hold the redirects of a form against this site's form-action, which names no other
    site, and a provider may lead through several.
    """
    _allowed()
    limits.spend(f"sign-in-with:{subnet_of(request)}", capacity=30, seconds=600)
    reader = readers.signed_in(request.user)
    onward = Onward.read(request)
    kept: dict[str, object] = {
        "next": onward.next,
        "vote": onward.paper.key if onward.paper else "",
        "invitation": request.POST.get("invitation", "")[:100],
    }
    if request.POST.get("connect"):
        if reader is None:
            raise SignInNeeded("Sign in to connect accounts.")
        kept["reader"] = reader.pk
    elif reader is None:
        Session.objects.filter(reader=None, expire_date__lt=timezone.now()).delete()
        request.session.set_expiry(int(TIME_TO_ANSWER.total_seconds()))
    place = providers.address(request, provider_id, data=kept)
    response = render(request, "web/going.html", {"title": "One moment", "place": place})
    response["Refresh"] = f"0; url={place}"
    return response


@never_cache
@require_safe
def back(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Take a provider's answer in."""
    _allowed()
    return providers.answered(request, provider_id)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def settings_page(request: HttpRequest) -> HttpResponse:
    """Show the reader's accounts elsewhere, and disconnect one."""
    reader = readers.signed_in(request.user)
    if reader is None:
        raise SignInNeeded("Sign in to connect accounts.")
    if request.method == "POST":
        number = request.POST.get("connection", "")
        if not number.isdecimal() or len(number) > 18:
            raise NotFound("There is no such connection.")
        gone = connections.disconnect(reader, int(number))
        messages.success(request, f"{gone.title} does not open your account any more.")
        return HttpResponseRedirect(reverse("settings-connections"))
    context = {"title": "Connections", "pages": "settings-connections", "connections": connections.of(reader)}
    return render(request, "web/connections.html", context)


def _allowed() -> None:
    if not connections.switched_on():
        raise Refused("Nobody signs in on this site.", "It has one reader: whoever opens it.")


# The names are those by which allauth finds the way back.
urlpatterns = [
    path("settings/connections", settings_page, name="settings-connections"),
    path("sign-in/with/<str:provider_id>", go, name="sign-in-with"),
    path("sign-in/with/github/callback", back, {"provider_id": "github"}, name="github_callback"),
    path("sign-in/with/<str:provider_id>/callback", back, name="openid_connect_callback"),
]
