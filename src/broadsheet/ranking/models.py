"""When papers entered the ranked lists, which have no date of their own to tell. Scores stand on the papers."""

from django.db import models

from broadsheet.papers.models import Paper


class RankedList(models.Model):
    """A list ordered by votes that somebody follows by feed or mail. key: ``entries.ranked_key``.

    One that nobody has asked for in a month is forgotten with its entries.
    """

    key = models.CharField(max_length=200, unique=True)
    made = models.DateTimeField(auto_now_add=True)
    asked = models.DateTimeField(db_index=True, help_text="When somebody asked for it last, to the day.")

    def __str__(self) -> str:
        return self.key


class Entry(models.Model):
    """A paper that was seen on a ranked list, and when first. It stays when the paper falls out of the list again."""

    list = models.ForeignKey(RankedList, on_delete=models.CASCADE, related_name="entries")
    paper = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="+")
    entered = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["list", "paper"], name="one_entry_a_list")]
        indexes = [models.Index(fields=["list", "-entered"], name="entry_newest")]

    def __str__(self) -> str:
        return f"{self.paper_id} on {self.list_id}"
