"""Votes, comments, submissions, claims, lists, marks, follows, notifications, reports and the log of moderation.

Tables and their reads. What changes them lives in one module of verbs for each, beside this one.
"""

from typing import Any, Self

from django.db import models
from django.utils import timezone

from broadsheet.accounts.models import User, public_id
from broadsheet.papers.models import Paper

# --- Votes --------------------------------------------------------------------------------------------------------


class VoteQuerySet(models.QuerySet["Vote"]):
    """Reads over votes."""

    def standing(self) -> Self:
        """Votes that count: neither taken back nor void."""
        return self.filter(taken_back__isnull=True, void=False)


class Vote(models.Model):
    """One reader's vote for one paper. The row stays when the vote is taken back, so scores can be made anew."""

    paper = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="reader_votes_cast")
    reader = models.ForeignKey(User, on_delete=models.CASCADE, related_name="votes")
    cast = models.DateTimeField()
    taken_back = models.DateTimeField(null=True)
    void = models.BooleanField(default=False, help_text="Set by moderation; public in its log.")

    objects = VoteQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["paper", "reader"], name="one_vote_a_reader_a_paper")]
        indexes = [models.Index(fields=["reader", "-cast"], name="vote_reader")]

    def __str__(self) -> str:
        return f"{self.reader_id} for {self.paper_id}"


class Glance(models.Model):
    """How often the rotating slot of unseen papers has shown a paper, so that each gets its turn."""

    paper = models.OneToOneField(Paper, on_delete=models.CASCADE, primary_key=True)
    shown = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.paper_id}: {self.shown}"


# --- Discussion ---------------------------------------------------------------------------------------------------


class Comment(models.Model):
    """One comment or, with ``parent``, one reply. ``author`` is empty once the account was closed."""

    public_id = models.CharField(max_length=24, unique=True, default=public_id)
    paper = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="discussion")
    author = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="comments")
    parent = models.ForeignKey("self", on_delete=models.CASCADE, null=True, related_name="replies")
    text = models.TextField(help_text="Markdown as it was written; empty once deleted.")
    posted = models.DateTimeField(auto_now_add=True)
    edited = models.DateTimeField(null=True)
    deleted = models.DateTimeField(null=True)
    hidden = models.DateTimeField(null=True)
    hidden_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    hidden_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["paper", "posted"], name="comment_paper"),
            models.Index(fields=["author", "-posted"], name="comment_author"),
        ]

    def __str__(self) -> str:
        return f"{self.author_id} on {self.paper_id}"


class Edit(models.Model):
    """A former text of a comment."""

    comment = models.ForeignKey(Comment, on_delete=models.CASCADE, related_name="edits")
    text = models.TextField()
    replaced = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.comment_id} before {self.replaced}"


class Reaction(models.Model):
    """One sign of one reader on one comment."""

    comment = models.ForeignKey(Comment, on_delete=models.CASCADE, related_name="reactions")
    reader = models.ForeignKey(User, on_delete=models.CASCADE, related_name="reactions")
    sign = models.CharField(max_length=16)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["comment", "reader", "sign"], name="one_sign_a_reader")]

    def __str__(self) -> str:
        return self.sign


class DiscussionLock(models.Model):
    """A paper whose discussion a moderator closed."""

    paper = models.OneToOneField(Paper, on_delete=models.CASCADE, primary_key=True, related_name="discussion_lock")
    reason = models.CharField(max_length=300)
    since = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.paper_id}: {self.reason}"


class Notification(models.Model):
    """Something a reader is told, on the page and perhaps by mail. kind: see ``notifications.KINDS``."""

    reader = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notifications")
    kind = models.CharField(max_length=16)
    actor = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    paper = models.ForeignKey(Paper, on_delete=models.CASCADE, null=True)
    comment = models.ForeignKey(Comment, on_delete=models.CASCADE, null=True)
    text = models.CharField(max_length=500, blank=True)
    made = models.DateTimeField(auto_now_add=True)
    read = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["reader", "-id"], name="notification_reader")]

    def __str__(self) -> str:
        return f"{self.kind} for {self.reader_id}"


# --- Submitting and claiming --------------------------------------------------------------------------------------


