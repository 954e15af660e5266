"""What can be set for a subscription, and what decides who shares a choice."""

import pytest

from broadsheet.errors import BadInput
from broadsheet.mail.preferences import Preferences, preferences_key, sentence, zone_names


def test_an_empty_form_is_as_usual(settings):
    settings.TIME_ZONE = "Europe/Berlin"
    assert Preferences.read({}) == Preferences(zone="Europe/Berlin")
    assert sentence(Preferences.read({"cadence": " "})) == "on weekdays at 7:00 (Europe/Berlin)"


def test_a_form_is_read_as_it_was_meant():
    read = Preferences.read(
        {
            "cadence": "weekly",
            "weekday": "4",
            "hour": "18",
            "zone": "america/new york",
            "papers": "5",
            "categories": "cs.lg, MATH.pr physics.Optics cs.LG",
            "include": "graph neural\nmolecules,  proteins \n\n",
            "exclude": "survey\u202e",
            "authors": "Example, Ada\nBo Sample",
            "least_votes": "3",
        }
    )
    assert read == Preferences(
        "weekly",
        4,
        18,
        "America/New_York",
        5,
        ("cs.LG", "math.PR", "physics.optics"),
        ("graph neural", "molecules", "proteins"),
        ("survey",),
        ("Example, Ada", "Bo Sample"),
        3,
    )
    assert Preferences.read(read.typed()) == read
    assert sentence(read) == "on Fridays at 18:00 (America/New_York)"


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("cadence", "hourly", "'hourly' is not how often"),
        ("hour", "24", "from 0 to 23"),
        ("hour", "-1", "from 0 to 23"),
        ("hour", "٣", "from 0 to 23"),
        ("papers", "0", "from 1 to 50"),
        ("papers", "9" * 30, "from 1 to 50"),
        ("weekday", "7", "from 0 to 6"),
        ("zone", "../../etc/passwd", "not a time zone"),
        ("zone", "Europe/Atlantis", "not a time zone"),
        ("categories", "cs.LG <b>", "'<b>' is not a category"),
        ("include", "\n".join(map(str, range(21))), "21 words"),
        ("authors", "x" * 81, "80 characters at most"),
        ("least_votes", "many", "whole number"),
    ],
)
def test_what_cannot_be_is_told_with_the_way_out(field, typed, said):
    with pytest.raises(BadInput, match=said) as refused:
        Preferences.read({field: typed})
    assert refused.value.hint


def test_when_it_comes_decides_nothing_and_neither_does_the_order_of_words():
    key = preferences_key("search", "graphs", Preferences(include=("a", "B")))
    assert len(key) == 40
    assert preferences_key("search", "graphs", Preferences("daily", 3, 20, "Asia/Tokyo", include=("b", "A"))) == key
    others = [
        preferences_key("search", "graph", Preferences(include=("a", "b"))),
        preferences_key("category", "graphs", Preferences(include=("a", "b"))),
        preferences_key("search", "graphs", Preferences(exclude=("a", "b"))),
        preferences_key("search", "graphs", Preferences(include=("a", "b"), papers=11)),
        preferences_key("search", "graphs", Preferences(include=("a", "b"), least_votes=1)),
        preferences_key("search", "graphs", Preferences("weekly", include=("a", "b"))),
    ]
    assert len({key, *others}) == 7


def test_zones_that_can_be_chosen_are_towns_and_utc():
    names = zone_names()
    assert {"Europe/Berlin", "UTC", "America/Argentina/Buenos_Aires"} <= set(names)
    assert not [name for name in names if name.startswith("Etc/")]
    assert Preferences.read({"zone": "Etc/GMT+3"}).zone == "Etc/GMT+3"
