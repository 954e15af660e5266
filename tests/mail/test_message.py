"""A digest as a mail: one rendering for all who share it, whole and safe for each of them."""

import json
import re
from datetime import UTC, datetime
from email import message_from_bytes, policy
from html.parser import HTMLParser
from pathlib import Path

import pytest
from tests import cast

from broadsheet.errors import BadInput
from broadsheet.mail import message, tokens
from broadsheet.mail.models import Cadence, Choice, Delivery, Pick, Subscription

NOW = datetime(2026, 11, 20, 6, 0, 5, tzinfo=UTC)
FACTS = Path(__file__).parents[2] / "docs" / "digest.md"
PAYLOADS = [
    json.loads(f'"{line}"')
    for line in (Path(__file__).parents[1] / "data" / "xss.txt").read_text().splitlines()
    if line and not line.startswith("#")
]
WEEK = {
    "last": "2026-11-22",
    "days": [["2026-11-16", 120], ["2026-11-17", 60], ["2026-11-18", 0]],
    "categories": [["cs.CL", 34], ["cs.LG", 17]],
    "voted": [["2611.00009", "The most voted <paper>", 40]],
}


@pytest.fixture(autouse=True)
def _site(settings):
    settings.PUBLIC_URL = "https://papers.example.org"
    settings.MAIL_FROM = "papers@example.org"
    settings.CONTACT = "desk@example.org"


def subscription(address="ada@example.org", kind="day", value="", **more):
    return Subscription(address=address, kind=kind, value=value, **more)


def choice(edition="2026-11-20", **more):
    return Choice(edition=edition, **more)


def picked(*papers, why="12 votes"):
    return [Pick(paper=one, place=place, why=why) for place, one in enumerate(papers)]


def letter(papers, of=None, to=None, why="12 votes"):
    return message.letter(of or choice(), to or subscription(), picked(*papers, why=why))


def read(raw):
    return message_from_bytes(raw, policy=policy.default)


def sent(made, to=None):
    """Return a mail as its reader's program reads it."""
    return read(made.fill(to or subscription(), Delivery(token="delivery-token"), NOW))


class Tags(HTMLParser):
    """All tags of a page with their attributes."""

    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def every(self, attribute):
        return [values[attribute] for _, values in self.found if attribute in values]


def test_a_digest_says_which_papers_by_whom_and_why(paper):
    made = letter([paper], choice(facts={"chosen_from": 143}))
    assert made.subject == "The papers of the day, Fri 20 Nov 2026: Scaling Laws for Small Papers"
    for shown in (made.text, made.html):
        for said in ("Friday, 20 November 2026", "1 of 143 papers", "Scaling Laws for Small Papers"):
            assert said in shown
        for said in ("Ada Example and Bo Sample", "We measure how short papers grow.", "Why it is here: 12 votes"):
            assert said in shown
        assert "https://papers.example.org/papers/2601.00001" in shown
        assert "https://arxiv.org/abs/2601.00001" in shown
        assert "ada@example.org" in shown
        assert "desk@example.org" in shown


def test_the_headers_are_those_of_a_mailing_list(paper):
    mail = sent(letter([paper]))
    own = tokens.token(subscription())
    assert mail["Message-ID"] == "<delivery-token@example.org>"
    assert mail["Date"].datetime == NOW
    assert mail["From"].addresses[0].addr_spec == "papers@example.org"
    assert mail["From"].addresses[0].display_name == "Broadsheet"
    assert mail["To"].addresses[0].addr_spec == "ada@example.org"
    assert mail["Precedence"] == "bulk"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["List-Id"].endswith("<day.digest.papers.example.org>")
    assert mail["Feedback-ID"] == "2026-11-20:day:digest:broadsheet"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert re.fullmatch(r"<https://papers\.example\.org/mail/[\w-]{32}/unsubscribe>", mail["List-Unsubscribe"].strip())
    assert len(own) == 32
    assert not {"In-Reply-To", "References", "Reply-To"} & set(mail.keys()), "days must not be one thread"
    assert len(mail.keys()) == len(set(mail.keys()))
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]