class Submission(models.Model):
    """A paper that a reader brought to an edition; one a paper and version."""

    paper = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="submissions")
    reader = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="submissions")
    version = models.PositiveSmallIntegerField(default=1)
    day = models.DateField(help_text="The edition it was submitted for.")
    made = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["paper", "version"], name="one_submission_a_version")]
        indexes = [models.Index(fields=["reader", "-made"], name="submission_reader")]

    def __str__(self) -> str:
        return f"{self.paper_id} v{self.version}"


class ClaimState(models.TextChoices):
    """Where a claim of authorship stands."""

    PENDING = "pending"
    VERIFIED = "verified"
    REFUSED = "refused"


class Claim(models.Model):
    """A reader's word that one of a paper's author names is theirs. After a refusal a new row is made."""

    paper = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="claims")
    reader = models.ForeignKey(User, on_delete=models.CASCADE, related_name="claims")
    author_name = models.CharField(max_length=200, help_text="The name among the paper's authors.")
    proof = models.CharField(max_length=12, help_text="orcid, email or moderator.")
    note = models.CharField(max_length=500, blank=True)
    state = models.CharField(max_length=10, choices=ClaimState, default=ClaimState.PENDING)
    made = models.DateTimeField(auto_now_add=True)
    decided = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    reason = models.CharField(max_length=300, blank=True)
    hidden = models.BooleanField(default=False, help_text="The author does not want it shown on the profile.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["paper", "reader"], condition=~models.Q(state="refused"), name="one_open_claim_a_reader"
            ),
        ]
        indexes = [models.Index(fields=["state", "made"], name="claim_state")]

    def __str__(self) -> str:
        return f"{self.reader_id} as {self.author_name}: {self.state}"


class LinkChange(models.Model):
    """One change of a paper's code, project page or organisation by a person; the newest is what is shown."""

    paper = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="link_changes")
    reader = models.ForeignKey(User, on_delete=models.SET_NULL, null=True)
    field = models.CharField(max_length=12, help_text="code, project or organization.")
    before = models.TextField(blank=True)
    after = models.TextField(blank=True)
    by = models.CharField(max_length=10, help_text="author, submitter or moderator.")
    made = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.field} of {self.paper_id} by {self.by}"


# --- Lists, marks and follows -------------------------------------------------------------------------------------


class ReadingList(models.Model):
    """A reader's list of papers. ``slug`` is unique for its owner; every reader has one called ``saved``."""

    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="lists")
    slug = models.CharField(max_length=80)
    public_id = models.CharField(max_length=24, unique=True, default=public_id)
    title = models.CharField(max_length=120)
    description = models.CharField(max_length=500, blank=True)
    public = models.BooleanField(default=False)
    theme = models.CharField(max_length=8, default="blue", help_text="For clients that show one.")
    made = models.DateTimeField(auto_now_add=True)
    changed = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "slug"], name="one_list_a_name")]

    def __str__(self) -> str:
        return f"{self.owner_id}/{self.slug}"


class ListItem(models.Model):
    """A paper in a list. ``position`` orders; gaps mean nothing."""

    list = models.ForeignKey(ReadingList, on_delete=models.CASCADE, related_name="items")
    paper = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="+")
    public_id = models.CharField(max_length=24, unique=True, default=public_id)
    note = models.CharField(max_length=500, blank=True)
    position = models.PositiveIntegerField()
    added = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["position", "id"]
        constraints = [models.UniqueConstraint(fields=["list", "paper"], name="one_place_a_paper")]

    def __str__(self) -> str:
        return f"{self.paper_id} in {self.list_id}"


class Mark(models.Model):
    """A reader's private mark on a paper: read, or not interested."""

    READ, NOT_INTERESTED = "read", "not-interested"

    reader = models.ForeignKey(User, on_delete=models.CASCADE, related_name="marks")
    paper = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=16)
    made = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["reader", "paper"], name="one_mark_a_paper")]

    def __str__(self) -> str:
        return f"{self.paper_id} {self.kind}"


