"""What the other forms of acronyms are worth, as docs/search/quality.md tells it; WORD_PAPERS says of how many papers.

Papers are asked for by their titles, and by three words, in the form of an acronym that their texts do not hold. No
judgment is needed, as each query is made from the one paper that it is of; which papers hold but one form is their
authors' doing. The same queries in the papers' own form, and ordinary known items, show what it costs.
"""

import os
import random

import numpy as np
import pytest
from tests.soak.word_variants import Asked, Cut, Text, Words, known, papers

from broadsheet.bench import measures
from broadsheet.papers.models import Paper
from broadsheet.search import acronyms
from broadsheet.search.models import Acronym
from broadsheet.search.text import defined

PAPERS = int(os.environ.get("WORD_PAPERS", "40000"))
QUERIES = int(os.environ.get("WORD_QUERIES", "500"))
KEPT = Asked((0.3, 0.2), forms=True, questions=True)

type Query = tuple[str, str, int]


def one_form(found: list[Text], drawn: random.Random) -> list[Query]:
    """Return queries for papers whose title holds an acronym, or what one stands for, and whose text has no other form.

    Their titles are masked. Every pair that three abstracts define is taken, sure or not.
    """
    pairs = list(Acronym.objects.filter(papers__gte=acronyms.FEWEST).order_by("papers"))
    shorts = {pair.key: pair for pair in pairs}
    longs = {pair.sign: pair for pair in pairs}
    queries: list[Query] = []
    for number in drawn.sample(range(len(found)), len(found)):
        title, text = found[number]["title"], f"{found[number]['title']} {found[number]['abstract']}"
        words, signs = defined.words_of(title), {defined.sign_of(defined.bare(word)) for word in defined.words_of(text)}
        said = [
            (begin, end, shorts[key].short, "acronym asked")
            for begin in range(len(words))
            for end in range(begin + 2, min(begin + 7, len(words)) + 1)
            if (key := defined.key_of(" ".join(words[begin:end]))) in shorts
            and not any(pair.sign in signs for pair in pairs if pair.key == key)
        ] or [
            (place, place + 1, longs[sign].long, "words asked")
            for place, word in enumerate(words)
            if defined.is_short(defined.bare(word))
            and (sign := defined.sign_of(defined.bare(word))) in longs
            and longs[sign].key not in defined.key_of(text)
        ]
        if not said or sum(name == f"title, {said[-1][3]}" for name, _, _ in queries) >= QUERIES:
            continue
        begin, end, other, name = max(said, key=lambda one: one[1] - one[0])
        rest = [word for word in words[:begin] + words[end:] if len(word) > 4]
        for label, form in ((name, [other]), (f"{name}, own form", words[begin:end])):
            queries.append((f"title, {label}", " ".join([*words[:begin], *form, *words[end:]]), number))
            queries.append((f"short, {label}", " ".join([*form, *rest[:2]]), number))
        found[number]["title"] = ""
    return queries


@pytest.mark.soak
@pytest.mark.django_db
def test_the_other_form_of_an_acronym_finds_papers_and_costs_the_others_nothing(shared_data):
    found = papers(shared_data("papers-2025-2026.jsonl.xz"), PAPERS)
    Paper.objects.bulk_create(
        [
            Paper(key=f"words:{number}", title=text["title"], abstract=text["abstract"], stamp=number)
            for number, text in enumerate(found)
        ],
        batch_size=500,
    )
    told = acronyms.mine()
    often = Acronym.objects.filter(papers__gte=acronyms.FEWEST).count()
    print(f"\n{told} {often} of them stand in {acronyms.FEWEST} abstracts or more.")
    plain = known(found, QUERIES, seed=11)
    queries = [(name, query, int(next(iter(grades)))) for name, query, grades in plain.queries]
    queries += one_form(plain.documents, random.Random(3))
    index = Words(plain.documents, Cut(joined=True))
    alike = [acronyms.alike(query) for _, query, _ in queries]
    scores: dict[str, dict[float, list[float]]] = {}
    for (name, query, number), forms in zip(queries, alike, strict=True):
        for weight in (0.0, 0.3, 0.5, 0.7, 1.0):
            best = index.best(query, KEPT, forms if weight else (), weight)
            scores.setdefault(name, {}).setdefault(weight, []).append(measures.reciprocal_rank(best, {str(number): 1}))
    for name, by_weight in scores.items():
        shown = "  ".join(f"{weight}: {np.mean(values):.4f}" for weight, values in by_weight.items())
        print(f"{name:<32} {len(by_weight[0.0]):>5} queries  {shown}")
    gains = {name: np.mean(by[0.5]) - np.mean(by[0.0]) for name, by in scores.items()}
    assert gains["short, acronym asked"] > 0
    assert gains["short, words asked"] > 0