def test_two_days_have_two_subjects_and_one_list(paper):
    first, second = (sent(letter([paper], choice(day))) for day in ("2026-11-19", "2026-11-20"))
    assert first["Subject"] != second["Subject"]
    assert first["List-Id"] == second["List-Id"]


def test_lists_are_told_apart_by_nothing_that_anybody_typed(paper):
    ids = [
        sent(letter([paper], to=subscription(kind="search", value=value)))["List-Id"]
        for value in ("attention", "secret plans")
    ]
    assert ids[0] != ids[1]
    assert "secret" not in ids[1]


def test_everybody_gets_their_own_links_and_address_and_nobody_elses(paper):
    ada, bo = subscription(), subscription("bo+news=all@example.org", hour=18, zone="Europe/Berlin")
    made = letter([paper], to=ada)
    for one, other in ((ada, bo), (bo, ada)):
        mail = sent(made, one)
        own, foreign = tokens.token(one), tokens.token(other)
        for part in mail.iter_parts():
            shown = part.get_content()
            assert f"https://papers.example.org/mail/{own}/unsubscribe" in shown
            assert one.address in shown
            assert foreign not in shown
            assert other.address not in shown
        assert own in mail["List-Unsubscribe"]
    assert "on weekdays at 18:00 (Europe/Berlin)" in sent(made, bo).get_body(("plain",)).get_content()


@pytest.mark.parametrize(
    ("cadence", "words"),
    [
        (Cadence.DAILY, "every day at 7:00 (UTC)"),
        (Cadence.WEEKDAYS, "on weekdays at 7:00 (UTC)"),
        (Cadence.WEEKLY, "on Mondays at 7:00 (UTC)"),
        (Cadence.SOMETHING, "when there is something new"),
    ],
)
def test_the_foot_says_how_often_it_comes(paper, cadence, words):
    assert words in letter([paper], to=subscription(cadence=cadence)).text


def test_an_early_edition_says_so(paper):
    made = letter([paper], choice(early="This edition is early: 38 papers are on their way."))
    assert "This edition is early: 38 papers are on their way." in made.text
    assert "This edition is early: 38 papers are on their way." in made.html


def test_a_weekly_one_is_dated_by_what_it_tells_of_and_not_by_the_week_that_begins(paper):
    sent_on_monday = choice("2026-W48", facts={"overview": WEEK})
    assert "The week to Sunday, 22 November 2026" in letter([paper], sent_on_monday).text
    assert "Week 48 of 2026" in letter([paper], choice("2026-W48")).text, "where nothing came in the week"


def test_a_week_has_an_overview_with_bars_in_both_forms(paper):
    made = letter([paper], choice("2026-W47", facts={"overview": WEEK}), subscription(kind="week", cadence="weekly"))
    assert made.subject.startswith("The papers of the week, week to 22 Nov 2026: ")
    for shown in (made.text, made.html):
        assert "The week to Sunday, 22 November 2026" in shown
        assert "180 papers" in shown
    assert f"Mon 16  {'█' * 24} 120" in made.text
    assert f"Tue 17  {'█' * 12}{' ' * 13}60" in made.text
    assert [width for width in Tags(made.html).every("width") if width in ("100%", "50%")].count("50%") == 2
    assert "The most voted &lt;paper&gt;" in made.html
    assert "40 · The most voted <paper>" in made.text


def test_mathematics_is_readable_without_markup(db):
    made = letter([cast.paper(title=r"Bounds of $O(n^2)$ for $\alpha$-mixing \emph{chains}")])
    assert "Bounds of O(n²) for α-mixing chains" in made.html
    assert "Bounds of O(n²) for α-mixing chains" in made.text


