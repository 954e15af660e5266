"""Where sessions are kept: a table of our own, which tells whose session a browser has."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.utils import timezone

from broadsheet.accounts.models import Session

SEEN_EVERY = timedelta(minutes=10)
"""How exactly it is kept when a session was used last; finer would be a write for every page."""


class SessionStore(DatabaseStore):
    """Django's sessions in the database, with their reader beside them."""

    @classmethod
    def get_model_class(cls) -> type[Session]:
        """Return the table."""
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        """Return the row for a session's content. What a browser was first seen with is kept when it is saved again."""
        row: Session = super().create_model_instance(data)
        reader = data.get(SESSION_KEY)
        row.reader_id = int(reader) if reader else None
        row.agent, row.address = data.get("agent", "")[:200], data.get("address", "")[:64]
        known = Session.objects.filter(session_key=row.session_key).values("public_id", "made").first()
        if known:
            row.public_id, row.made = known["public_id"], known["made"]
        return row


def touch(session_key: str, now: datetime | None = None) -> None:
    """Keep that a session is in use."""
    now = now or timezone.now()
    Session.objects.filter(session_key=session_key, seen__lt=now - SEEN_EVERY).update(seen=now)
