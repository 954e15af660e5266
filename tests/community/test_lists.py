"""Lists through their verbs: what is kept, in which order, for whom, and that nothing is lost when many act at once."""

import threading

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests import cast

from broadsheet.community import exchange, lists
from broadsheet.community.models import ListItem, ReadingList
from broadsheet.errors import BadInput, Conflict, NotFound, Refused, SignInNeeded
from broadsheet.papers import bibliography
from broadsheet.papers.models import Paper

pytestmark = pytest.mark.django_db


@pytest.fixture
def papers():
    return [cast.paper(f"2601.0000{n}", f"Paper {n}") for n in range(1, 6)]


def keys(reading_list):
    return [item.paper.key for item in lists.items(reading_list)]


def test_a_paper_is_saved_once_and_taken_out_again(ada, paper):
    assert lists.saved_of(ada) is None
    assert lists.save(ada, paper) is True
    assert lists.save(ada, paper) is False
    kept = lists.saved_of(ada)
    assert kept is not None
    assert (kept.slug, kept.public, keys(kept)) == ("saved", False, [paper.key])
    assert lists.unsave(ada, paper) is True
    assert lists.unsave(ada, paper) is False
    assert keys(kept) == []


def test_saved_papers_stay_private_and_their_list_stays(ada, paper):
    kept = lists.saved_list(ada)
    with pytest.raises(Refused, match="always private"):
        lists.edit(ada, kept, public=True)
    with pytest.raises(Refused, match="stays"):
        lists.delete(ada, kept)
    assert ReadingList.objects.get(pk=kept.pk).public is False


def test_a_list_keeps_its_address_when_it_is_renamed(ada):
    made = lists.create(ada, "  Small\nmodels! ", description="What they can")
    assert (made.slug, made.title) == ("small-models", "Small models!")
    lists.rename(ada, made, "Large models")
    made.refresh_from_db()
    assert (made.slug, made.title) == ("small-models", "Large models")


def test_every_list_of_a_reader_has_an_address_of_its_own(ada, bo):
    assert [lists.create(ada, title).slug for title in ("Saved", "saved", "读", "Новое", "a.b/c")] == [
        "saved-2",
        "saved-3",
        "list",
        "list-2",
        "abc",
    ]
    assert lists.create(bo, "a.b/c").slug == "abc"


@pytest.mark.parametrize(("title", "description"), [("", ""), (" \x00\u200b ", ""), ("x" * 121, ""), ("x", "y" * 501)])
def test_a_title_or_description_that_cannot_be_is_refused(ada, title, description):
    with pytest.raises(BadInput):
        lists.create(ada, title, description=description)
    with pytest.raises(BadInput, match="theme"):
        lists.create(ada, "x", theme="red")


def test_papers_stand_in_the_order_they_were_added_and_move(ada, papers):
    made = lists.create(ada, "Mine")
    for one in papers:
        assert lists.add(ada, made, one)
    assert lists.add(ada, made, papers[0], "again") is False
    names = [paper.key for paper in papers]
    assert keys(made) == names
    lists.move(ada, made, papers[3], 0)
    assert keys(made) == [names[3], *names[:3], names[4]]
    lists.move(ada, made, papers[3], 99)
    assert keys(made) == [*names[:3], names[4], names[3]]
    lists.move(ada, made, papers[0], 1)
    assert keys(made) == [names[1], names[0], names[2], names[4], names[3]]
    assert lists.remove(ada, made, papers[2]) is True
    assert lists.remove(ada, made, papers[2]) is False
    lists.add(ada, made, papers[2])
    assert keys(made) == [names[1], names[0], names[4], names[3], names[2]]
    with pytest.raises(NotFound):
        lists.move(ada, made, cast.paper("2601.09999"), 0)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=st.lists(st.tuples(st.integers(0, 4), st.integers(-2, 7)), max_size=12))
def test_any_moves_do_what_moves_in_a_plain_list_do(ada, papers, moves):
    made = lists.create(ada, "Mine")
    lists.add_all(ada, made, [(one, "") for one in papers])
    expected = list(papers)
    for which, place in moves:
        lists.move(ada, made, papers[which], place)
        expected.remove(papers[which])
        expected.insert(min(max(place, 0), 4), papers[which])
    assert keys(made) == [one.key for one in expected]
    lists.delete(ada, made)


def test_a_note_stands_beside_its_paper(ada, paper):
    made = lists.create(ada, "Mine")
    lists.add(ada, made, paper, "first\nread")
    assert lists.items(made).get().note == "first read"
    lists.note(ada, made, paper, "")
    assert lists.items(made).get().note == ""
    with pytest.raises(BadInput, match="501"):
        lists.note(ada, made, paper, "x" * 501)


def test_others_see_public_lists_and_change_none(ada, bo, mo, al, paper):
    private, public = lists.create(ada, "Private"), lists.create(ada, "Public", public=True)
    lists.add(ada, private, paper)
    nobody = AnonymousUser()
    for other in (bo, mo, al, nobody):
        assert lists.find(other, "ada", "public") == public
        with pytest.raises(NotFound):
            lists.find(other, "ada", "private")
    assert lists.find(ada, "ada", "private") == private
    acts = [
        lambda who, which: lists.add(who, which, paper),
        lambda who, which: lists.remove(who, which, paper),
        lambda who, which: lists.move(who, which, paper, 0),
        lambda who, which: lists.note(who, which, paper, "x"),
        lambda who, which: lists.edit(who, which, title="x"),
        lists.delete,
        lambda who, which: exchange.bring(who, which, []),
    ]
    for act in acts:
        for other in (bo, mo, al):
            with pytest.raises(Refused, match="owner"):
                act(other, public)
            with pytest.raises(NotFound):
                act(other, private)
        with pytest.raises(SignInNeeded):
            act(nobody, public)
    assert keys(private) == [paper.key]
    assert keys(public) == []