class Follow(models.Model):
    """What a reader wants to hear of. kind: author, category, search, reader, organization or list.

    ``value`` is the author's name, the category, the query, or the name or public id of what is followed.
    """

    reader = models.ForeignKey(User, on_delete=models.CASCADE, related_name="follows")
    kind = models.CharField(max_length=12)
    value = models.CharField(max_length=300)
    made = models.DateTimeField(auto_now_add=True)
    seen = models.DateTimeField(default=timezone.now, help_text="Up to when the reader has seen what is new.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["reader", "kind", "value"], name="one_follow")]
        indexes = [models.Index(fields=["kind", "value"], name="follow_value")]

    def __str__(self) -> str:
        return f"{self.kind}:{self.value}"


# --- Moderation ---------------------------------------------------------------------------------------------------


def _exactly_one(*conditions: models.Q) -> models.Q:
    """Return that one of three conditions holds and no other."""
    first, second, third = conditions
    return (first & ~second & ~third) | (~first & second & ~third) | (~first & ~second & third)


class Report(models.Model):
    """A reader's word that something should be looked at. Exactly one of paper, comment and account is set."""

    reporter = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="reports")
    paper = models.ForeignKey(Paper, on_delete=models.CASCADE, null=True)
    comment = models.ForeignKey(Comment, on_delete=models.CASCADE, null=True)
    account = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="+")
    reason = models.CharField(max_length=16)
    note = models.CharField(max_length=500, blank=True)
    made = models.DateTimeField(auto_now_add=True)
    closed = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    outcome = models.CharField(max_length=16, blank=True)

    class Meta:
        indexes = [models.Index(fields=["closed", "made"], name="report_open")]
        constraints = [
            models.CheckConstraint(
                condition=_exactly_one(
                    models.Q(paper__isnull=False), models.Q(comment__isnull=False), models.Q(account__isnull=False)
                ),
                name="report_of_one_thing",
            ),
            *(
                models.UniqueConstraint(
                    fields=["reporter", kind], condition=models.Q(closed=None), name=f"one_open_report_a_{kind}"
                )
                for kind in ("paper", "comment", "account")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reason} by {self.reporter_id}"


class EntryQuerySet(models.QuerySet["ModerationEntry"]):
    """The log, which can be read and added to, and nothing else."""

    def update(self, **_kwargs: Any) -> int:
        """Refuse: entries stay as they are."""
        raise TypeError("An entry of the moderation log is never changed.")

    def delete(self) -> tuple[int, dict[str, int]]:
        """Refuse: entries stay."""
        raise TypeError("An entry of the moderation log is never deleted.")

    def strike(self, *, moderator: str | None = None, account: str | None = None, **texts: Any) -> int:
        """Write entries without the name of somebody who closed an account: the one exception, for ``closing`` alone.

        texts: reason and detail without the name. What was done, to what and when cannot be written.
        """
        names = {"moderator": moderator, "account": account} | {
            key: texts.pop(key, None) for key in ("reason", "detail")
        }
        if texts:
            raise TypeError(f"{', '.join(texts)} of an entry of the moderation log is never changed.")
        return super().update(**{key: value for key, value in names.items() if value is not None})


class ModerationEntry(models.Model):
    """One act of moderation. Public, with its reason; rows are only ever added.

    Names stand as text, so that the log survives what it tells of.
    """

    made = models.DateTimeField(auto_now_add=True)
    moderator = models.CharField(max_length=39)
    verb = models.CharField(max_length=20)
    account = models.CharField(max_length=39, blank=True, help_text="The reader concerned.")
    paper_key = models.CharField(max_length=64, blank=True)
    comment_id = models.CharField(max_length=24, blank=True, help_text="Public id of the comment.")
    reason = models.CharField(max_length=300)
    detail = models.JSONField(default=dict, blank=True)

    objects = EntryQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "moderation entries"
        constraints = [
            models.CheckConstraint(
                condition=_exactly_one(~models.Q(account=""), ~models.Q(paper_key=""), ~models.Q(comment_id="")),
                name="entry_of_one_thing",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.moderator} {self.verb}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Add the entry; one that stands is never changed."""
        if not self._state.adding:
            raise TypeError("An entry of the moderation log is never changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Refuse: entries stay."""
        raise TypeError("An entry of the moderation log is never deleted.")
