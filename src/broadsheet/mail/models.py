"""Subscriptions, what was chosen for their editions, and the ledger of what was sent; bounces and suppressed addresses.

What changes them lives in the modules of verbs beside this one.
"""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from broadsheet.accounts.models import User, public_id
from broadsheet.papers.models import Paper


class Cadence(models.TextChoices):
    """How often a digest comes. ``something``: as soon as there is something new, once a day at most."""

    DAILY = "daily"
    WEEKDAYS = "weekdays"
    WEEKLY = "weekly"
    SOMETHING = "something"


class State(models.TextChoices):
    """pending: not confirmed yet. suspended: the address does not take mail. ended: by its reader."""

    PENDING = "pending"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    ENDED = "ended"


class Subscription(models.Model):
    """One list by mail to one address. kind and value: the list, as ``ranking.listings`` has it.

    ``preferences`` is a digest of all that decides what is chosen: who shares it shares the choice. The three
    ``covered_*`` say up to where the last edition went, so that the next one holds what came after.
    """

    public_id = models.CharField(max_length=24, unique=True, default=public_id)
    address = models.EmailField()
    reader = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="subscriptions")
    kind = models.CharField(max_length=20)
    value = models.CharField(max_length=600, blank=True)
    cadence = models.CharField(max_length=12, choices=Cadence, default=Cadence.WEEKDAYS)
    weekday = models.PositiveSmallIntegerField(default=0, help_text="0 is Monday; for weekly ones.")
    hour = models.PositiveSmallIntegerField(default=7)
    zone = models.CharField(max_length=64, default="UTC")
    papers = models.PositiveSmallIntegerField(default=10, help_text="Papers in one mail at most.")
    categories = models.JSONField(default=list, blank=True, help_text="Papers of any of these; empty: of all.")
    include = models.JSONField(default=list, blank=True, help_text="Words or phrases of which a paper holds one.")
    exclude = models.JSONField(default=list, blank=True, help_text="Words or phrases that no paper holds.")
    authors = models.JSONField(default=list, blank=True, help_text="Papers by any of these; empty: by all.")
    least_votes = models.PositiveIntegerField(default=0)
    preferences = models.CharField(max_length=40, db_index=True)
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    reason = models.CharField(max_length=300, blank=True, help_text="Why it is suspended, for its reader.")
    made = models.DateTimeField(auto_now_add=True)
    confirmed = models.DateTimeField(null=True)
    ended = models.DateTimeField(null=True)
    due = models.DateTimeField(null=True, help_text="When the next digest is looked at; empty unless active.")
    covered_day = models.DateField(null=True, help_text="The newest edition that was covered.")
    covered_paper = models.BigIntegerField(default=0, help_text="The newest paper, by primary key, when it was.")
    covered_stamp = models.BigIntegerField(default=0, help_text="The newest change of a paper when it was.")
    covered_until = models.DateTimeField(default=timezone.now, help_text="The moment of the last look.")

    class Meta:
        constraints = [
            # Each time somebody asks is a row of its own until it is confirmed, so that nobody changes what another
            # asked for, and a link confirms just what was asked.
            models.UniqueConstraint(
                fields=["address", "kind", "value"],
                condition=Q(state__in=["active", "suspended"]),
                name="one_subscription_a_list",
            ),
            # Nothing is due for who does not get mail, so the sender asks for what is due alone.
            models.CheckConstraint(condition=Q(due=None) | Q(state="active"), name="due_means_active"),
        ]
        indexes = [
            models.Index(fields=["due", "id"], condition=Q(due__isnull=False), name="subscription_due"),
            models.Index(fields=["address"], name="subscription_address"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}:{self.value} to {self.address}"


class Choice(models.Model):
    """What was chosen for all who share preferences, edition and what they had before; frozen once it is made.

    key: digest of these. facts: what the mail says around the papers (overview of a week, how many there were), and
    since when they came.
    """

    key = models.CharField(max_length=40, unique=True)
    preferences = models.CharField(max_length=40)
    edition = models.CharField(max_length=16, help_text="2026-11-20, or 2026-W47 of weekly ones.")
    early = models.CharField(max_length=200, blank=True, help_text="The sentence that says what is missing still.")
    facts = models.JSONField(default=dict)
    made = models.DateTimeField(auto_now_add=True)
    papers = models.ManyToManyField(Paper, through="Pick", related_name="+")

    drafted: "list[Pick]"  # of one that is shown and never kept (``choosing.draft``); no column

    class Meta:
        indexes = [models.Index(fields=["made"], name="choice_made")]

    def __str__(self) -> str:
        return f"{self.edition} for {self.preferences[:8]}"


class Pick(models.Model):
    """One paper of a choice, at its place from 0. why: the reasons, as words of a sentence."""

    choice = models.ForeignKey(Choice, on_delete=models.CASCADE, related_name="picks")
    paper = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="+")
    place = models.PositiveSmallIntegerField()
    why = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["place"]
        constraints = [models.UniqueConstraint(fields=["choice", "paper"], name="one_pick_a_paper")]

    def __str__(self) -> str:
        return f"{self.paper_id} at {self.place}"


