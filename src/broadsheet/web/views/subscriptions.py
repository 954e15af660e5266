"""Pages of subscriptions: asking for one, and what the signed links in mails open. Nothing here tells of an address."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import wraps
from typing import Concatenate, cast

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from broadsheet.accounts import limits, readers
from broadsheet.accounts.models import User
from broadsheet.errors import BadInput
from broadsheet.mail import addresses, preferences, schedule, subscribed, subscriptions, tokens
from broadsheet.mail.models import Cadence, Progress, State, Subscription
from broadsheet.mail.preferences import Preferences
from broadsheet.ranking import listings
from broadsheet.ranking.listings import Listing
from broadsheet.web.subscription_forms import Subscribe
from broadsheet.web.subscription_forms import Subscription as Form
from broadsheet.web.views.account import site_of

MAILED = "If the address can be used here, a mail with a link is on its way. The subscription begins once it is opened."
REST_WEEKS = 4

type View[**P] = Callable[Concatenate[HttpRequest, P], HttpResponse]


def _by_link[**P](view: View[P]) -> View[P]:
    """Never keep the page, whose address is as good as a signature."""

    @wraps(view)
    def answer(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response["Cache-Control"] = "private, no-store"
        return response

    return cast("View[P]", require_http_methods(["GET", "HEAD", "POST"])(answer))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def subscribe(request: HttpRequest) -> HttpResponse:
    """Ask for a list by mail: ``?kind=&value=`` names it, the papers of the day where nothing does."""
    asked = request.POST if request.method == "POST" else request.GET
    listed = subscriptions.endless(listings.listing(asked.get("kind") or "day", asked.get("value", ""), request.user))
    form = Subscribe(request.POST if request.method == "POST" else None, initial=_usual(request, listed), fresh=True)
    if form.is_valid():
        made = form.does(lambda: _subscribe(request, form, listed), "email")
        if made is not None and made.state == State.ACTIVE:
            messages.success(request, f"You get this by mail {preferences.sentence(Preferences.of(made))}.")
            return HttpResponseRedirect(reverse("mail-preferences", args=[tokens.token(made)]))
        if made is not None:
            told = " ".join(filter(None, [MAILED, _kept_here()]))
            return render(request, "web/account_mailed.html", {"title": "Look into your mail", "message": told})
    context = {
        "form": form,
        "listed": listed,
        "name": listings.title(listed),
        "page": listings.path(listed),
        "standing": _link(subscribed.of_list(request.user, listed)),
        "kept_here": _kept_here(),
    }
    return render(request, "web/subscription_new.html", context, status=400 if form.errors else 200)


def _kept_here() -> str:
    """Return where mails are, on a site of one reader without a mail server, who would look for them in vain."""
    if settings.MAIL or readers.mode() != "single":
        return ""
    return f"There is no mail server (BROADSHEET_MAIL), so mails are files in {settings.HOME / 'mail'}."


def _usual(request: HttpRequest, listed: Listing) -> dict[str, object]:
    """Return what a new form holds: the papers of a week come weekly, a search when it finds something."""
    reader = readers.signed_in(request.user)
    address = reader.email if reader and reader.email_verified else ""
    return Preferences.read({"cadence": preferences.usual_cadence(listed.kind)}).typed() | {"email": address}


def _subscribe(request: HttpRequest, form: Subscribe, listed: Listing) -> Subscription:
    return subscriptions.subscribe(
        request.user,
        form.cleaned_data["email"],
        listed,
        form.preferences,
        client_address=limits.client_address(request),
        site=site_of(request),
    )


@never_cache
@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """Show what a reader gets by mail, each with the link to change it, and what else could come."""
    reader = cast("User", request.user)  # for visitors the next line asks to sign in
    held = list(subscribed.of(reader).prefetch_related("deliveries"))
    rows = [_shown(one) | {"mine": subscribed.may_change(reader, one)} for one in held]
    offers = [*(Listing(kind, reader.public_id) for kind in listings.PRIVATE), Listing("day")]
    have = {one.kind for one in held}
    context = {"rows": rows, "offers": [(one, listings.title(one)) for one in offers if one.kind not in have]}
    return render(request, "web/subscriptions.html", context)


@_by_link
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Show what a mailed link confirms, and begin it by a button, as mail programs open links by themselves."""
    if request.method == "POST":
        begun = subscriptions.confirm(token)
        messages.success(request, "Your subscription has begun.")
        return HttpResponseRedirect(reverse("mail-preferences", args=[tokens.token(begun)]))
    return render(request, "web/subscription_confirm.html", _shown(tokens.confirming(token)))


@_by_link
def change(request: HttpRequest, token: str) -> HttpResponse:
    """Show one subscription and change it (``do=save``), or begin it again after it was suspended (``do=resume``)."""
    held = tokens.subscription_of(token)
    posted = request.method == "POST"
    if posted and request.POST.get("do") == "resume":
        subscriptions.resume(held)
        messages.success(request, "Mail comes again.")
        return HttpResponseRedirect(request.path)
    form = Form(request.POST if posted else None, initial=Preferences.of(held).typed())
    if form.is_valid():
        now = subscriptions.change(held, form.preferences)
        messages.success(request, f"It is changed: mail comes {preferences.sentence(Preferences.of(now))}.")
        return HttpResponseRedirect(request.path)
    context = _shown(held) | {"form": form}
    return render(request, "web/subscription_change.html", context, status=400 if form.errors else 200)


@csrf_exempt
@_by_link
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """End a subscription: a page with buttons, the first of which mail programs press by themselves (RFC 8058).

    The signed link is the permission, as whoever holds the mail may not be signed in here; so there is no CSRF token.
    """
    held = tokens.subscription_of(token)
    done = ""
    if request.method == "POST":
        done = request.POST.get("do") or "end"
        if done not in _ENDINGS:
            raise BadInput(f"do is {done[:20]!r}; it takes {', '.join(_ENDINGS)}.")
        _ENDINGS[done](held)
        held = tokens.subscription_of(token)
    context = _shown(held) | {"done": done, "weeks": REST_WEEKS, "weekly": held.cadence == Cadence.WEEKLY}
    return render(request, "web/subscription_end.html", context)


def _less_often(held: Subscription) -> None:
    subscriptions.change(held, replace(Preferences.of(held), cadence=Cadence.WEEKLY))


_ENDINGS: dict[str, Callable[[Subscription], object]] = {
    "end": subscriptions.unsubscribe,
    "weekly": _less_often,
    "rest": lambda held: subscriptions.pause(held, REST_WEEKS),
    "never": lambda held: addresses.suppress(held.address, "asked"),
}


def _link(held: Subscription | None) -> str:
    return tokens.token(held) if held else ""


def _shown(one: Subscription) -> dict[str, object]:
    """Return what pages tell of a subscription."""
    zone = schedule.zone_of(one)

    def clock(moment: datetime | None) -> datetime | None:
        # Without a zone, so that templates show the reader's time and not the site's.
        return moment.astimezone(zone).replace(tzinfo=None) if moment else None

    sent = [delivery.sent for delivery in one.deliveries.all() if delivery.progress == Progress.SENT and delivery.sent]
    return {
        "subscription": one,
        "name": subscribed.title(one),
        "token": tokens.token(one),
        "sentence": preferences.sentence(Preferences.of(one)),
        "next": clock(one.due),
        "newest": clock(max(sent, default=None)),
        "ended": one.state == State.ENDED,
    }
