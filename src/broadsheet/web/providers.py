"""The conversation with accounts elsewhere, held by allauth: what it tells us becomes an Identity, and the verbs of
``accounts.connections`` decide the rest. None of allauth's own pages, mails or forms is ever reached.
"""

from typing import Any
from urllib.parse import urlsplit

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter, get_adapter
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from requests import RequestException

from broadsheet.accounts import connections
from broadsheet.accounts.connections import Identity
from broadsheet.errors import Refused, Upstream
from broadsheet.papers.models import Paper
from broadsheet.web.onward import Onward
from broadsheet.web.views.account import begin, subnet_of


class Adapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Takes each arrival out of allauth's hands before it signs anybody in or up."""

    def populate_user(self, request: HttpRequest, sociallogin: Any, data: Any) -> Any:
        """Leave the user that allauth proposes empty: accounts are made by our own verbs."""
        return sociallogin.user

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """Refuse: nobody signs up by allauth itself."""
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Answer the request instead of allauth."""
        raise ImmediateHttpResponse(_arrive(request, sociallogin))

    def on_authentication_error(
        self, request: HttpRequest, provider: Any, error: Any = None, exception: Any = None, extra_context: Any = None
    ) -> None:
        """Show our own page for an answer that cannot be trusted, or that says no."""
        if str(error) == "cancelled":
            message, hint = f"{provider.name} was told not to sign you in.", "Nothing was changed here."
        else:
            message = f"The answer of {provider.name} does not belong to a question of this browser, or cannot be read."
            hint = "Begin again from the sign-in page, and allow cookies of this site."
        context = {"title": "You are not signed in", "message": message, "hint": hint}
        raise ImmediateHttpResponse(render(request, "web/error.html", context, status=403))


def address(request: HttpRequest, word: str, *, data: dict[str, Any]) -> str:
    """Return the provider's address to go to. data: what is kept, on this side, until the answer comes.

    Raises Http404 for a provider that is not switched on, Upstream for one that does not answer.
    """
    provider = _provider(request, word)
    try:
        answer = provider.redirect(request, "login", data=data)
    except (RequestException, KeyError, ValueError, TypeError):
        raise Upstream(f"{provider.name} does not answer.", "Try again in a while, or sign in another way.") from None
    place = str(answer.headers.get("Location", ""))
    if urlsplit(place).scheme not in {"http", "https"}:
        raise Upstream(f"{provider.name} named no address to go to.", "Tell the operator of this site.")
    return place


def answered(request: HttpRequest, word: str) -> HttpResponse:
    """Take the provider's answer in: the state and the code are checked, and the rest is asked of it directly.

    Raises as the verbs of ``connections`` do, Http404, Upstream for an answer that cannot be read.
    """
    from allauth.socialaccount.providers.github.views import oauth2_callback
    from allauth.socialaccount.providers.openid_connect.views import callback

    provider = _provider(request, word)
    try:
        answer: HttpResponse = oauth2_callback(request) if word == "github" else callback(request, word)
    except (RequestException, KeyError, ValueError, TypeError):
        raise Upstream(
            f"{provider.name} told nothing that can be read.", "Try again, or sign in another way."
        ) from None
    return answer


def _provider(request: HttpRequest, word: str) -> Any:
    from django.conf import settings

    if word not in settings.SIGN_IN_WITH:
        raise Http404("There is no such page here.")
    return get_adapter(request).get_provider(request, word)


def _identity(login: Any) -> Identity:
    """Return who arrived. Raises Refused where the two answers of a provider tell of two people."""
    told = login.account.extra_data
    if "userinfo" in told or "id_token" in told:
        subjects = {part.get("sub") for part in told.values() if isinstance(part, dict)}
        if len(subjects) != 1:
            raise Refused("The provider's answers contradict each other.", "Tell the operator of this site.")
        told = {**told.get("id_token", {}), **told.get("userinfo", {})}
    names = told.get("name") or " ".join(filter(None, (told.get("given_name"), told.get("family_name"))))
    confirmed = [known.email for known in login.email_addresses if known.verified is True and known.email]
    return Identity(
        provider=login.account.provider,
        uid=login.account.uid,
        handle=str(told.get("preferred_username") or told.get("login") or ""),
        name=str(names or ""),
        email=confirmed[0].lower() if confirmed else "",
    )


def _arrive(request: HttpRequest, login: Any) -> HttpResponse:
    identity, kept = _identity(login), login.state.get("data") or {}
    if kept.get("reader"):
        if request.user.pk != kept["reader"]:
            raise Refused("Somebody else is signed in by now.", "Sign in as yourself and connect the account again.")
        if connections.connect(request.user, identity):
            messages.success(request, f"{identity.title} opens your account from now on.")
        return HttpResponseRedirect(reverse("settings-connections"))
    reader = connections.reader_of(identity) or connections.sign_up(
        identity, invitation=kept.get("invitation", ""), subnet=subnet_of(request)
    )
    if not reader.is_active:
        raise Refused("This account is switched off.", "Ask the operator of this site.")
    request.session.set_expiry(None)  # until now it was to be short
    begin(request, reader)
    paper = Paper.objects.named(kept["vote"]) if kept.get("vote") else None
    return Onward(kept.get("next", ""), paper).go(request, reader)