class Progress(models.TextChoices):
    """How far a digest is. taken: to be sent. sending: handed to the server, whose answer is not known yet.

    failed: the server refused it for good, or too often. dropped: its reader left before it went.
    """

    TAKEN = "taken"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    DROPPED = "dropped"


class Delivery(models.Model):
    """The ledger: one row a subscription and edition, taken before it is sent, so that nobody gets one twice."""

    subscription = models.ForeignKey(Subscription, on_delete=models.CASCADE, related_name="deliveries")
    edition = models.CharField(max_length=16)
    choice = models.ForeignKey(Choice, on_delete=models.PROTECT, related_name="deliveries")
    progress = models.CharField(max_length=8, choices=Progress, default=Progress.TAKEN)
    token = models.CharField(max_length=24, unique=True, default=public_id, help_text="Stands in the Message-ID.")
    tries = models.PositiveSmallIntegerField(default=0)
    next_try = models.DateTimeField(null=True, help_text="Empty once nothing is left to try.")
    taken = models.DateTimeField(auto_now_add=True)
    sent = models.DateTimeField(null=True)
    answer = models.CharField(max_length=300, blank=True, help_text="What the mail server said last.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["subscription", "edition"], name="one_delivery_an_edition")]
        indexes = [
            # Said as "is not null": SQLite does not take "not (is null)" for the same, and would not use it.
            models.Index(fields=["next_try", "id"], condition=Q(next_try__isnull=False), name="delivery_open"),
            models.Index(fields=["choice", "subscription"], name="delivery_choice"),
        ]

    def __str__(self) -> str:
        return f"{self.edition} of {self.subscription_id}: {self.progress}"


class Suppression(models.Model):
    """An address that gets no digest any more. Only a digest of it is kept: forgetting is what its owner asked for."""

    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the address in small letters.")
    reason = models.CharField(max_length=12, help_text="asked, complaint, bounce or operator.")
    since = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.reason} {self.since:%Y-%m-%d}"


class Bounce(models.Model):
    """One report that a mail did not arrive or was not wanted. kind: hard, soft or complaint."""

    subscription = models.ForeignKey(Subscription, on_delete=models.CASCADE, related_name="bounces")
    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, null=True, related_name="bounces")
    kind = models.CharField(max_length=10)
    status = models.CharField(max_length=20, blank=True, help_text="As in 5.1.1.")
    text = models.CharField(max_length=300, blank=True)
    report = models.CharField(max_length=64, help_text="Digest of the report, so that one read twice counts once.")
    made = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["subscription", "report"], name="one_bounce_a_report")]
        indexes = [models.Index(fields=["subscription", "-made"], name="bounce_newest")]

    def __str__(self) -> str:
        return f"{self.kind} {self.status}"
