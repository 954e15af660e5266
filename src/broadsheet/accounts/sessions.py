"""Where sessions are kept: a table of our own, which tells whose session a browser has, and lets its reader end it."""

from datetime import timedelta
from typing import Any, cast

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from broadsheet.accounts import readers
from broadsheet.accounts.limits import client_address
from broadsheet.accounts.models import Session, User
from broadsheet.errors import NotFound

SEEN_EVERY = timedelta(minutes=10)
"""How exactly it is kept when a session was used last; finer would be a write for every page."""


class SessionStore(DatabaseStore):
    """Django's sessions in the database, with their reader beside them."""

    @classmethod
    def get_model_class(cls) -> type[Session]:
        """Return the table."""
        return Session

    def _get_session_from_db(self) -> Session | None:
        row: Session | None = super()._get_session_from_db()  # type: ignore[misc]  # the stubs leave it out
        if row is not None and row.seen < timezone.now() - SEEN_EVERY:
            self.modified = True  # saved with this answer: seen now, and the cookie lasts anew
        return row

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        """Return the row for a session's content. What a browser was first seen with is kept when it is saved again."""
        row = cast("Session", super().create_model_instance(data))
        reader = data.get(SESSION_KEY)
        row.reader_id = int(reader) if reader else None
        row.agent, row.address = data.get("agent", "")[:200], data.get("address", "")[:64]
        known = Session.objects.filter(session_key=row.session_key).values("public_id", "made").first()
        if known:
            row.public_id, row.made = known["public_id"], known["made"]
        return row


def remember_browser(request: HttpRequest, user: User, **_: Any) -> None:
    """Keep in a session that begins which browser it is, and sweep away the reader's sessions that have ended.

    Called whenever somebody signs in, by whatever way.
    """
    request.session["agent"] = request.headers.get("User-Agent", "").replace("\0", "")[:200]
    request.session["address"] = client_address(request).replace("\0", "")[:64]
    Session.objects.filter(reader=user, expire_date__lt=timezone.now()).delete()


def of(reader: User) -> QuerySet[Session]:
    """Return the browsers in which a reader is signed in, the one used last first."""
    return reader.sessions.filter(expire_date__gt=timezone.now()).order_by("-seen", "-made")


def end(visitor: readers.Visitor, public_id: str) -> None:
    """Sign the visitor out of one of their browsers. Raises SignInNeeded; NotFound for one that is not theirs."""
    reader = readers.signed_in(visitor) or readers.active(visitor, "end a session")
    ended, _ = reader.sessions.filter(public_id=public_id.replace("\0", "")).delete()
    if not ended:
        raise NotFound("You have no such session.", "Perhaps it has ended already.")


def end_others(visitor: readers.Visitor, kept: str | None) -> int:
    """Sign the visitor out of all browsers but one. kept: its session key. Return how many ended."""
    reader = readers.signed_in(visitor) or readers.active(visitor, "end sessions")
    ended, _ = reader.sessions.exclude(session_key=kept or "").delete()
    return ended
