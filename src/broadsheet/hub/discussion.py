"""The discussion of a paper in the hub's shape: one flat list in which replies name what they reply to."""

from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet

from broadsheet.community import markdown
from broadsheet.community.models import Comment, Reaction
from broadsheet.hub.people import account, gone
from broadsheet.hub.texts import Json, time_text
from broadsheet.papers.models import Paper


def comments(paper: Paper) -> list[Json]:
    """Return all comments on a paper, the oldest first. Hidden and deleted ones have no text.

    What was deleted is left out, unless replies hang on it.
    """
    if not paper.pk:
        return []
    answered = Exists(Comment.objects.filter(parent=OuterRef("pk"), deleted__isnull=True))
    return [_shown(one) for one in _whole(paper.discussion.filter(Q(deleted__isnull=True) | answered))]


def comment(one: Comment) -> Json:
    """Return one comment."""
    return _shown(_whole(Comment.objects.filter(pk=one.pk)).get())


def _whole(found: QuerySet[Comment]) -> QuerySet[Comment]:
    """Read with comments all that is shown of them."""
    reactions = Reaction.objects.select_related("reader").order_by("pk")
    return (
        found.select_related("author", "hidden_by", "parent")
        .prefetch_related(Prefetch("reactions", queryset=reactions))
        .annotate(times_edited=Count("edits"))
        .order_by("posted", "pk")
    )


def _shown(one: Comment) -> Json:
    silent = bool(one.hidden or one.deleted)
    data: Json = {
        "edited": one.edited is not None,
        "hidden": silent,
        "latest": {
            "raw": "" if silent else one.text,
            "html": "" if silent else str(markdown.to_html(one.text)),
            "updatedAt": time_text(one.edited or one.posted),
        },
        "numEdits": one.times_edited,  # type: ignore[attr-defined]
        "reactions": [] if silent else _reactions(one),
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


def _reactions(one: Comment) -> list[Json]:
    """Return the signs on a comment, each with who made it, in the order they came first."""
    users: dict[str, list[str]] = {}
    for reaction in one.reactions.all():
        users.setdefault(reaction.sign, []).append(reaction.reader.username)
    return [{"reaction": sign, "users": names, "count": len(names)} for sign, names in users.items()]
