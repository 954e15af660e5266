"""What search knows beside its index, which may be remade: vectors, as they cost a model's time, and acronyms."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.db import models

from broadsheet.papers.models import Paper, PaperQuerySet

if TYPE_CHECKING:  # numpy takes as long to load as half of Django, and what stores papers does without
    import numpy as np
    from numpy.typing import NDArray


class EmbeddingQuerySet(models.QuerySet["Embedding"]):
    """Reads of kept vectors."""

    def lacking(self, papers: PaperQuerySet, mark: str) -> PaperQuerySet:
        """Return those of some papers of which no vector by the model of that mark is kept."""
        return papers.filter(~models.Exists(self.filter(paper=models.OuterRef("pk"), model=mark)))

    def keep(self, mark: str, read: "Iterable[tuple[int, str, NDArray[np.float32]]]") -> None:
        """Keep what the model of a mark made of papers: primary key, digest of the text, vector of unit length."""
        rows = [
            self.model(paper_id=pk, model=mark, digest=digest, vector=vector.astype("<f2").tobytes())
            for pk, digest, vector in read
        ]
        unique, given = ["paper", "model"], ["digest", "vector"]
        self.bulk_create(rows, update_conflicts=True, unique_fields=unique, update_fields=given)


class Embedding(models.Model):
    """The vector of one paper by one model: little-endian float16 numbers of unit length in ``vector``.

    A paper has one of each model that has read it: while search changes from one to another, and after, so that
    going back costs no reading.
    """

    paper = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="embeddings", db_index=False)
    model = models.CharField(max_length=80, db_index=True, help_text="Name and recipe of the model.")
    digest = models.CharField(max_length=16, help_text="Of the text embedded; another text makes the vector stale.")
    vector = models.BinaryField()

    objects = EmbeddingQuerySet.as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("paper", "model"), name="one_vector_by_a_model"),)

    def __str__(self) -> str:
        return f"{self.paper_id} by {self.model}"


class ModelChoice(models.Model):
    """Which model search uses, from the first ``broadsheet model use`` on: one row at most. Rules: ``choice``."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    wanted = models.CharField(max_length=60, help_text="The model that search is to use.")
    settled = models.CharField(max_length=60, help_text="The model that it used last; another one while it changes.")
    waits = models.BooleanField(default=False, help_text="Change only when every paper has its own vector.")

    def __str__(self) -> str:
        return self.wanted if self.wanted == self.settled else f"{self.settled} to {self.wanted}"


class Acronym(models.Model):
    """What an acronym stands for, with how many abstracts define it so; one acronym may stand for several things."""

    sign = models.CharField(max_length=10, help_text="The acronym as it is compared: small, letters and digits alone.")
    key = models.CharField(max_length=100, db_index=True, help_text="The words as they are compared, joined.")
    short = models.CharField(max_length=10, help_text="The acronym as it was first written.")
    long = models.CharField(max_length=100, help_text="The words as they were first written.")
    papers = models.PositiveIntegerField(help_text="Abstracts that define it.")
    fields = models.JSONField(default=dict, help_text="How many of them by archive of their first category.")
    first = models.DateField(null=True, help_text="The first edition with one of them.")
    last = models.DateField(null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("sign", "key"), name="acronym_once"),)

    def __str__(self) -> str:
        return f"{self.short}: {self.long}"
