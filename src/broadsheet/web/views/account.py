"""Signing up, in and out, and what mailed links open. Nothing here tells whether an address has an account."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from broadsheet.accounts import actions, limits, links, passwords, readers, trap
from broadsheet.accounts.models import LinkKind, User
from broadsheet.errors import Refused
from broadsheet.web import forms
from broadsheet.web.onward import Onward

BACKEND = "django.contrib.auth.backends.ModelBackend"
FORM = "web/account_form.html"
MAILED = "If the address can be used here, a mail with a link is on its way. It may take a minute."

type View[**P] = Callable[Concatenate[HttpRequest, P], HttpResponse]


def account_page[**P](view: View[P]) -> View[P]:
    """Never keep the page, take GET and POST alone, and say on a site with one reader that nobody signs in there."""

    @wraps(view)
    def answer(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if readers.mode() == "single":
            return render(request, "web/account_single.html", status=200 if request.method != "POST" else 403)
        return view(request, *args, **kwargs)

    return cast("View[P]", require_http_methods(["GET", "HEAD", "POST"])(never_cache(answer)))


def site_of(request: HttpRequest) -> str:
    """Return the site's address for mailed links, which must not be whatever a request claims it to be."""
    if settings.PUBLIC_URL:
        return str(settings.PUBLIC_URL)
    if "*" in settings.ALLOWED_HOSTS:
        raise Refused("No mail can be sent.", "The operator has to set BROADSHEET_PUBLIC_URL first.")
    return f"{request.scheme}://{request.get_host()}"


def subnet_of(request: HttpRequest) -> str:
    """Return the network that a request counts with."""
    return limits.subnet(limits.client_address(request))


def begin(request: HttpRequest, reader: User) -> None:
    """Sign a reader in. The session gets a new key, so that none known before is worth anything."""
    login(request, reader, backend=BACKEND)


def show(request: HttpRequest, form: forms.Form | None, title: str, button: str, **more: object) -> HttpResponse:
    """Show a form; one that was refused answers 400."""
    status = 400 if form is not None and form.errors else 200
    return render(request, FORM, {"form": form, "title": title, "button": button} | more, status=status)


@account_page
def sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in by name or address and password. Who is signed in already goes on; a vote takes a POST."""
    onward = Onward.read(request)
    if request.method != "POST":
        if request.user.is_authenticated:
            return HttpResponseRedirect(onward.target)
        return _sign_in_page(request, forms.SignIn(), onward)
    form = forms.SignIn(request.POST)
    if form.is_valid():
        name, password = form.cleaned_data["name"], form.cleaned_data["password"]
        reader = actions.check(name, password, subnet=subnet_of(request))
        if reader:
            begin(request, reader)
            return onward.go(request, reader)
        form.add_error(None, "These do not fit together, or the address is not confirmed yet.")
    return _sign_in_page(request, form, onward)


def _sign_in_page(request: HttpRequest, form: forms.SignIn, onward: Onward) -> HttpResponse:
    return render(
        request,
        "web/account_sign_in.html",
        {"form": form, "title": "Sign in", "button": "Sign in", "onward": onward},
        status=400 if form.errors else 200,
    )


@account_page
def sign_in_mail(request: HttpRequest) -> HttpResponse:
    """Mail a link that signs in."""
    onward = Onward.read(request)
    form = forms.Address(request.POST or None)
    if form.is_valid():
        email, subnet = form.cleaned_data["email"], subnet_of(request)
        actions.mail_sign_in(email, site=site_of(request), then=onward.signed, subnet=subnet)
        return render(request, "web/account_mailed.html", {"title": "Look into your mail", "message": MAILED})
    lead = "We mail you a link that signs you in, without a password. It works once, for twenty minutes."
    return show(request, form, "Sign in by mail", "Mail me a link", onward=onward, lead=lead)


@account_page
def sign_in_link(request: HttpRequest, secret: str) -> HttpResponse:
    """Show a button, as programs that look at mails open links too; the button signs in, once."""
    onward = Onward.read(request)
    if request.method == "POST":
        reader = actions.open_sign_in(secret)
        begin(request, reader)
        return onward.go(request, reader)
    link = links.find(LinkKind.SIGN_IN, secret)
    lead = f"This signs you in as {link.reader}."
    return show(request, None, "Sign in", "Sign in", onward=onward, lead=lead)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End this session."""
    logout(request)
    messages.success(request, "You are signed out.")
    return HttpResponseRedirect(reverse("newest"))


