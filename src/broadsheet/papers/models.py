"""Papers, their earlier versions, votes seen over time, and runs of taking in; reads are QuerySet methods.

What changes them lives in ``actions``; how their text is shown lives in ``tex`` and ``shown``.
"""

import json
from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import Self

from django.db import connection, models
from django.db.models import F, Value
from django.db.models.functions import Cast, StrIndex

from broadsheet.prepared import Prepared
from broadsheet.sources import arxiv_ids, paper_ids


def spellings(name: str) -> list[str]:
    """Return the keys that a text may mean: itself, and the id that it holds in whatever spelling."""
    # A database may refuse the zero byte, which no key has.
    spelled = arxiv_ids.find(name) or paper_ids.find(name)
    return [key for key in (name, spelled) if key and "\0" not in key and len(key) <= 64]


class PaperQuerySet(models.QuerySet["Paper"]):
    """Reads over papers."""

    def named(self, name: str) -> "Paper | None":
        """The paper that a key, an arXiv id or a URL in any spelling, or a DOI names; None where there is none.

        An id of a row that turned out to be another paper leads to that paper.
        """
        keys = spellings(name)
        found = self.filter(key__in=keys).first() if keys else None
        if found is None and keys:
            known = Identifier.objects.filter(key__in=keys).select_related("paper__same_as").order_by("pk").first()
            found = known.paper if known else None
        return found.same_as or found if found else None

    def standing(self) -> Self:
        """Papers that are shown: without the rows that turned out to be another paper."""
        return self.filter(same_as=None)

    def number_standing(self) -> int:
        """How many of these papers are shown. To look at each takes long; the few that are not are in an index."""
        return self.count() - self.filter(same_as__isnull=False).count()

    def of_days(self, first: date, last: date) -> Self:
        """Papers whose edition day lies between ``first`` and ``last``, both included."""
        return self.filter(day__gte=first, day__lte=last)

    def ranked(self) -> Self:
        """Best first within a period: by votes, then the newest, then by their place in the source's list."""
        return self.order_by("-all_votes", "-day", "pk")

    def trending(self) -> Self:
        """Highest trending score first. Papers without a vote have no score and do not appear."""
        return self.filter(trending__isnull=False, same_as=None).order_by("-trending", "-pk")

    def by_author(self, name: str) -> Self:
        """Papers with an author of exactly this name, newest edition first.

        Every paper is looked at, which takes up to 0.2 s for 130,000; PostgreSQL compares the values, SQLite
        the text of the list, in which a name that holds a quotation mark may find one paper too many.
        """
        if connection.features.supports_json_field_contains:
            found = self.standing().filter(authors__contains=[name.replace("\0", "")])
        else:
            place = StrIndex(Cast("authors", models.TextField()), Value(json.dumps(name)))
            found = self.standing().alias(place=place).filter(place__gt=0)
        return found.order_by("-day", "-all_votes", "pk")

    def newest(self) -> Self:
        """Newest edition first."""
        return self.filter(day__isnull=False).order_by("-day", "-all_votes", "pk")


