"""Run as a script on a state directory: prints votes and comments as they are counted and as the rows say."""

import json

import django

django.setup()

from django.db.models import Count, Q  # noqa: E402

from broadsheet.community.models import Comment, Vote  # noqa: E402
from broadsheet.papers.models import Paper  # noqa: E402

counted = {
    key: [votes, comments]
    for key, votes, comments in Paper.objects.values_list("key", "reader_votes", "reader_comments")
    if votes or comments
}
rows: dict[str, list[int]] = {}
for key, number in Vote.objects.standing().values_list("paper__key").annotate(Count("id")):
    rows.setdefault(key, [0, 0])[0] = number
shown = Q(hidden__isnull=True, deleted__isnull=True)
for key, number in Comment.objects.filter(shown).values_list("paper__key").annotate(Count("id")):
    rows.setdefault(key, [0, 0])[1] = number
standing = list(Vote.objects.standing().values_list("paper__key", "reader__username"))
written = list(Comment.objects.filter(shown).values_list("paper__key", "author__username", "text"))
print(json.dumps({"counted": counted, "rows": rows, "standing": standing, "written": written}))