@account_page
def sign_up(request: HttpRequest) -> HttpResponse:
    """Make an account where the site is open; it begins with the link that is mailed."""
    if readers.mode() == "closed":
        return render(request, "web/account_closed.html", {"title": "By invitation"})
    return _sign_up(request, "")


@account_page
def invitation(request: HttpRequest, secret: str) -> HttpResponse:
    """Make an account by invitation."""
    links.find(LinkKind.INVITE, secret)
    return _sign_up(request, secret)


def _sign_up(request: HttpRequest, secret: str) -> HttpResponse:
    onward = Onward.read(request)
    form = forms.SignUp(request.POST if request.method == "POST" else None)
    context = {"title": "Sign up", "onward": onward, "bits": settings.SIGN_UP_WORK, "form": form}
    if form.trapped:
        return _mailed(request)
    made = form.does(lambda: _make(request, form, secret, onward)) if form.is_valid() else None
    if made is None:
        return render(request, "web/account_sign_up.html", context, status=400 if form.errors else 200)
    reader, ready = made
    if not ready:
        return _mailed(request)
    begin(request, reader)
    if not reader.email:
        messages.info(request, "Welcome. A mail with a link that confirms your address is on its way.")
    return onward.go(request, reader)


def _make(request: HttpRequest, form: forms.SignUp, secret: str, onward: Onward) -> tuple[User, bool]:
    given = form.cleaned_data
    trap.use(given["stamp"])
    return actions.sign_up(
        given["username"],
        given["email"],
        given["password"],
        invitation=secret,
        site=site_of(request),
        then=onward.signed,
        subnet=subnet_of(request),
    )


def _mailed(request: HttpRequest) -> HttpResponse:
    message = "A mail is on its way to the address you gave. Its link finishes signing up; it works for two days."
    return render(request, "web/account_mailed.html", {"title": "Look into your mail", "message": message})


@account_page
def confirm(request: HttpRequest, secret: str) -> HttpResponse:
    """Show a button; it confirms the address, and signs in who finishes signing up by it."""
    onward = Onward.read(request)
    if request.method == "POST":
        reader, finished = actions.confirm(secret)
        if finished:
            begin(request, reader)
            return onward.go(request, reader)
        messages.success(request, f"{reader.email} is confirmed.")
        return HttpResponseRedirect(
            reverse("settings-account") if request.user.is_authenticated else reverse("sign-in")
        )
    link = links.find(LinkKind.CONFIRM, secret)
    lead = f"{link.email} becomes the address of the account {link.reader}."
    return show(request, None, "Confirm your address", "Confirm", onward=onward, lead=lead)


@account_page
def password_forgot(request: HttpRequest) -> HttpResponse:
    """Mail a link that sets a new password."""
    form = forms.Address(request.POST or None)
    if form.is_valid():
        passwords.mail_reset(form.cleaned_data["email"], site=site_of(request), subnet=subnet_of(request))
        return render(request, "web/account_mailed.html", {"title": "Look into your mail", "message": MAILED})
    lead = "We mail you a link to choose a new one. It works once, for an hour."
    return show(request, form, "Forgot your password?", "Mail me a link", lead=lead)


@account_page
def password_reset(request: HttpRequest, secret: str) -> HttpResponse:
    """Set a new password by a mailed link."""
    links.find(LinkKind.RESET, secret)
    form = forms.NewPassword(request.POST or None)
    if form.is_valid() and _reset(form, secret):
        messages.success(request, "The new password is set, and every browser is signed out. Sign in with it now.")
        return HttpResponseRedirect(reverse("sign-in"))
    return show(request, form, "Choose a new password", "Set password", lead="Every browser is signed out by it.")


def _reset(form: forms.NewPassword, secret: str) -> bool:
    password = form.cleaned_data["password"]
    return form.does(lambda: passwords.reset_password(secret, password), "password") is not None