@pytest.mark.parametrize("start", range(0, len(PAYLOADS), 50))
def test_hostile_titles_stay_text(db, start):
    hostile = [one.replace("\0", "") for one in PAYLOADS[start : start + 50]]
    papers = [
        cast.paper(f"2601.1{start + place:04}", text, authors=[text], abstract=text, categories=[text[:40]])
        for place, text in enumerate(hostile)
    ]
    made = letter(papers, choice(early=hostile[0], facts={"overview": WEEK | {"categories": [[hostile[0], 1]]}}))
    tags = Tags(made.html)
    allowed = {"html", "head", "meta", "title", "style", "body", "div", "table", "tbody", "tr", "td", "p", "a", "h1"}
    assert {tag for tag, _ in tags.found} <= allowed | {"h2", "i", "br"}
    names = {name for _, values in tags.found for name in values}
    assert not {name for name in names if name.startswith("on")}
    assert all(link.startswith("https://") for link in tags.every("href"))


@pytest.mark.parametrize(
    "bad", ["Fine\r\nBcc: eve@example.org", "a\nb", "a\x00b", "\ud83dhalf", "x" * 4000, "\u202eback"]
)
def test_no_title_makes_a_header_or_a_long_line(db, bad):
    made = message.letter(choice(early=bad), subscription(), [Pick(paper=_unsaved(bad), place=0, why=bad)])
    raw = made.fill(subscription(), Delivery(), NOW)
    assert read(raw)["Bcc"] is None
    assert b"\r\nBcc" not in raw.split(b"\r\n\r\n")[0]
    assert max(map(len, raw.split(b"\r\n"))) <= 998


def _unsaved(title):
    from broadsheet.papers.models import Paper

    return Paper(key="2601.00001", title=title, authors=[title], abstract=title, imported_votes=1, reader_votes=0)


def test_a_mail_is_seven_bits_with_the_line_ends_of_mail(db):
    made = letter([cast.paper(title="Größe und Maß – 机器学习 𝔸", authors=["Žofie Ñandú"])])
    raw = made.fill(subscription(), Delivery(), NOW)
    assert raw.isascii()
    assert b"\0" not in raw
    assert re.search(rb"(?<!\r)\n|\r(?!\n)", raw) is None
    head, _, body = raw.partition(b"\r\n\r\n")
    assert max(map(len, head.split(b"\r\n"))) <= 110, "only the link to unsubscribe is longer than a line should be"
    assert max(map(len, body.split(b"\r\n"))) <= 76
    assert read(raw)["Subject"].endswith("Größe und Maß – 机器学习 𝔸")
    assert "Žofie Ñandú" in made.html


def test_a_sender_with_a_name_beyond_ascii_is_encoded(paper, settings):
    settings.MAIL_FROM = "Žurnál <papers@example.org>"
    mail = sent(letter([paper]))
    assert mail["From"].addresses[0].display_name == "Žurnál"
    assert mail["From"].addresses[0].addr_spec == "papers@example.org"


@pytest.mark.parametrize(
    "address", ["", "ada", "a b@example.org", "a@b@example.org", "ada@example.org\r\nBcc: x@y.org"]
)
def test_an_address_that_is_none_gets_no_mail(paper, address):
    with pytest.raises(BadInput, match="no mail address"):
        letter([paper]).fill(subscription(address), Delivery(), NOW)


def test_a_domain_beyond_ascii_is_written_as_servers_take_it(paper):
    mail = sent(letter([paper]), subscription("ada@bücher.example"))
    assert mail["To"].addresses[0].addr_spec == "ada@xn--bcher-kva.example"


def test_fifty_papers_stay_under_what_mail_programs_cut(db):
    long = "This sentence of an abstract says something at the usual length of one, naïvely put. " * 20
    papers = [
        cast.paper(
            f"2601.1{n:04}", f"{n} " + "A Title of Considerable Length " * 5, abstract=long, authors=["Bo S."] * 30
        )
        for n in range(50)
    ]
    made = letter(papers, choice("2026-W47", facts={"overview": WEEK}), why="matches your search for papers " * 4)
    raw = made.fill(subscription(), Delivery(), NOW)
    assert len(raw) < 100_000
    assert len(made.html.encode()) < 100_000
    assert made.html.count("<h2") == 51