class Paper(models.Model):
    """One paper, whatever number of sources and versions it came through.

    ``day`` is the day of the edition it belongs to: the day a daily list featured it, else the day arXiv announced
    it, else the day it was published. Votes and comments read from sources and those of readers here are kept apart
    and shown as one number.
    """

    key = models.CharField(max_length=64, unique=True, help_text="Canonical id: for arXiv, the id without version.")
    title = models.TextField()
    title_key = models.CharField(max_length=16, db_index=True, help_text="Digest of the title's bare letters.")
    abstract = models.TextField(blank=True)
    abstract_kind = models.CharField(max_length=12, default="abstract")
    authors = models.JSONField(default=list)
    categories = models.JSONField(default=list)
    version = models.PositiveSmallIntegerField(null=True)
    published = models.DateTimeField(null=True)
    updated = models.DateTimeField(null=True)
    announced = models.DateField(null=True)
    featured = models.DateField(null=True)
    same_as = models.ForeignKey(
        "self",
        null=True,
        on_delete=models.SET_NULL,
        related_name="others",
        db_index=False,
        help_text="The paper that this row turned out to be; such a row has no day and is shown nowhere.",
    )
    resubmitted = models.DateField(null=True, help_text="The edition for which a reader submitted a large new version.")
    day = models.DateField(null=True)
    withdrawn = models.DateTimeField(null=True)
    comment = models.TextField(blank=True)
    doi = models.TextField(blank=True)
    journal_ref = models.TextField(blank=True)
    licence = models.TextField(blank=True, help_text="Address of the licence that the authors chose.")
    history = models.JSONField(default=list, help_text="[number, when submitted (ISO 8601), size] of each version.")
    keywords = models.JSONField(default=list)
    machine_summary = models.TextField(blank=True)
    code_url = models.TextField(blank=True)
    code_by = models.CharField(max_length=10, blank=True, help_text="Who set it here: author, submitter, moderator.")
    code_stars = models.PositiveIntegerField(null=True)
    project_url = models.TextField(blank=True)
    project_by = models.CharField(max_length=10, blank=True)
    organization_slug = models.TextField(blank=True)
    organization = models.TextField(blank=True)
    organization_by = models.CharField(max_length=10, blank=True)
    imported_votes = models.PositiveIntegerField(default=0)
    imported_comments = models.PositiveIntegerField(default=0)
    reader_votes = models.PositiveIntegerField(default=0, help_text="Standing votes of readers here.")
    reader_comments = models.PositiveIntegerField(
        default=0, help_text="Comments here, without deleted and hidden ones."
    )
    all_votes = models.GeneratedField(
        expression=F("imported_votes") + F("reader_votes"), output_field=models.PositiveIntegerField(), db_persist=True
    )
    trending = models.FloatField(null=True, help_text="log2 of the decayed votes (docs/ranking); empty without votes.")
    text_source = models.CharField(max_length=80, help_text="The source whose title, abstract and authors stand here.")
    source = models.CharField(max_length=80, help_text="The source that brought the paper first.")
    stamp = models.BigIntegerField(db_index=True, help_text="Rises with every change; the index catches up by it.")
    added = models.DateTimeField(auto_now_add=True)

    objects = PaperQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["-day", "-all_votes", "id"], name="paper_edition"),
            models.Index(fields=["day", "id"], name="paper_day"),
            models.Index(fields=["source", "-day", "-all_votes", "id"], name="paper_source"),
            models.Index(fields=["announced"], name="paper_announced"),
            models.Index(fields=["-trending"], name="paper_trending"),
            models.Index(
                fields=["organization_slug", "-day"],
                condition=~models.Q(organization_slug=""),
                name="paper_organization",
            ),
            # Rows that stand, and those that are another paper, each apart: with both in one index SQLite believes that
            # few rows stand, and goes through a million of these instead of those of a day.
            models.Index(fields=["id"], condition=models.Q(same_as__isnull=True), name="paper_standing"),
            models.Index(fields=["same_as"], condition=models.Q(same_as__isnull=False), name="paper_same_as"),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.title}"

    @property
    def votes(self) -> int:
        """Votes as one number; ``all_votes`` is the same as a column, to order by."""
        return self.imported_votes + self.reader_votes

    @property
    def comments(self) -> int:
        """Number of comments as one number."""
        return self.imported_comments + self.reader_comments


def standing_by_pk(pks: Sequence[int], only: tuple[str, ...] = ()) -> dict[int, Paper]:
    """Return the standing papers of a page by primary key: ``standing().in_bulk``, its SQL written once a number.

    pks: a few hundred at most, as each number of papers is a question of its own that is kept. only: the fields that
    are read at once, where not all are wanted; any other is a question more for each paper.
    """
    return {paper.pk: paper for paper in _standing(len(pks), only).models(*pks)} if pks else {}


@lru_cache(maxsize=256)
def _standing(number: int, only: tuple[str, ...]) -> Prepared[Paper, *tuple[int, ...]]:
    papers = Paper.objects.standing()
    wanted = papers.only(*only) if only else papers
    return Prepared(lambda *pks: wanted.filter(pk__in=pks), *range(-number, 0))


