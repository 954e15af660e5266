"""Taking everything along and closing an account: what is told, what stays, and that nothing names who has left."""

import json
from datetime import timedelta

import pytest
from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core import mail
from django.db import models
from django.utils import timezone
from tests import cast

from broadsheet.accounts import limits, links, tokens
from broadsheet.accounts.models import LinkKind, Membership, Organization, Role, User
from broadsheet.community import closing, discussion, follows, lists, marks, merging, moderation, notifications, votes
from broadsheet.community.export import export
from broadsheet.community.models import (
    Claim,
    Comment,
    LinkChange,
    ModerationEntry,
    Report,
    Submission,
    Vote,
)
from broadsheet.errors import BadInput, Refused, SignInNeeded
from broadsheet.papers.models import Paper

NAME, ADDRESS = "zora-leaving", "zora-leaving@example.org"


@pytest.fixture
def zora(db):
    """A reader whose name stands nowhere else."""
    return cast.reader(NAME)


@pytest.fixture
def traces(zora, bo, mo, al, paper, client):
    """One of everything that a reader can leave behind; and the same of somebody who stays."""
    other = cast.paper("2601.00002", "Longer Papers")
    client.force_login(zora)
    votes.cast(zora, paper)
    votes.cast(bo, paper)
    votes.cast(zora, other)
    votes.take_back(zora, other)
    first = discussion.comment(bo, paper, "A question.")
    reply = discussion.comment(zora, paper, "An answer.", first)
    discussion.edit(zora, reply, "A better answer.")
    discussion.comment(bo, paper, "Thank you.", reply)
    discussion.react(zora, first, discussion.SIGNS[0] if not isinstance(discussion.SIGNS, dict) else "👍")
    tokens.issue(zora, "laptop", "write")
    links.make(LinkKind.SIGN_IN, zora, ADDRESS)
    links.make(LinkKind.INVITE, al, ADDRESS)
    lists.save(zora, paper)
    marks.mark(zora, other, "read")
    follows.follow(zora, "reader", "bo")
    follows.follow(bo, "reader", NAME)
    Submission.objects.create(paper=paper, reader=zora, day=paper.day)
    Claim.objects.create(paper=paper, reader=zora, author_name="Ada Example", proof="moderator", note="It is I.")
    LinkChange.objects.create(paper=paper, reader=zora, field="code", after="https://example.org/code", by="author")
    moderation.report(zora, first, "spam")
    moderation.warn(mo, zora, f"Please be kinder, @{NAME}.")
    moderation.hide(mo, reply, "Too sharp.")
    moderation.restore(mo, reply, "Looked at again.")
    notifications.tell(zora, "reply", actor=bo, paper=paper, comment=first)
    limits.spend(f"sign-in:{NAME}", capacity=5, seconds=60)
    limits.spend(f"sign-in:{ADDRESS}", capacity=5, seconds=60)
    house = Organization.objects.create(slug="example-lab", name="Example Lab")
    Membership.objects.create(organization=house, reader=zora, owner=True)
    Membership.objects.create(organization=house, reader=mo)
    Membership.objects.create(organization=house, reader=bo)
    twin = cast.paper("doi:10.1000/1", "Scaling Laws", announced=None)
    votes.cast(zora, twin)
    lists.save(zora, twin)
    Submission.objects.create(paper=twin, reader=zora, day=paper.day)
    merging.merge(paper, twin, "hand", by=NAME)
    merging.part(merging.merge(other, cast.paper("doi:10.1000/2", "Longer"), "hand", by=NAME), by=NAME)
    LogEntry.objects.create(
        user=al,
        content_type=ContentType.objects.get_for_model(User),
        object_id=str(zora.pk),
        object_repr=NAME,
        action_flag=CHANGE,
    )
    return reply


def mentions(pk):
    """Where, in all tables, a reader's key, name or address still stands."""
    found = []
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.concrete_fields:
            rows = model._default_manager.all()
            if field.is_relation and field.related_model is User:
                rows = rows.filter(**{field.attname: pk})
            elif isinstance(field, models.CharField | models.TextField | models.JSONField):
                # A text as a database compares it; JSON too is text once it is taken as such.
                texts = [str(value) for value in rows.values_list(field.attname, flat=True)]
                if not any(NAME in text for text in texts):
                    continue
                found.append(f"{model.__name__}.{field.name}")
                continue
            else:
                continue
            if rows.exists():
                found.append(f"{model.__name__}.{field.name}")
    return found


def test_the_export_has_one_of_everything(zora, traces):
    told = json.loads(json.dumps(export(zora)))
    assert (told["format"], told["version"]) == ("broadsheet-export", 1)
    assert told["profile"]["email"] == ADDRESS
    shapes = {"format", "version", "made", "profile", "connections"}
    for section in told.keys() - shapes:
        assert told[section], f"{section} is empty"
    assert {vote["paper"]: bool(vote["taken_back"]) for vote in told["votes"]} == {
        "2601.00001": False,
        "2601.00002": True,
    }
    (comment,) = told["comments"]
    assert comment["text"] == "A better answer."
    assert [edit["text"] for edit in comment["earlier_texts"]] == ["An answer."]
    assert any(item["paper"] == "2601.00001" for row in told["lists"] for item in row["items"])


