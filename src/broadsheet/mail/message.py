"""A digest as a mail: rendered once for all who share a choice, then filled for each of them in microseconds.

What it holds is chosen in ``choosing``; its look is the templates ``mail/digest.*``; who sends it lives in ``sending``.
"""

import html
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

import css_inline
from django.conf import settings
from django.template import Context, Engine
from django.template.loader import get_template
from django.utils import timezone
from django.utils.encoding import iri_to_uri
from django.utils.safestring import mark_safe

from broadsheet.accounts.mail import absolute
from broadsheet.errors import BadInput, NotFound
from broadsheet.mail import headers, preferences, stories, subscribed, tokens
from broadsheet.mail.chosen import picks_of
from broadsheet.mail.encoding import Form, Marks, Place, filled, form, joined, value
from broadsheet.mail.models import Choice, Delivery, Pick, Subscription
from broadsheet.mail.preferences import Preferences
from broadsheet.ranking import listings
from broadsheet.ranking.listings import Listing

LARGEST = 98_000
"""Bytes of a mail; Gmail cuts what is over 102 KB."""
LENGTHS = (260, 150, 0)
"""Characters of each paper's lines, tried in turn until the mail is small enough."""

_inliner = css_inline.CSSInliner(load_remote_stylesheets=False, minify_css=True)


@dataclass(frozen=True, slots=True)
class Letter:
    """A rendered digest with open places for what differs between those who get it.

    subject: as it is read. subscription: whose preferences it was made for; the previews show it as they get it.
    """

    subject: str
    parts: Form
    subscription: Subscription

    def fill(self, subscription: Subscription, delivery: Delivery, now: datetime) -> bytes:
        """Return the whole mail for one of those who share the choice, with the line ends of mail.

        now: its date. Raises BadInput for an address that no mail can go to.
        """
        return filled(self.parts, _values(subscription, delivery.token, now))

    @property
    def html(self) -> str:
        """Return the page of the mail."""
        return self._part("html")

    @property
    def text(self) -> str:
        """Return the plain text of the mail."""
        return self._part("plain")

    def _part(self, kind: str) -> str:
        raw = self.fill(self.subscription, Delivery(), timezone.now())
        body = message_from_bytes(raw, EmailMessage, policy=policy.default).get_body((kind,))
        assert body is not None
        return str(body.get_content()).replace("\r\n", "\n")


def letter(choice: Choice, subscription: Subscription, picks: list[Pick] | None = None, site: str = "") -> Letter:
    """Render a choice for all who share it.

    subscription: one of them. picks: those of a choice that is not stored. site: the address of this site where none
    is configured. Raises BadInput where nothing is left to tell.
    """
    chosen = picks_of(choice) if picks is None else picks
    # What its authors withdrew since it was chosen is not recommended by a mail that is tried again.
    chosen = [one for one in chosen if one.paper.withdrawn is None]
    if not chosen:
        raise BadInput("None of its papers stands any more.", "Nothing is sent.")
    listed = subscribed.listed_of(subscription)
    marks = Marks()
    context = _context(choice, len(chosen), subscription, marks, site)
    made: list[bytes | Place] = []
    subject = ""
    for longest in LENGTHS:
        told = [
            stories.story(number, one.paper, one.why, longest=longest, site=site)
            for number, one in enumerate(chosen, start=1)
        ]
        context |= {"stories": told, "lead": told[0] if told else None}
        subject = headers.one_line(_rendered("mail/digest.subject", context, safe=False))
        made = _mail(listed, choice.edition, subject, context, marks)
        if sum(len(part) for part in made if isinstance(part, bytes)) < LARGEST:
            break
    return Letter(subject, made, subscription)


def _context(choice: Choice, papers: int, subscription: Subscription, marks: Marks, site: str) -> dict[str, Any]:
    """Return what the templates know; personal things are marks."""
    return {
        "list_title": headers.one_line(subscribed.title(subscription), 90),
        "list_page": absolute(_page(subscribed.listed_of(subscription)), site),
        "home": absolute("/", site),
        "edition": stories.long_edition(choice.edition, choice.facts),
        "edition_short": stories.short_edition(choice.edition, choice.facts),
        "early": headers.one_line(choice.early, 200),
        "count": stories.count(papers, choice.facts.get("chosen_from", 0)),
        "week": stories.week(choice.facts, site),
        "address": marks.mark("address"),
        "address_html": mark_safe(marks.mark("address_html")),  # noqa: S308 - the value is escaped when it is filled in
        "often": marks.mark("often"),
        "mail": absolute("/mail/", site),
        "change": absolute(f"/mail/{marks.mark('token')}", site),
        "unsubscribe": absolute(f"/mail/{marks.mark('token')}/unsubscribe", site),
        "operator": settings.CONTACT,
    }


def _page(listed: Listing) -> str:
    """Return the path of a list, of one that is gone the front page's."""
    try:
        return listings.path(listed)
    except (BadInput, NotFound):
        return "/"


def _mail(listed: Listing, edition: str, subject: str, context: dict[str, Any], marks: Marks) -> list[bytes | Place]:
    """Return the whole mail as a form."""
    # What quoted-printable never holds, so no text can end a part.
    boundary = f"=_{secrets.token_hex(12)}"
    text = _rendered("mail/digest.txt", context, safe=False).strip() + "\n"
    page = _inliner.inline(_rendered("mail/digest.html", context | {"subject": subject}, safe=True))
    return joined(
        [
            b"Message-ID: <",
            Place("id"),
            b">\r\nDate: ",
            Place("date"),
            b"\r\nTo: ",
            Place("to"),
            b"\r\n",
            headers.of_all(listed, edition, subject),
            b"List-Unsubscribe:\r\n <" + iri_to_uri(context["mail"]).encode("ascii"),
            Place("token"),
            b"/unsubscribe>\r\n",
            f'Content-Type: multipart/alternative;\r\n boundary="{boundary}"\r\n\r\n'.encode("ascii"),
            *_part(boundary, "plain", text, marks),
            *_part(boundary, "html", page, marks),
            f"--{boundary}--\r\n".encode("ascii"),
        ]
    )


def _part(boundary: str, kind: str, text: str, marks: Marks) -> list[bytes | Place]:
    head = f"--{boundary}\r\nContent-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable"
    return [f"{head}\r\n\r\n".encode("ascii"), *form(text, marks), b"\r\n"]


def _values(subscription: Subscription, token: str, now: datetime) -> Mapping[str, bytes]:
    """Return what stands in the open places for one who gets the mail; all of it is ASCII."""
    to = headers.address(subscription.address)
    return {
        "id": f"{token}@{headers.domain()}".encode("ascii"),
        "date": format_datetime(now).encode("ascii"),
        "to": to.encode("ascii"),
        "token": tokens.token(subscription).encode("ascii"),
        "address": value(to),
        "address_html": value(html.escape(to)),
        "often": value(preferences.sentence(Preferences.of(subscription))),
    }


def _rendered(name: str, context: dict[str, Any], *, safe: bool) -> str:
    """Return a template with its values. safe: whether values are escaped, as a page needs and plain text does not."""
    template = get_template(name).template  # type: ignore[attr-defined]  # the Django backend's own
    assert isinstance(template.engine, Engine)
    return str(template.render(Context(context, autoescape=safe)))
