"""Where mail goes on a site without a mail server: files that a mail program opens, one for each mail.

What is mailed is written in ``mail``; real mail servers are reached by Django's own backend.
"""

import os
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend


class EmailBackend(BaseEmailBackend):
    """Keeps each mail as a file ``.eml``, named by the moment; its owner alone can read it, as it may sign in."""

    def __init__(self, *, file_path: str, **more: Any) -> None:
        """file_path: the directory, made when the first mail comes."""
        super().__init__(**more)
        self.folder = Path(file_path)

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Write mails, and return how many. Raises OSError where the disk does not take them."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for message in email_messages:
            name = f"{datetime.now(UTC):%Y%m%d-%H%M%S-%f}-{secrets.token_hex(2)}.eml"
            place = os.open(self.folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(place, "wb") as file:
                file.write(message.message().as_bytes())
        return len(email_messages)