class Version(models.Model):
    """An earlier text of a paper, kept when a newer one replaced it."""

    paper = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="earlier")
    number = models.PositiveSmallIntegerField(null=True)
    title = models.TextField()
    abstract = models.TextField(blank=True)
    authors = models.JSONField(default=list)
    updated = models.DateTimeField(null=True)
    source = models.CharField(max_length=80)
    replaced = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.paper_id} v{self.number or '?'}"


class Identifier(models.Model):
    """A key by which a source names a paper beside its own, so that what comes under it goes to that paper."""

    key = models.CharField(max_length=64, unique=True, help_text="Spelled as the keys of papers are.")
    paper = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="identifiers")
    source = models.CharField(max_length=80, help_text="The source that told it, or 'likeness' or 'hand'.")
    seen = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.key} = {self.paper_id}"


class Merging(models.Model):
    """Two rows that turned out to be one paper: how that was found, and what it takes to part them again."""

    kept = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="merged_in")
    merged = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="merged_into")
    how = models.CharField(max_length=12, help_text="id, doi, likeness or hand.")
    score = models.FloatField(null=True, help_text="Likeness from 0 to 1, where that was the reason.")
    by = models.CharField(max_length=150, blank=True, help_text="Who did it; empty: found by itself.")
    at = models.DateTimeField(auto_now_add=True)
    moved = models.JSONField(default=dict, help_text="Rows of readers that went along, by kind, and facts filled in.")
    parted_at = models.DateTimeField(null=True)
    parted_by = models.CharField(max_length=150, blank=True)

    class Meta:
        indexes = [models.Index(fields=["merged", "-id"], name="merging_of_paper")]

    def __str__(self) -> str:
        return f"{self.merged_id} is {self.kept_id}"


class Resemblance(models.Model):
    """Two papers that may be one: put before moderators, and not again once somebody has decided.

    The first is the row with the lower primary key.
    """

    first = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="+")
    second = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="+")
    why = models.CharField(max_length=12, help_text="id, doi or likeness.")
    score = models.FloatField(null=True)
    found = models.DateTimeField(auto_now_add=True)
    decided = models.DateTimeField(null=True)
    by = models.CharField(max_length=150, blank=True)
    same = models.BooleanField(null=True, help_text="What was decided.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["first", "second"], name="one_resemblance_a_pair")]
        indexes = [models.Index(fields=["decided", "-score"], name="resemblance_open")]

    def __str__(self) -> str:
        return f"{self.first_id} and {self.second_id}: {self.score}"


class VotesSeen(models.Model):
    """The number of votes of a paper as a source showed it on one day."""

    paper = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="votes_seen")
    day = models.DateField()
    votes = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["paper", "day"], name="one_count_a_paper_a_day")]

    def __str__(self) -> str:
        return f"{self.paper_id} {self.day}: {self.votes}"


class Counter(models.Model):
    """A number that only rises, taken inside the transaction that uses it, so that no two changes share a stamp.

    ``stamp`` counts changes of papers, ``activity`` what readers do that others see, ``summaries 2026-01-06`` what a
    model was asked on a day.
    """

    name = models.CharField(max_length=32, primary_key=True)
    value = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.name}={self.value}"


class Run(models.Model):
    """One run of taking papers in: where it came from, how far it is and what it found; an unfinished one resumes."""

    source = models.CharField(max_length=80)
    place = models.TextField(help_text="File or address read.")
    fingerprint = models.CharField(max_length=64, help_text="Tells whether the place still holds the same content.")
    position = models.BigIntegerField(default=0, help_text="Last row stored.")
    added = models.BigIntegerField(default=0)
    updated = models.BigIntegerField(default=0)
    unchanged = models.BigIntegerField(default=0)
    rejected = models.BigIntegerField(default=0)
    started = models.DateTimeField(auto_now_add=True)
    finished = models.DateTimeField(null=True)
    failure = models.TextField(blank=True, help_text="Why the source could not be read to its end.")

    class Meta:
        indexes = [models.Index(fields=["fingerprint", "-id"], name="run_resume")]

    def __str__(self) -> str:
        return f"{self.source} at row {self.position}"

    @property
    def rows(self) -> int:
        """How many rows have been taken in so far."""
        return self.added + self.updated + self.unchanged + self.rejected
