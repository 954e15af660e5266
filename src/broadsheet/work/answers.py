"""What hosts answered before, so that they are asked only for what has changed. Who asks is ``sources.http``."""

import hashlib
import zlib
from datetime import datetime, timedelta

from django.utils import timezone

from broadsheet.sources.memory import Remembered
from broadsheet.work.models import Answered

LARGEST = 2_000_000
"""Bytes of a packed answer beyond which it is not kept."""

LONGEST_MARK = 1000
"""Characters of an ETag or a date; hosts that send longer ones are not asked with them."""

KEPT = timedelta(days=60)
"""How long an answer is kept that is not asked for again."""

MOST_ROWS = 20_000


class Memory:
    """The memory of answers, in the database."""

    def recall(self, question: str) -> Remembered | None:
        """Return the last answer to a question, None where it is not known."""
        row = Answered.objects.filter(address=_digest(question)).first()
        if row is None:
            return None
        return Remembered(row.etag, row.modified, zlib.decompress(bytes(row.body)))

    def keep(self, question: str, answer: Remembered) -> None:
        """Remember an answer; one that is too large is forgotten instead."""
        address = _digest(question)
        body = zlib.compress(answer.body, 6)
        marks = (answer.etag + answer.modified).replace("\0", "")
        if len(body) > LARGEST or len(marks) > LONGEST_MARK or marks != answer.etag + answer.modified:
            Answered.objects.filter(address=address).delete()
            return
        row = Answered(address=address, etag=answer.etag, modified=answer.modified, body=body, seen=timezone.now())
        Answered.objects.bulk_create(
            [row], update_conflicts=True, unique_fields=["address"], update_fields=["etag", "modified", "body", "seen"]
        )


def forget(now: datetime) -> int:
    """Forget answers that were not asked for in a long time, and the oldest beyond MOST_ROWS; return how many."""
    gone, _ = Answered.objects.filter(seen__lt=now - KEPT).delete()
    oldest_kept = Answered.objects.order_by("-seen").values_list("seen", flat=True)[MOST_ROWS - 1 : MOST_ROWS].first()
    if oldest_kept is not None:
        gone += Answered.objects.filter(seen__lt=oldest_kept).delete()[0]
    return gone


def _digest(question: str) -> str:
    return hashlib.sha256(question.encode("utf-8", "surrogatepass")).hexdigest()
