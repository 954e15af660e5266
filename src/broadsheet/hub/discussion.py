"""The discussion of a paper in the hub's shape: one flat list in which replies name what they reply to."""

from collections.abc import Iterable

from broadsheet.community import markdown, reading
from broadsheet.community.models import Comment
from broadsheet.community.reading import Row
from broadsheet.hub.people import account, gone
from broadsheet.hub.texts import Json, time_text
from broadsheet.papers.models import Paper


def comments(paper: Paper, rows: Iterable[Row] | None = None) -> list[Json]:
    """Return all comments on a paper, the oldest first, or those that have been read already (``rows``).

    Hidden and deleted ones have no text. What was deleted is left out, unless replies hang on it.
    """
    if not paper.pk:
        return []
    rows = reading.read(paper.discussion.all()) if rows is None else list(rows)
    answered = {row.comment.parent_id for row in rows if not row.comment.deleted}
    return [_shown(row) for row in rows if not row.comment.deleted or row.comment.pk in answered]


def comment(one: Comment) -> Json:
    """Return one comment."""
    (row,) = reading.read(Comment.objects.filter(pk=one.pk))
    return _shown(row)


def _shown(row: Row) -> Json:
    one = row.comment
    silent = bool(one.hidden or one.deleted)
    data: Json = {
        "edited": one.edited is not None,
        "hidden": silent,
        "latest": {
            "raw": "" if silent else one.text,
            "html": "" if silent else str(markdown.to_html(one.text)),
            "updatedAt": time_text(one.edited or one.posted),
        },
        "numEdits": row.edits,
        "reactions": [] if silent else _reactions(row),
        "isReport": False,
    }
    if one.deleted:
        data["hiddenReason"] = "Deleted by its author"
    elif one.hidden:
        data["hiddenReason"] = one.hidden_reason
        data["hiddenBy"] = one.hidden_by.username if one.hidden_by else ""
    if one.parent:
        data["parentCommentId"] = one.parent.public_id
    return {
        "id": one.public_id,
        "author": account(one.author) if one.author else gone(),
        "createdAt": time_text(one.posted),
        "type": "comment",
        "data": data,
    }


def _reactions(row: Row) -> list[Json]:
    """Return the signs on a comment, each with who made it, in the order they came first."""
    return [{"reaction": sign, "users": names, "count": len(names)} for sign, names in row.signs.items()]
