"""What search knows beside its index, which may be remade: vectors, as they cost a model's time, and acronyms."""

from django.db import models

from broadsheet.papers.models import Paper


class Embedding(models.Model):
    """The vector of one paper by one model: ``dim`` little-endian float16 numbers of unit length in ``vector``."""

    paper = models.OneToOneField(Paper, on_delete=models.CASCADE, primary_key=True, related_name="embedding")
    model = models.CharField(max_length=80, db_index=True, help_text="Name and recipe of the model.")
    digest = models.CharField(max_length=16, help_text="Of the text embedded; another text makes the vector stale.")
    vector = models.BinaryField()

    def __str__(self) -> str:
        return f"{self.paper_id} by {self.model}"


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