def test_nothing_is_fetched_when_a_mail_is_opened(paper):
    made = letter([paper], choice(facts={"overview": WEEK}))
    tags = Tags(made.html)
    assert not {"img", "link", "script", "iframe", "svg", "picture", "video", "base", "form"} & {
        t for t, _ in tags.found
    }
    assert not [name for name in ("src", "srcset", "background", "ping") if tags.every(name)]
    assert "url(" not in made.html
    assert "@import" not in made.html
    assert all(link.startswith(("https://papers.example.org/", "https://arxiv.org/")) for link in tags.every("href"))
    assert "?" not in "".join(tags.every("href")), "links carry nothing that tells who followed them"


def test_every_style_is_one_that_mail_programs_take(paper):
    known = {name for line in FACTS.read_text().splitlines() for name in re.findall(r"^\| `([a-z-]+)` \|", line)}
    made = letter([paper], choice(early="Early.", facts={"overview": WEEK}))
    tags = Tags(made.html)
    used = {rule.split(":")[0].strip() for style in tags.every("style") for rule in style.split(";") if rule.strip()}
    assert used, "styles stand inline"
    assert used <= known, "docs/digest.md does not know these"
    cells = [values.get("style", "") for tag, values in tags.found if tag not in ("td", "body")]
    assert not [style for style in cells if re.search(r"padding|border", style)], "Outlook takes these on cells alone"
    assert not [style for style in tags.every("style") if re.search(r"margin[^;]*-\d|margin[^;]*auto", style)]


def test_dark_mode_is_told_to_those_who_ask(paper):
    page = letter([paper]).html
    assert "@media (prefers-color-scheme: dark)" in page
    assert "[data-ogsc]" in page
    assert 'class="title' in page, "what the rules name is still there"


def test_a_letter_is_filled_without_asking_the_database(paper, django_assert_num_queries):
    made = letter([paper])
    others = [subscription(f"reader-{number}@example.org") for number in range(20)]
    with django_assert_num_queries(0):
        mails = [made.fill(one, Delivery(), NOW) for one in others]
    assert len(set(mails)) == 20


def test_a_stored_choice_is_read_with_its_papers_at_once(paper, django_assert_num_queries):
    stored = Choice.objects.create(key="k", preferences="p", edition="2026-11-20")
    others = [paper, *(cast.paper(f"2601.0000{n}", f"Paper {n}") for n in range(2, 6))]
    Pick.objects.bulk_create(Pick(choice=stored, paper=one, place=n) for n, one in enumerate(others))
    with django_assert_num_queries(1):
        made = message.letter(stored, subscription())
    assert re.findall(r"^(\d)\. (.+)$", made.text, re.MULTILINE) == [
        (str(n + 1), one.title) for n, one in enumerate(others)
    ]


def test_a_list_that_is_gone_still_has_its_mail(paper):
    made = letter([paper], to=subscription(kind="list", value="gone"))
    assert "https://papers.example.org/" in made.text


def test_a_site_whose_name_is_beyond_ascii_still_sends(paper, settings):
    settings.PUBLIC_URL = "https://bücher.example"
    made = letter([paper])
    assert made.fill(subscription(), Delivery(), NOW).isascii()
    assert "https://bücher.example/mail/" in made.text


@pytest.mark.django_db
def test_what_is_withdrawn_after_it_was_chosen_is_not_told():
    first, second = cast.paper("2611.00001", "A first paper"), cast.paper("2611.00002", "A second paper")
    first.withdrawn = NOW
    text = letter([first, second]).text
    assert "A second paper" in text
    assert "A first paper" not in text
    assert "1. A second paper" in text
    second.withdrawn = NOW
    with pytest.raises(BadInput, match="stands any more"):
        letter([first, second])
