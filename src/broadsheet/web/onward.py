"""Where somebody goes once signed in, and the paper they meant to vote for: carried through forms and mails."""

from typing import NamedTuple, Self
from urllib.parse import urlencode, urlsplit

from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from broadsheet.accounts.models import User
from broadsheet.errors import BroadsheetError
from broadsheet.papers.models import Paper

_SALT = "onward"
_DAYS = 3 * 86_400
NOWHERE = ("/sign-", "/confirm/", "/password/", "/invitation/")
"""Pages that nobody wants to come back to."""


class Onward(NamedTuple):
    """A page of this site, empty for the front page; and a paper to vote for."""

    next: str = ""
    paper: Paper | None = None

    @classmethod
    def read(cls, request: HttpRequest) -> Self:
        """Return where a request wants to go; another site's address or an unknown paper is left out."""
        asked = request.POST if request.method == "POST" else request.GET
        next_page, key = asked.get("next", ""), asked.get("vote", "")
        if then := request.GET.get("then"):
            try:
                next_page, key = signing.loads(then, salt=_SALT, max_age=_DAYS)
            except (signing.BadSignature, ValueError, TypeError):
                next_page = key = ""
        return cls(_ours(request, str(next_page)), _paper(str(key)))

    @property
    def query(self) -> str:
        """The query that carries it to another page of signing in, empty where there is nothing to carry."""
        asked = {"next": self.next, "vote": self.paper.key if self.paper else ""}
        return "?" + urlencode({name: value for name, value in asked.items() if value}) if any(asked.values()) else ""

    @property
    def signed(self) -> str:
        """The query that carries it through a mail, in which nobody can read or change it."""
        if not self.query:
            return ""
        key = self.paper.key if self.paper else ""
        return "?" + urlencode({"then": signing.dumps([self.next, key], salt=_SALT)})

    @property
    def target(self) -> str:
        """The address to go to."""
        return reverse("paper", args=[self.paper.key]) if self.paper else self.next or reverse("newest")

    def go(self, request: HttpRequest, reader: User) -> HttpResponse:
        """Go there; the vote that was meant is cast on the way. Only for the request that signed the reader in."""
        if self.paper is not None:
            from broadsheet.community import votes

            try:
                votes.cast(reader, self.paper)
                messages.success(request, "You are signed in, and your vote is counted.")
            except BroadsheetError as error:
                messages.error(request, str(error))
        return HttpResponseRedirect(self.target)


def _ours(request: HttpRequest, page: str) -> str:
    secure = request.is_secure()
    if len(page) > 1000 or not url_has_allowed_host_and_scheme(page, {request.get_host()}, require_https=secure):
        return ""
    parts = urlsplit(page)
    inside = parts.path + (f"?{parts.query}" if parts.query else "") + (f"#{parts.fragment}" if parts.fragment else "")
    # Of an address of this very host its path is left, which must not become another host's (//evil.example).
    safe = inside.startswith("/") and url_has_allowed_host_and_scheme(inside, None)
    return "" if not safe or inside.startswith(NOWHERE) else inside


def _paper(key: str) -> Paper | None:
    return Paper.objects.named(key.replace("\0", "")) if 0 < len(key) <= 200 else None
