"""The ledger's rows: announcements by day and category, and gaps in ranges of ids. Judging them lives beside."""

from django.db import models


class Announcement(models.Model):
    """What one category should have on one announcement day, and what came. The category '' stands for all together."""

    day = models.DateField()
    category = models.CharField(max_length=32, blank=True)
    state = models.CharField(max_length=10, help_text="not-out, partial, complete, late, holiday or weekend.")
    expected = models.PositiveIntegerField(null=True, help_text="New papers, as the place told that counted them.")
    expected_from = models.CharField(max_length=40, blank=True, help_text="Which place told the number.")
    received = models.PositiveIntegerField(default=0, help_text="Papers here that were announced on this day.")
    first_id = models.CharField(max_length=64, blank=True)
    last_id = models.CharField(max_length=64, blank=True)
    source = models.CharField(max_length=80, blank=True, help_text="Where the papers came from, the most first.")
    out_at = models.DateTimeField(null=True, help_text="When this day's batch was first seen to be really new.")
    complete_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)
    history = models.JSONField(default=list, help_text="[moment, state, received, expected] at each change.")
    alerted_at = models.DateTimeField(null=True, help_text="When the operator was told that it stays incomplete.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["day", "category"], name="one_row_a_day_a_category")]

    def __str__(self) -> str:
        return f"{self.day} {self.category or 'all'}: {self.state}"


class Gap(models.Model):
    """Ids in a row that are not here although their neighbours are, and what asking for them brought."""

    first_id = models.CharField(max_length=64, unique=True)
    last_id = models.CharField(max_length=64)
    ids = models.PositiveIntegerField(help_text="How many ids lie in it, both ends included.")
    found_at = models.DateTimeField()
    asked_at = models.DateTimeField(null=True)
    next_at = models.DateTimeField(null=True, help_text="When to ask again; empty: never.")
    asked = models.PositiveSmallIntegerField(default=0)
    brought = models.PositiveIntegerField(default=0, help_text="Papers of our categories that asking brought.")
    elsewhere = models.PositiveIntegerField(default=0, help_text="Papers of other categories, which are not kept.")
    absent = models.PositiveIntegerField(default=0, help_text="Ids that arXiv does not know, or not yet.")

    def __str__(self) -> str:
        return f"{self.first_id}..{self.last_id}"
