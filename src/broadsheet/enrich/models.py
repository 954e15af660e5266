"""Facts about papers: source, date, corrections; repositories with their stars, and full texts that may be kept."""

from django.db import models
from django.utils import timezone

from broadsheet.accounts.models import User
from broadsheet.papers.models import Paper


class Fact(models.Model):
    """One fact about a paper from one source, or that the source was asked and had none (an empty ``value``)."""

    paper = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="facts")
    kind = models.CharField(max_length=24, help_text="venue, length, links, phrases, extract, citations, models, ...")
    source = models.CharField(max_length=80, help_text="comment, abstract, corpus, a model's name, or a place.")
    value = models.JSONField(default=dict)
    stamp = models.BigIntegerField(default=0, help_text="The paper's stamp at the reading; an older one is read anew.")
    checked = models.DateTimeField(default=timezone.now, help_text="When the source was read or asked last.")
    changed = models.DateTimeField(default=timezone.now, help_text="When the value changed last.")
    next_at = models.DateTimeField(null=True, help_text="When the source is to be asked again; empty: when it changes.")
    tries = models.PositiveSmallIntegerField(default=0, help_text="Failures in a row.")
    trouble = models.TextField(blank=True, help_text="Why asking failed last.")
    corrected = models.JSONField(null=True, help_text="What a person set in place of the value.")
    corrected_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    corrected_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["paper", "kind", "source"], name="one_fact_a_kind_a_source")]
        indexes = [models.Index(fields=["kind", "next_at"], name="fact_next")]

    def __str__(self) -> str:
        return f"{self.paper_id} {self.kind}"


class FactChange(models.Model):
    """One correction of a fact by a person, or its taking back; the newest is what is shown."""

    paper = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="fact_changes")
    kind = models.CharField(max_length=24)
    source = models.CharField(max_length=80)
    before = models.JSONField(default=dict, help_text="What was shown.")
    after = models.JSONField(default=dict, help_text="What is shown since; empty: nothing.")
    done = models.CharField(max_length=12, help_text="corrected, hidden or taken back.")
    reader = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    by = models.CharField(max_length=10, help_text="author or moderator.")
    made = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.kind} of {self.paper_id} {self.done} by {self.by}"


class Repository(models.Model):
    """A code repository that papers name, with its stars as its host told them last."""

    url = models.CharField(max_length=255, unique=True, help_text="https://github.com/owner/name in small letters.")
    called = models.CharField(max_length=160, blank=True, help_text="owner/name, as its host calls it now.")
    stars = models.PositiveIntegerField(null=True)
    archived = models.BooleanField(default=False)
    gone = models.BooleanField(default=False, help_text="Its host does not know it (any more).")
    etag = models.TextField(blank=True)
    checked = models.DateTimeField(null=True)
    next_at = models.DateTimeField(null=True, db_index=True)
    tries = models.PositiveSmallIntegerField(default=0)

    def __str__(self) -> str:
        return self.url


class StarsSeen(models.Model):
    """The stars of a repository on one day."""

    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="stars_seen")
    day = models.DateField()
    stars = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["repository", "day"], name="one_count_of_stars_a_day")]

    def __str__(self) -> str:
        return f"{self.repository_id} {self.day}: {self.stars}"


class Citation(models.Model):
    """One paper here cites another paper here, as a place told it."""

    citing = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="citations_made")
    cited = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="citations_had")
    source = models.CharField(max_length=80)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["citing", "cited", "source"], name="one_citation_a_pair_a_source")
        ]

    def __str__(self) -> str:
        return f"{self.citing_id} cites {self.cited_id}"


class FullText(models.Model):
    """The full text of a paper as Markdown, kept only where its licence allows; else only that it was looked for."""

    paper = models.OneToOneField(Paper, on_delete=models.CASCADE, related_name="full_text")
    version = models.PositiveSmallIntegerField(null=True)
    licence = models.TextField(blank=True)
    markdown = models.TextField(blank=True)
    found = models.BooleanField(default=False, help_text="arXiv gives this version as HTML.")
    fetched = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.paper_id} v{self.version or '?'}"
