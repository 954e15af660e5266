"""Private feeds by secret address, the page that lists a reader's feeds, OPML, and the links by which pages tell."""

import html
import re

import pytest
from django.test import Client
from tests import cast
from tests.feeds import feed_rules

from broadsheet.accounts import feed_keys
from broadsheet.community import follows, lists, marks

pytestmark = pytest.mark.django_db
AT = "http://testserver"


def secret(reader, key, form="atom"):
    return f"/feeds/{feed_keys.token(reader, key)}.{form}"


def test_a_secret_address_opens_one_readers_feed_without_signing_in(site, bo):
    address = secret(site.ada, f"following:{site.ada.public_id}")
    answer = Client().get(address)
    assert answer.status_code == 200
    assert answer.text.count("<entry>") == 3
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert answer.headers["X-Robots-Tag"] == "noindex"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert Client().get(address, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    assert "<entry>" not in Client().get(secret(bo, f"following:{bo.public_id}")).text


def test_a_private_feed_is_kept_until_something_of_its_reader_changes(site, bo, django_assert_max_num_queries):
    kept = lists.create(bo, "Kept", public=True)
    following = secret(site.ada, f"following:{site.ada.public_id}")
    mine = secret(site.ada, f"list:{site.private.public_id}")
    follows.follow(site.ada, "list", kept.public_id)

    def seen(address):
        return [one.rpartition("/")[2] for one in re.findall("<id>(https://arxiv.org/abs/[^<]*)</id>", get(address))]

    def get(address):
        return Client().get(address).text

    assert len(seen(following)) == len(seen(mine)) == 3
    with django_assert_max_num_queries(8):
        assert len(seen(following)) == 3
    new = cast.paper("2601.00009", "Elsewhere", categories=["hep-th"], authors=["Al Other"])
    assert "2601.00009" not in seen(following)
    lists.add(bo, kept, new)
    assert "2601.00009" in seen(following)
    assert "new in the list “Kept”" in get(following)
    marks.mark(site.ada, new, "read")
    assert "2601.00009" in seen(following)
    marks.mark(site.ada, new, "not-interested")
    assert "2601.00009" not in seen(following)
    follows.unfollow(site.ada, "category", "cs.CL")
    follows.unfollow(site.ada, "author", site.papers[0].authors[0])
    follows.unfollow(site.ada, "search", "growth cat:cs.CL")
    assert seen(following) == []
    lists.remove(site.ada, site.private, site.papers[0])
    assert len(seen(mine)) == 2


def test_a_reset_ends_the_addresses_for_good_and_others_stay(site, as_ada, bo):
    old = secret(site.ada, f"following:{site.ada.public_id}")
    other = secret(bo, f"following:{bo.public_id}")
    assert old in as_ada.get("/feeds").text
    answer = as_ada.post("/feeds", follow=True)
    assert "The secret addresses are reset." in answer.text
    assert old not in answer.text
    ended = Client().get(old)
    assert ended.status_code == 410
    assert "its secret address was reset" in html.unescape(ended.text)
    assert as_ada.get(old).status_code == 410
    assert Client().get(other).status_code == 200
    fresh = re.search(r"http://testserver(/feeds/[\w-]+\.atom)", answer.text)
    assert fresh
    assert Client().get(fresh[1]).status_code == 200


def test_what_is_no_secret_is_not_found(site):
    good = feed_keys.token(site.ada, f"following:{site.ada.public_id}")
    for token in ("x", good[:-1], good[::-1], "A" * 60):
        assert Client().get(f"/feeds/{token}.atom").status_code == 404


def test_the_feed_of_a_private_list_is_at_its_secret_address_alone(site, as_ada):
    assert as_ada.get("/readers/ada/lists/mine-alone.atom").status_code == 404
    address = secret(site.ada, f"list:{site.private.public_id}")
    assert Client().get(address).text.count("<entry>") == 3
    assert address in as_ada.get("/feeds").text
    # A secret made by another reader for this list opens nothing, however it was come by.
    assert Client().get(secret(site.bo, f"list:{site.private.public_id}")).status_code == 404
    lists.delete(site.ada, site.private)
    assert Client().get(address).status_code == 404


def test_a_saved_search_is_a_feed_for_as_long_as_it_is_followed(site, as_ada):
    address = secret(site.ada, "search:growth cat:cs.CL")
    assert address in as_ada.get("/feeds").text
    assert Client().get(address).text.count("<entry>") == 3
    follows.unfollow(site.ada, "search", "growth cat:cs.CL")
    assert Client().get(address).status_code == 410
    assert address not in as_ada.get("/feeds").text


def test_the_feeds_of_an_account_that_is_closed_are_gone(site):
    address = secret(site.ada, f"following:{site.ada.public_id}")
    site.ada.delete()
    assert Client().get(address).status_code == 410


def test_no_private_feed_tells_its_secret_in_its_id(site):
    address = secret(site.ada, f"following:{site.ada.public_id}")
    found = re.search(r"<id>(urn:uuid:[0-9a-f-]{36})</id>", Client().get(address).text)
    assert found
    feed_keys.reset(site.ada)
    again = Client().get(secret(site.ada, f"following:{site.ada.public_id}")).text
    assert f"<id>{found[1]}</id>" in again  # the same feed under another address


def test_the_page_and_opml_list_the_same_feeds_and_all_of_them_work(site, as_ada):
    follows.follow(site.ada, "organization", "lab")
    follows.follow(site.ada, "reader", "bo")  # whose votes are private: there is no feed of them
    listed = feed_rules.check_opml(as_ada.get("/feeds.opml").content)
    shown = re.findall(r"<code [^>]*>(http://[^<]*)</code>", as_ada.get("/feeds").text)
    assert listed == [html.unescape(one) for one in shown]
    assert len(listed) == len(set(listed)) == 13
    for address in listed:
        answer = Client().get(address.removeprefix(AT))
        assert answer.status_code == 200, address
        feed_rules.check_atom(answer.content, address)
    for form in ("rss", "json"):
        others = feed_rules.check_opml(as_ada.get(f"/feeds.opml?form={form}").content)
        assert [one.replace(f".{form}", ".atom") for one in others] == listed
    answer = as_ada.get("/feeds.opml")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="broadsheet.opml"'
    assert "no-store" in answer.headers["Cache-Control"]


def test_opml_holds_hostile_names(ada, as_ada):
    ada.name = "A <b> & \x0b]]>"
    ada.save()
    lists.create(ada, "<script>alert(1)</script> & \"quotes\" 'n'", public=True)
    follows.follow(ada, "author", "Bo “&amp;” <Sample>/é")
    follows.follow(ada, "search", 'x <y> & "z"')
    assert len(feed_rules.check_opml(as_ada.get("/feeds.opml").content)) == 10
    assert "<script>alert" not in as_ada.get("/feeds").text


def test_feeds_are_for_who_is_signed_in(db):
    for path in ("/feeds", "/feeds.opml"):
        assert Client().get(path).headers["Location"].startswith("/sign-in")
    assert Client().post("/feeds").headers["Location"].startswith("/sign-in")


def test_looking_at_the_page_resets_nothing_and_a_form_from_elsewhere_neither(site):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(site.ada)
    address = secret(site.ada, f"following:{site.ada.public_id}")
    browser.get("/feeds?reset=1")
    assert browser.post("/feeds").status_code == 403
    assert Client().get(address).status_code == 200


# --- How pages tell of their feeds ----------------------------------------------------------------------------------

PAGES = {
    "/papers/date/2026-01-05": "/papers.atom",
    "/papers/week/2026-W02": "/papers/week.atom",
    "/papers/month/2026-01": "/papers/month.atom",
    "/papers/trending": "/papers/trending.atom",
    "/papers/new": "/papers/new.atom",
    "/papers?q=growth&category=cs.CL": "/papers.atom?q=growth+cat%3Acs.CL",
    "/categories/cs.CL": "/categories/cs.CL.atom",
    "/authors/Ada%20Example": "/authors/Ada%20Example.atom",
    "/organizations/lab": "/organizations/lab.atom",
    "/readers/ada": "/readers/ada.atom",
    "/readers/ada/lists/to-read": "/readers/ada/lists/to-read.atom",
    "/papers/2601.00001": "/papers/2601.00001.atom",
}


def test_every_page_with_a_feed_tells_of_it_where_programs_and_people_look(site):
    for page, feed in PAGES.items():
        text = Client().get(page).text
        head, _, body = text.partition("<body")
        told = {
            html.unescape(path): kind
            for kind, path in re.findall(r'<link rel="alternate" type="([^"]+)" title="[^"]+" href="([^"]+)">', head)
        }
        assert told.get(feed) == "application/atom+xml", (page, told)
        assert feed in [html.unescape(one) for one in re.findall(r'href="([^"]+)" type="application/atom', body)], page
        assert len(told) in (3, 6), page
        for path, kind in told.items():
            answer = Client().get(path)
            assert answer.status_code == 200, path
            assert answer.headers["Content-Type"].startswith(kind)


def test_the_page_of_one_day_tells_programs_of_that_day_too(site):
    head = Client().get("/papers/date/2026-01-05").text.partition("<body")[0]
    assert head.count('type="application/atom+xml"') == 2
    assert 'href="/papers/date/2026-01-05.atom"' in head


def test_pages_without_a_public_feed_tell_of_none(site, as_ada):
    for page in ("/readers/ada/lists/mine-alone", "/readers/bo", "/saved", "/papers?q="):
        assert 'rel="alternate" type="application/atom' not in as_ada.get(page).text, page


def test_a_page_that_a_title_tries_to_break_stays_whole(ada):
    lists.add(ada, lists.create(ada, '"><script>alert(1)</script>', public=True), cast.paper())
    text = Client().get("/readers/ada/lists/scriptalert1script").text
    assert "<script>alert" not in text
    assert 'title="&quot;&gt;&lt;script&gt;' in text
