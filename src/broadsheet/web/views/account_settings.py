"""What readers set for themselves: profile, address, password, sessions, tokens, invitations and notifications."""

from datetime import timedelta

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from broadsheet.accounts import actions, limits, passwords, readers, sessions, tokens
from broadsheet.accounts.models import User
from broadsheet.community import notifications as told
from broadsheet.community import profiles
from broadsheet.errors import SignInNeeded
from broadsheet.web import forms
from broadsheet.web.views.account import account_page, show, site_of

get_and_post = require_http_methods(["GET", "HEAD", "POST"])


def reader_of(request: HttpRequest) -> User:
    """Return who set things; suspended readers may too. Raises SignInNeeded."""
    reader = readers.signed_in(request.user)
    if reader is None:
        raise SignInNeeded("Sign in to change your settings.")
    return reader


@get_and_post
@never_cache
def profile(request: HttpRequest) -> HttpResponse:
    """Show and change what others see."""
    reader = reader_of(request)
    kept = {
        name: getattr(reader, name) for name in ("name", "affiliation", "about", "website", "orcid", "public_votes")
    }
    form = forms.Profile(request.POST if request.method == "POST" else None, initial=kept)
    if form.is_valid():
        given = dict(form.cleaned_data)
        orcid_id = given.pop("orcid")
        if form.does(lambda: profiles.set_profile(request.user, orcid_id=orcid_id, **given)):
            messages.success(request, "Your profile is saved.")
            return redirect("settings")
    lead = "Others see this on your page. What you save and mark, and your address, they never see."
    return show(request, form, "Profile", "Save", lead=lead, pages="settings")


@account_page
def account(request: HttpRequest) -> HttpResponse:
    """Change the address or the password; each has its own form."""
    reader = reader_of(request)
    asked = request.POST.get("what") if request.method == "POST" else ""
    by_email = forms.ChangeEmail(request.POST if asked == "email" else None, prefix="email")
    by_password = forms.ChangePassword(request.POST if asked == "password" else None, prefix="password")
    if by_email.is_valid() and _change_email(request, by_email):
        messages.success(request, "A mail is on its way to the new address. It becomes yours when you open its link.")
        return redirect("settings-account")
    if by_password.is_valid() and _change_password(request, by_password):
        messages.success(request, "Your password is changed, and your other browsers are signed out.")
        return redirect("settings-account")
    context = {"title": "Account", "pages": "settings-account", "by_email": by_email, "by_password": by_password}
    context["waiting"] = (
        reader.links.filter(kind="confirm", used=None, expires__gt=timezone.now()).order_by("-pk").first()
    )
    status = 400 if by_email.errors or by_password.errors else 200
    return render(request, "web/account_account.html", context, status=status)


def _change_email(request: HttpRequest, form: forms.ChangeEmail) -> bool:
    given, site = form.cleaned_data, site_of(request)
    sent = form.does(lambda: passwords.change_email(request.user, given["old"], given["email"], site=site))
    return sent is not None


def _change_password(request: HttpRequest, form: forms.ChangePassword) -> bool:
    given, kept = form.cleaned_data, request.session.session_key
    reader = form.does(lambda: passwords.change_password(request.user, given["old"], given["password"], kept=kept))
    if reader is None:
        return False
    update_session_auth_hash(request, reader)  # this browser goes on, under a new key
    return True


@account_page
def session_list(request: HttpRequest) -> HttpResponse:
    """Show the browsers that are signed in, and end one or all others."""
    reader = reader_of(request)
    here = request.session.session_key
    if request.method == "POST":
        if public_id := request.POST.get("end"):
            sessions.end(request.user, public_id)
            messages.success(request, "That browser is signed out.")
        else:
            ended = sessions.end_others(request.user, here)
            messages.success(request, f"{ended} other browser{'' if ended == 1 else 's'} signed out.")
        return redirect("settings-sessions")
    context = {"title": "Sessions", "pages": "settings-sessions", "sessions": sessions.of(reader), "here": here}
    return render(request, "web/account_sessions.html", context)


@get_and_post
@never_cache
def token_list(request: HttpRequest) -> HttpResponse:
    """Show the tokens of the API; make one, whose secret is shown this once, or revoke one."""
    reader = reader_of(request)
    context: dict[str, object] = {"title": "Tokens", "pages": "settings-tokens", "tokens": tokens.of(reader)}
    if public_id := request.POST.get("revoke"):
        tokens.revoke(request.user, public_id)
        messages.success(request, "The token is revoked.")
        return redirect("settings-tokens")
    form = forms.Token(request.POST if request.method == "POST" else None)
    if form.is_valid():
        given = form.cleaned_data
        expires = timezone.now() + timedelta(days=int(given["days"])) if given["days"] else None
        made = form.does(lambda: tokens.issue(request.user, given["name"], given["scope"], expires))
        if made:
            context["secret"] = made[1]
            form = forms.Token()
    context["form"] = form
    return render(request, "web/account_tokens.html", context, status=400 if form.errors else 200)


@account_page
def invitations(request: HttpRequest) -> HttpResponse:
    """Make an invitation: mailed where an address is given, else shown once."""
    reader = reader_of(request)
    form = forms.Invite(request.POST if request.method == "POST" else None)
    path = None
    if form.is_valid():
        email, site = form.cleaned_data["email"], site_of(request)
        path = form.does(lambda: actions.invite(request.user, email, site=site))
    most = limits.share(reader, actions.INVITATIONS_PER_DAY)
    lead = f"Each invitation works once, for two weeks. You can make {most} a day."
    context = {"title": "Invitations", "pages": "settings-invitations", "form": form, "button": "Invite", "lead": lead}
    if path is not None:
        context |= {"form": forms.Invite(), "mailed": form.cleaned_data["email"]}
        context["made"] = site_of(request) + path if path else ""
    return render(request, "web/account_invitations.html", context, status=400 if form.errors else 200)


@get_and_post
@never_cache
def notifications(request: HttpRequest) -> HttpResponse:
    """Choose how to be told of each kind of thing."""
    reader = reader_of(request)
    if request.method == "POST":
        told.choose(request.user, {kind: request.POST[kind] for kind in told.KINDS if kind in request.POST})
        messages.success(request, "Your choice is saved.")
        return HttpResponseRedirect(request.path)
    kinds = [(name, kind.about, told.way(reader, name)) for name, kind in told.KINDS.items()]
    context = {"title": "Notifications", "pages": "settings-notifications", "kinds": kinds, "ways": told.WAYS}
    return render(request, "web/account_notifications.html", context)
