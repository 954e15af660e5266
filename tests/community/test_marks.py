"""Marks: one of two or none on a paper, for its reader alone."""

import pytest
from django.contrib.auth.models import AnonymousUser

from broadsheet.community import marks
from broadsheet.community.models import Mark
from broadsheet.errors import BadInput, SignInNeeded


def test_a_paper_has_one_mark_at_a_time(ada, paper):
    assert marks.mark(ada, paper, "read") is True
    assert marks.mark(ada, paper, "read") is False
    assert list(marks.unwanted(ada)) == []
    assert marks.mark(ada, paper, "not-interested") is True
    assert list(marks.unwanted(ada)) == [paper.pk]
    assert [mark.kind for mark in marks.marked(ada)] == ["not-interested"]
    assert marks.mark(ada, paper, None) is True
    assert marks.mark(ada, paper, None) is False
    assert Mark.objects.count() == 0


def test_marks_are_their_readers_alone(ada, bo, al, paper):
    marks.mark(ada, paper, "not-interested")
    for other in (bo, al, AnonymousUser()):
        assert not marks.unwanted(other).exists()
        assert not marks.marked(other).exists()
    marks.mark(bo, paper, None)
    assert marks.unwanted(ada).exists()


def test_nobody_marks_nothing_and_other_marks_do_not_exist(ada, paper):
    with pytest.raises(SignInNeeded):
        marks.mark(AnonymousUser(), paper, "read")
    with pytest.raises(BadInput, match="read and not-interested"):
        marks.mark(ada, paper, "loved")
    assert Mark.objects.count() == 0
