"""The next digest in the browser, as its reader would get it. Nothing is sent or kept by looking."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from broadsheet.mail import preferences, preview, subscriptions, tokens
from broadsheet.mail.models import Subscription
from broadsheet.mail.preferences import Preferences
from broadsheet.ranking import listings
from broadsheet.web.views.account import site_of

POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)
"""A mail carries its style inline, which the pages of the site never do; so it gets a document without any power."""


@require_safe
def digest_preview(request: HttpRequest, token: str = "") -> HttpResponse:
    """Show the next digest of a subscription, or what one with the preferences of the address would hold.

    ``form=text`` shows its plain text.
    """
    letter = preview.letter(_subscription(request, token), site=site_of(request))
    if letter is None:
        response = render(request, "web/digest_nothing.html", {"title": "Nothing to send"})
    elif request.GET.get("form") == "text":
        response = HttpResponse(letter.text, content_type="text/plain; charset=utf-8")
    else:
        response = HttpResponse(letter.html)
        response["Content-Security-Policy"] = POLICY
    # The links in a mail open a subscription: they are nobody else's, and no address bar's before.
    response["Cache-Control"] = "private, no-store"
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response


def _subscription(request: HttpRequest, token: str) -> Subscription:
    if token:
        return tokens.subscription_of(token)
    asked = listings.listing(request.GET.get("kind", "day"), request.GET.get("value", ""), request.user)
    listed = subscriptions.endless(asked)
    usual = {"cadence": preferences.usual_cadence(listed.kind)}
    return preview.sample(request.user, listed, Preferences.read(usual | request.GET.dict()))
