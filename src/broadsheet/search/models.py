"""Vectors of record: they cost a model's time, so they are kept here and not only in the index, which may be remade."""

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