def test_the_export_tells_no_secret(zora, traces):
    _, secret = tokens.issue(zora, "phone", "read")
    text = json.dumps(export(zora))
    session = zora.sessions.get()
    for hidden in (secret, session.session_key, session.session_data, zora.password, zora.tokens.first().digest):
        assert hidden not in text


def test_a_visitor_has_nothing_to_take_along(client, db):
    from django.contrib.auth.models import AnonymousUser

    with pytest.raises(SignInNeeded):
        export(AnonymousUser())


def test_after_closing_nothing_names_the_reader(zora, traces, django_capture_on_commit_callbacks):
    pk = zora.pk
    assert len(mentions(pk)) > 15, "the fixture leaves one of everything"
    with django_capture_on_commit_callbacks(execute=True):
        closing.close(zora, NAME, cast.PASSWORD)
    assert mentions(pk) == []
    assert mail.outbox[-1].to == [ADDRESS]
    assert "closed" in mail.outbox[-1].subject


def test_closing_withdraws_votes_and_leaves_what_others_read(zora, traces, bo, mo, paper):
    closing.close(zora, NAME, cast.PASSWORD)
    paper.refresh_from_db()
    assert paper.reader_votes == Vote.objects.filter(paper=paper).count() == 1
    assert paper.reader_comments == 3
    reply = Comment.objects.get(pk=traces.pk)
    assert reply.author is None
    assert reply.text == "A better answer."
    assert [edit.text for edit in reply.edits.all()] == ["An answer."]
    assert reply.parent.author == bo
    assert discussion.thread(paper, bo)
    assert Submission.objects.get(paper=paper).reader is None
    assert LinkChange.objects.get(paper=paper).after == "https://example.org/code"
    assert not Claim.objects.exists()
    assert Report.objects.get().reporter is None
    assert Membership.objects.get(owner=True).reader == mo, "the oldest of those who stay"
    warned = ModerationEntry.objects.get(verb="warn")
    assert warned.account == closing.CLOSED
    assert warned.reason == f"Please be kinder, {closing.CLOSED}."
    assert warned.moderator == "mo"


def test_the_thread_page_stays_readable(zora, traces, client, paper):
    closing.close(zora, NAME, cast.PASSWORD)
    page = client.get(f"/papers/{paper.key}").content.decode()
    assert "A better answer." in page
    assert NAME not in page


def test_an_organisation_without_others_stays_without_members(zora):
    house = Organization.objects.create(slug="lonely", name="Lonely")
    Membership.objects.create(organization=house, reader=zora, owner=True)
    closing.close(zora, NAME, cast.PASSWORD)
    assert Organization.objects.filter(slug="lonely").exists()
    assert not house.memberships.exists()


@pytest.mark.parametrize(("name", "password"), [("bo", cast.PASSWORD), (NAME, "wrong"), (NAME, ""), ("", "")])
def test_a_wrong_name_or_password_closes_nothing(zora, name, password):
    with pytest.raises(BadInput):
        closing.close(zora, name, password)
    assert User.objects.filter(pk=zora.pk).exists()


def test_the_last_administrator_stays(al):
    with pytest.raises(Refused, match="last administrator") as refused:
        closing.close(al, "al", cast.PASSWORD)
    assert "broadsheet reader role" in refused.value.hint
    cast.reader("second", Role.ADMIN)
    closing.close(al, "al", cast.PASSWORD)
    assert not User.objects.filter(username="al").exists()


def test_a_suspended_reader_may_leave_and_take_everything_along(zora):
    User.objects.filter(pk=zora.pk).update(suspended_until=timezone.now() + timedelta(days=3))
    zora.refresh_from_db()
    assert export(zora)["profile"]["suspended_until"]
    closing.close(zora, NAME, cast.PASSWORD)
    assert not User.objects.filter(pk=zora.pk).exists()


def test_only_administrators_close_for_others(zora, mo, al):
    with pytest.raises(Refused):
        closing.close_for(mo, zora)
    closing.close_for(al, zora)
    assert not User.objects.filter(pk=zora.pk).exists()


def test_an_account_whose_extra_was_switched_off_closes_too(zora):
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE socialaccount_socialaccount (id integer, user_id integer REFERENCES accounts_user (id))"
        )
        cursor.execute("INSERT INTO socialaccount_socialaccount VALUES (1, %s)", [zora.pk])
        closing.close(zora, NAME, cast.PASSWORD)
        cursor.execute("SELECT COUNT(*) FROM socialaccount_socialaccount")
        assert cursor.fetchone() == (0,)


def test_papers_of_others_are_not_touched(zora, traces):
    before = Paper.objects.count()
    closing.close(zora, NAME, cast.PASSWORD)
    assert Paper.objects.count() == before


def test_only_names_can_be_struck_from_the_log(zora, traces):
    with pytest.raises(TypeError, match="verb"):
        ModerationEntry.objects.all().strike(verb="nothing")
    with pytest.raises(TypeError):
        ModerationEntry.objects.all().update(moderator="nobody")
