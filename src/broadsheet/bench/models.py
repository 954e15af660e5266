"""What measurements leave behind: each week's benchmark, and the reusable holdouts with what was asked of them."""

from django.db import models


class LiveWeek(models.Model):
    """The benchmark of one week, made of the papers that came in it."""

    week = models.CharField(max_length=8, unique=True, help_text="By ISO 8601, such as 2026-W20.")
    made = models.DateTimeField()
    papers = models.PositiveIntegerField(help_text="Papers of that week, of which the queries were made.")
    report = models.JSONField(help_text="What was measured: as ``bench live`` prints it.")

    def __str__(self) -> str:
        return self.week


class Holdout(models.Model):
    """A set of queries of which one half is kept back; it answers so many questions, and no more."""

    name = models.CharField(max_length=80, unique=True)
    fingerprint = models.CharField(max_length=64, help_text="Of the queries and judgments; other ones are another set.")
    made = models.DateTimeField()
    queries = models.PositiveIntegerField(help_text="In the half that is kept back.")
    budget = models.PositiveIntegerField(help_text="Answers that the half kept back gives in all.")
    spent = models.PositiveIntegerField(default=0)
    noise = models.JSONField(default=dict, help_text="Thresholds and state of the noise, so that a rerun draws anew.")

    def __str__(self) -> str:
        return self.name


class Comparison(models.Model):
    """One question to a holdout: whether one ranking is better than another."""

    holdout = models.ForeignKey(Holdout, on_delete=models.CASCADE, related_name="comparisons")
    made = models.DateTimeField()
    one = models.CharField(max_length=300, help_text="A ranking, as ``tuning.named`` reads it.")
    other = models.CharField(max_length=300)
    answer = models.JSONField(help_text="What was told: verdict, differences, margin, what it cost.")

    def __str__(self) -> str:
        return f"{self.one} against {self.other}"
