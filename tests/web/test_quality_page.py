"""The page of each week's benchmark: its plot, the table behind it, the newest week, and what can be chosen."""

import re

import pytest
from django.test import Client
from django.utils import timezone

from broadsheet.bench.models import LiveWeek

pytestmark = pytest.mark.django_db


def interval(mean):
    return {"mean": mean, "low": round(mean - 0.05, 3), "high": round(mean + 0.05, 3)}


def week(name, words=0.5, fused=0.6, **more):
    """Keep a week with two systems, one field and two tasks."""
    means = {"words": words, "fused": fused}
    every = {
        system: {
            measure: interval(mean + shift) for measure, shift in (("nDCG@10", 0), ("MRR@10", 0.1), ("R@100", 0.2))
        }
        for system, mean in means.items()
    }
    by = [
        {
            "task": "all",
            "group": group,
            "queries": 30,
            "systems": {name: interval(mean) for name, mean in means.items()},
        }
        for group in ("cs.CL", "<i>cs</i>")
    ]
    report = {
        "week": name,
        "queries": 60,
        "documents": 10_000,
        "model": "all-MiniLM-L6-v2/1",
        "systems": {"words": "weight=0.0", "fused": "default"},
        "left_out": {"series": "The week has 3 queries for it, 20 are needed."},
        "tasks": {task: {"queries": 30, "systems": every} for task in ("all", "title", "sentence")},
        "by_field": by,
        "by_length": [by[0] | {"group": "1-3"}, by[0] | {"task": "title", "group": "4-8"}],
        "by_year": [],
        "differences": [{"task": "all", "than": "words", "mean": 0.1, "p": 0.0021, "better": 30, "worse": 9}],
        "items": {
            "asked": 50,
            "anchors": 60,
            "tau": 0.95,
            "apart": 41,
            "apart_in_order": 40,
            "largest_error": 0.012,
            "systems": [{"system": "words", "full": 0.5, "estimate": 0.512, "error": 0.012, "simple": -0.034}],
        },
    }
    return LiveWeek.objects.create(week=name, made=timezone.now(), papers=900, report=report | more)


@pytest.fixture
def shown(settings):
    settings.ALLOWED_HOSTS = ["testserver"]

    def read(**asked):
        answer = Client().get("/quality", asked)
        assert answer.status_code == 200
        return answer.content.decode()

    return read


def cells(text, name):
    row = re.search(rf'<tr><th scope="row">{name}</th>(.*?)</tr>', text, re.DOTALL)
    return re.sub(r"<[^>]+>", " ", row[1]).split()


def picture(text, shape):
    """Return the plot of a shape alone."""
    return re.search(rf'<svg class="{shape}".*?</svg>', text, re.DOTALL)[0]


def test_before_the_first_week_the_page_says_how_one_comes(shown):
    text = shown()
    assert "No week was measured yet" in text
    assert "<svg" not in text


def test_each_week_is_in_the_plot_and_in_the_table_behind_it(shown):
    week("2026-W20", words=0.51)
    week("2026-W21", words=0.53)
    text = shown()
    for shape in ("wide", "narrow"):
        assert picture(text, shape).count('<path class="line') == 2
        assert picture(text, shape).count("<circle") == 4
    assert cells(text, "2026-W20")[:4] == ["900", "30", "10000", "0.510"]
    assert text.index('"row">2026-W21<') < text.index('"row">2026-W20<'), "the newest first"
    assert "words, 2026-W20: 0.510 (0.460–0.560)" in text, "for who points at a dot"


def test_weeks_that_were_asked_in_fewer_papers_are_not_compared_in_silence(shown):
    week("2026-W20")
    assert "cannot be compared" not in shown()
    week("2026-W21", documents=1504)
    text = shown()
    assert "cannot be compared" in text
    assert cells(text, "2026-W21")[2] == "1504"


def test_the_plot_has_no_script_no_style_and_a_name(shown):
    week("2026-W20")
    text = shown()
    for shape in ("wide", "narrow"):
        assert f'role="img" aria-labelledby="{shape}-title {shape}-desc"' in picture(text, shape)
        assert text.count(f'id="{shape}-title"') == text.count(f'id="{shape}-desc"') == 1
    assert not re.search(r"<svg.*?(style=|<script|<style).*?</svg>", text, re.DOTALL)


def test_task_measure_and_systems_can_be_chosen(shown):
    week("2026-W20")
    text = shown(task="title", measure="MRR@10", system="fused")
    assert "MRR@10 by week, title" in text
    assert picture(text, "wide").count('<path class="line') == 1
    assert cells(text, "2026-W20")[3] == "0.700"


def test_by_field_the_first_measure_is_shown(shown):
    week("2026-W20")
    text = shown(field="cs.CL", measure="R@100")
    assert "nDCG@10 by week, all tasks, cs.CL" in text
    assert "By field nDCG@10 alone is kept." in text


def test_what_is_not_there_counts_as_not_chosen(shown):
    week("2026-W20")
    assert "nDCG@10 by week, all tasks" in shown(task="nothing", measure="x", field="<b>", system="y")
    assert "None of these weeks has queries of this kind." in shown(task="neighbours")


def test_a_system_that_came_later_has_a_shorter_line(shown):
    old = week("2026-W20")
    del old.report["tasks"]["all"]["systems"]["fused"]  # which the other tasks share
    del old.report["systems"]["fused"]
    for row in old.report["by_field"]:
        del row["systems"]["fused"]
    old.save()
    week("2026-W21")
    assert cells(shown(), "2026-W20")[-1] == "–"


def test_the_newest_week_is_told_in_full(shown):
    week("2026-W20")
    text = shown()
    for told in (
        "made of 900 papers",
        "Series: left out. The week has 3 queries",
        "Kendall tau of 0.95",
        "Of the 41 pairs that lie a point or more apart 40 are told in their order",
        "0.0021",
        "95 % intervals",
    ):
        assert told in text
    assert "<strong>0.600</strong>" in text, "the best of a task"


def test_the_newest_week_is_told_by_field_and_by_length_of_the_query(shown):
    week("2026-W20")
    text = shown()
    assert cells(text, "cs.CL")[:2] == cells(text, "1-3")[:2] == ["30", "0.500"]
    assert "4-8" not in text, "which the titles are, not all tasks together"
    assert "nDCG@10 by year" not in text, "where no row is told there is no table"
    assert cells(shown(task="title"), "4-8")[:2] == ["30", "0.500"]


def test_a_week_that_was_kept_before_lengths_were_told_is_shown(shown):
    old = week("2026-W20")
    del old.report["by_length"]
    old.save()
    assert "number of words" not in shown()


def test_the_error_of_the_item_model_stands_beside_that_of_doing_without(shown):
    week("2026-W20")
    assert "0.500 0.512 0.012 -0.034" in " ".join(cells(shown().split("as told")[1], "words"))


def test_names_of_fields_cannot_bring_markup(shown):
    week("2026-W20")
    text = shown()
    assert "<i>cs</i>" not in text
    assert "&lt;i&gt;cs" in text


def test_the_status_page_leads_there(shown):
    assert 'href="/quality"' in Client().get("/status").content.decode()


def test_robots_are_led_to_the_page_and_not_to_each_choice_on_it():
    lines = Client().get("/robots.txt").content.decode().splitlines()
    assert "Disallow: /quality?" in lines
    assert "Disallow: /quality" not in lines