def test_a_suspended_reader_keeps_lists_and_changes_none(ada, paper):
    from django.utils import timezone

    made = lists.create(ada, "Mine")
    ada.suspended_until = timezone.now() + timezone.timedelta(days=1)
    ada.save()
    with pytest.raises(Refused):
        lists.add(ada, made, paper)
    assert lists.find(ada, "ada", "mine") == made


def test_there_is_an_end_to_lists_and_to_a_list(ada, paper, monkeypatch):
    monkeypatch.setattr(lists, "MOST_LISTS", 2)
    monkeypatch.setattr(lists, "MOST_PAPERS", 1)
    made = lists.create(ada, "One")
    lists.create(ada, "Two")
    with pytest.raises(Refused, match="at most 2 lists"):
        lists.create(ada, "Three")
    lists.add(ada, made, paper)
    with pytest.raises(Conflict, match="at most 1 papers"):
        lists.add(ada, made, cast.paper("2601.00002"))
    assert lists.add(ada, made, paper) is False
    assert keys(made) == [paper.key]


@pytest.mark.django_db(transaction=True)
def test_many_at_once_lose_nothing_and_double_nothing():
    ada = cast.reader("ada")
    papers = [cast.paper(f"2601.{n:05}", f"Paper {n}") for n in range(1, 13)]
    made = lists.create(ada, "Mine")
    failures: list[Exception] = []

    def work(start: int) -> None:
        try:
            for place in range(12):
                lists.add(ada, ReadingList.objects.get(pk=made.pk), papers[(start + place) % 12])
                lists.save(ada, papers[place])
        except Exception as error:  # noqa: BLE001 (whatever it is, the test tells it)
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(start,)) for start in (0, 4, 8, 8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    positions = list(made.items.values_list("position", flat=True))
    assert positions == list(range(1, 13))
    assert ReadingList.objects.filter(slug="saved").count() == 1
    assert ListItem.objects.count() == 24


@pytest.mark.parametrize("kind", ["bib", "ris", "json"])
def test_a_list_carried_to_another_is_the_same_list(ada, papers, kind):
    made, other = lists.create(ada, "Mine"), lists.create(ada, "Other")
    for one in reversed(papers):
        lists.add(ada, made, one, f"on {one.key}: 100% {{sure}} #1 é 读 \\o/ ~^_&$")
    brought = exchange.bring(ada, other, bibliography.read(exchange.written(made, kind).encode()))
    assert (brought.added, brought.already, brought.missing, brought.shortened) == (5, 0, [], [])
    assert [(i.paper_id, i.note) for i in lists.items(other)] == [(i.paper_id, i.note) for i in lists.items(made)]
    again = exchange.bring(ada, other, bibliography.read(exchange.written(made, kind).encode()))
    assert (again.added, again.already) == (0, 5)


def test_what_is_brought_and_unknown_is_told_and_long_notes_are_cut(ada, paper):
    made = lists.create(ada, "Mine")
    first = f"@misc{{a, eprint={{{paper.key}}}, annote={{{'x' * 600}}}}}"
    text = first + "\n@misc{b, title={Unknown}, eprint={2602.00002}}"
    brought = exchange.bring(ada, made, bibliography.read(text.encode()))
    assert (brought.added, brought.shortened) == (1, ["entry 1 (a)"])
    assert [(one.entry.arxiv, one.reason) for one in brought.missing] == [
        ("2602.00002", "arXiv:2602.00002 is not here yet")
    ]
    assert len(lists.items(made).get().note) == 500


def test_the_files_of_a_long_list_leave_abstracts_out(ada, papers, monkeypatch):
    made = lists.create(ada, "Mine")
    lists.add_all(ada, made, [(one, "") for one in papers])
    assert papers[0].abstract in exchange.written(made, "ris")
    monkeypatch.setattr(exchange, "MOST_ABSTRACTS", 4)
    for kind in ("ris", "json"):
        assert papers[0].abstract not in exchange.written(made, kind)


def test_a_long_list_is_brought_in_few_queries(ada, django_assert_max_num_queries):
    made = lists.create(ada, "Mine")
    rows = [
        Paper(key=f"2601.{n:05}", title=f"T{n}", title_key="", text_source="arxiv", source="arxiv", stamp=n)
        for n in range(1, 1501)
    ]
    Paper.objects.bulk_create(rows)
    text = "\n".join(f"TY  - JOUR\nUR  - https://arxiv.org/abs/2601.{n:05}\nER  - " for n in range(1, 1501))
    with django_assert_max_num_queries(20):
        assert exchange.bring(ada, made, bibliography.read(text.encode())).added == 1500


def test_a_list_made_private_stays_so_when_it_is_renamed_at_the_same_moment(ada):
    made = lists.create(ada, "Shared", public=True)
    renaming = ReadingList.objects.get(pk=made.pk)
    lists.edit(ada, made, public=False)
    lists.rename(ada, renaming, "Ours")
    now = ReadingList.objects.get(pk=made.pk)
    assert (now.title, now.public) == ("Ours", False)
