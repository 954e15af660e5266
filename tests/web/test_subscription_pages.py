"""The pages of subscriptions: asking, confirming, changing, resting and ending, with and without an account."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone
from tests import cast

from broadsheet.accounts import limits
from broadsheet.mail import addresses, subscribed, subscriptions, tokens
from broadsheet.mail.models import Delivery, State, Subscription
from broadsheet.mail.preferences import Preferences
from broadsheet.ranking.listings import Listing

pytestmark = pytest.mark.django_db
SENT = {"email": "cy@example.org", "kind": "day", "cadence": "daily", "hour": "6", "zone": "Europe/Berlin"}


@pytest.fixture(autouse=True)
def _calm():
    limits.forget()


def begun(reader, kind="day", value="", **preferences):
    """Return a subscription of a reader's own address, and the words that open it."""
    held = subscriptions.subscribe(
        reader, reader.email, Listing(kind, value), Preferences(**preferences), client_address="192.0.2.1"
    )
    return held, tokens.token(held)


def text(answer):
    """Return what a page says, without its tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


def test_a_visitor_subscribes_confirms_changes_and_ends_it(client, paper, settings):
    settings.MAIL_FROM = "Papers <desk@papers.example.org>"
    page = client.get("/subscribe")
    assert "The papers of the day" in text(page)
    assert "A mail with a link comes first" in text(page)
    told = client.post("/subscribe", SENT)
    assert "Look into your mail" in text(told)
    assert mail.outbox[0].message()["Message-ID"].endswith("@papers.example.org>")
    path = cast.path_in(mail.outbox[0])
    shown = client.get(path)
    assert "cy@example.org" in text(shown)
    assert "every day at 6:00 (Europe/Berlin)" in text(shown)
    assert Subscription.objects.get().state == State.PENDING, "looking begins nothing"
    settings_page = client.post(path, follow=True)
    assert "Your subscription has begun." in text(settings_page)
    link = settings_page.request["PATH_INFO"]
    changed = client.post(link, {"cadence": "weekly", "weekday": "4", "hour": "18", "zone": "UTC"}, follow=True)
    assert "on Fridays at 18:00 (UTC)" in text(changed)
    asked = client.get(f"{link}/unsubscribe")
    assert "Get no more of this?" in text(asked)
    assert Subscription.objects.get().state == State.ACTIVE
    ended = client.post(f"{link}/unsubscribe", {"do": "end"})
    assert "You are unsubscribed" in text(ended)
    assert Subscription.objects.get().state == State.ENDED
    assert "has ended" in text(client.get(link))


def test_a_mail_program_unsubscribes_by_one_press_without_cookies_or_tokens(ada):
    _, words = begun(ada)
    program = Client(enforce_csrf_checks=True)
    answer = program.post(f"/mail/{words}/unsubscribe", {"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert Subscription.objects.get().state == State.ENDED
    assert program.post(f"/mail/{words}/unsubscribe", {"List-Unsubscribe": "One-Click"}).status_code == 200


def test_it_ends_whoever_is_signed_in_and_however_many_press_at_once(ada, bo, client, settings):
    settings.ACT_RATE = 1
    client.force_login(bo)
    for kind in ("day", "week", "month"):
        _, words = begun(ada, kind)
        assert client.post(f"/mail/{words}/unsubscribe").status_code == 200
    assert not subscribed.of(ada).exists()


def test_everything_else_needs_the_token_of_its_page(ada):
    _, words = begun(ada, cadence="daily")
    forged = Client(enforce_csrf_checks=True)
    assert forged.post(f"/mail/{words}", {"cadence": "weekly"}).status_code == 403
    assert forged.post("/subscribe", SENT).status_code == 403
    assert Subscription.objects.get().cadence == "daily"


def test_unsubscribing_offers_less_and_never(ada, client):
    held, words = begun(ada, cadence="daily")
    page = client.get(f"/mail/{words}/unsubscribe")
    assert all(said in page.text for said in ('value="weekly"', 'value="rest"', 'value="never"'))
    assert "Nothing comes before" in text(client.post(f"/mail/{words}/unsubscribe", {"do": "rest"}))
    held.refresh_from_db()
    assert held.due > timezone.now() + timedelta(weeks=4)
    assert "Once a week" in text(client.post(f"/mail/{words}/unsubscribe", {"do": "weekly"}))
    held.refresh_from_db()
    assert held.cadence == "weekly"
    assert 'value="weekly"' not in client.get(f"/mail/{words}/unsubscribe").text
    never = client.post(f"/mail/{words}/unsubscribe", {"do": "never"})
    assert "This address gets no more mail" in text(never)
    assert addresses.is_suppressed("ada@example.org")
    assert client.post(f"/mail/{words}/unsubscribe", {"do": "dance"}).status_code == 400


def test_one_reader_without_a_mail_server_is_told_where_mails_are(client, settings):
    settings.MODE = "single"
    where = f"mails are files in {settings.HOME / 'mail'}."
    assert where in text(client.get("/subscribe"))
    assert where in text(client.post("/subscribe", SENT))
    settings.MODE = "open"
    for told in (text(client.get("/subscribe")), text(client.post("/subscribe", SENT))):
        assert "files" not in told, "nobody else is told of directories"


def test_the_answer_tells_nothing_of_an_address(ada, client):
    begun(ada)
    addresses.suppress("never@example.org", "complaint")
    told = [client.post("/subscribe", SENT | {"email": f"{name}@example.org"}) for name in ("ada", "never", "new")]
    assert len({(answer.status_code, cast.plain(answer)) for answer in told}) == 1


def test_a_link_that_was_not_made_here_is_not_found(client, ada):
    _, words = begun(ada)
    for path in (f"/mail/{words[:-4]}AAAA", "/mail/x", f"/mail/{words}/nothing", f"/mail/confirm/{words}"):
        assert client.get(path).status_code == 404, path
    assert client.post("/mail/x/unsubscribe").status_code == 404


def test_pages_behind_links_are_not_kept(client, ada):
    _, words = begun(ada)
    for path in (f"/mail/{words}", f"/mail/{words}/unsubscribe"):
        answer = client.get(path)
        assert answer["Cache-Control"] == "private, no-store"
        assert answer["Referrer-Policy"] == "same-origin"
        assert "noindex" in answer.text


def test_a_reader_subscribes_at_once_and_sees_it_among_theirs(ada, client):
    client.force_login(ada)
    page = client.get("/subscribe?kind=category&value=cs.cl")
    assert 'value="ada@example.org"' in page.text
    assert "Papers in cs.CL" in text(page)
    sent = SENT | {"email": "ada@example.org", "kind": "category", "value": "cs.CL"}
    done = client.post("/subscribe", sent, follow=True)
    assert "You get this by mail every day at 6:00 (Europe/Berlin)." in text(done)
    assert not mail.outbox
    mine = client.get("/subscriptions")
    assert "Papers in cs.CL" in text(mine)
    assert "You get this already" in text(client.get("/subscribe?kind=category&value=cs.CL"))
    end = re.search(r'action="(/mail/[^"]+/unsubscribe)"', mine.text)[1]
    client.post(end, {"do": "end"})
    assert "Nothing yet." in text(client.get("/subscriptions"))


def test_the_next_one_is_told_by_the_clock_of_its_reader(ada, client):
    _, words = begun(ada, cadence="daily", hour=7, zone="Asia/Tokyo")
    client.force_login(ada)
    for page in (f"/mail/{words}", "/subscriptions"):
        assert re.search(r"Next: [^.]*, 7:00[,.]", text(client.get(page))), page
    rests = text(client.post(f"/mail/{words}/unsubscribe", {"do": "weekly"}))
    assert re.search(r"The next one: [^.]*, 7:00\.", rests)


def test_what_one_follows_and_searches_become_alerts(ada, client):
    client.force_login(ada)
    assert '/subscribe?kind=following"' in client.get("/subscriptions").text
    assert '/subscribe?kind=following"' in client.get("/following").text
    sent = SENT | {"email": "ada@example.org", "kind": "following", "value": ""}
    client.post("/subscribe", sent)
    assert Subscription.objects.get().value == ada.public_id
    assert '/subscribe?kind=following"' not in client.get("/subscriptions").text
    page = client.get("/subscribe", {"kind": "search", "value": "graphs cat:cs.LG"})
    assert '<option value="something" selected>' in page.text
    client.post("/subscribe", sent | {"kind": "search", "value": "graphs cat:cs.LG", "cadence": "something"})
    assert Subscription.objects.get(kind="search").value == "graphs cat:cs.LG"


def test_others_see_neither_private_lists_nor_foreign_subscriptions(ada, bo, client):
    begun(ada, "following")
    assert client.get("/subscribe?kind=following").status_code == 302
    assert client.get("/subscriptions").status_code == 302
    client.force_login(bo)
    assert client.get(f"/subscribe?kind=following&value={ada.public_id}").status_code == 404
    assert "Nothing yet." in text(client.get("/subscriptions"))


def test_who_asks_for_mail_to_another_address_gets_no_power_over_it(bo, client):
    """Its links can end everything that the address gets, for good."""
    asked = subscriptions.subscribe(
        bo, "cy@example.net", Listing("day"), Preferences(), client_address="192.0.2.1", site="https://x.example"
    )
    words = tokens.token(subscriptions.confirm(tokens.confirm_token(asked)))
    client.force_login(bo)
    page = client.get("/subscriptions").text
    assert "cy@example.net" in page
    assert "The links in its mails change and end it." in page
    assert words not in page
    assert words not in client.get("/subscribe?kind=day").text


def test_one_of_a_past_day_is_one_of_the_days_to_come(client, paper):
    page = client.get("/subscribe?kind=day&value=2026-01-05")
    assert "The papers of the day" in text(page)
    client.post("/subscribe", SENT | {"value": "2026-01-05"})
    assert Subscription.objects.get().value == ""


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"email": "nobody"}, "Enter a valid email address."),
        ({"email": ""}, "This is needed."),
        ({"zone": "Mars/Olympus"}, "not a time zone"),
        ({"papers": "1000"}, "from 1 to 50"),
        ({"categories": "<script>"}, "is not a category"),
        ({"include": "x" * 81}, "80 characters at most"),
        ({"cadence": "hourly"}, "hourly is not one of the available choices"),
    ],
)
def test_what_cannot_be_stands_at_its_field(client, sent, said):
    answer = client.post("/subscribe", SENT | sent)
    assert answer.status_code == 400
    (name,) = sent
    error = re.search(rf'<ul class="errorlist" id="id_{name}_error">.*?</ul>', answer.text)
    assert said in error[0].replace("&#x27;", "'")
    assert f'id_{name}_error"' in re.search(rf'<(?:input|select|textarea)[^>]*id="id_{name}"[^>]*>', answer.text)[0]
    assert "<script>alert" not in answer.text
    assert not mail.outbox


def test_hostile_words_stay_words(client):
    hostile = '"><script>alert(1)</script>'
    answer = client.get("/subscribe", {"kind": "search", "value": hostile})
    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;alert" in answer.text
    client.post("/subscribe", SENT | {"kind": "search", "value": hostile, "include": hostile})
    shown = client.get(cast.path_in(mail.outbox[0]))
    assert "<script>alert" not in shown.text
    assert "alert" not in mail.outbox[0].body


def test_too_many_are_told_when_it_works_again(client, settings):
    settings.SUBSCRIPTIONS_PER_DAY = 1
    client.post("/subscribe", SENT)
    answer = client.post("/subscribe", SENT | {"email": "other@example.org"})
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 3600


def test_a_suspended_one_says_why_and_is_resumed_by_a_press(ada, client):
    held, words = begun(ada)
    subscriptions.suspend(held, "Mail to this address came back: no such mailbox.")
    assert "no such mailbox" in text(client.get(f"/mail/{words}"))
    client.force_login(ada)
    assert "no such mailbox" in text(client.get("/subscriptions"))
    client.post(f"/mail/{words}", {"do": "resume"})
    held.refresh_from_db()
    assert held.state == State.ACTIVE


def test_a_list_that_is_gone_can_still_be_ended(ada, client):
    held, words = begun(ada)
    Subscription.objects.filter(pk=held.pk).update(kind="list", value="0" * 24)
    assert client.get(f"/mail/{words}").status_code == 200
    assert client.post(f"/mail/{words}/unsubscribe").status_code == 200


def test_the_export_holds_them_and_closing_forgets_the_address(ada, client):
    begun(ada)
    Subscription.objects.update(reader=None)
    client.force_login(ada)
    export = b"".join(client.get("/settings/export").streaming_content).decode()
    assert '"subscriptions"' in export
    assert '"address": "ada@example.org"' in export
    client.post("/settings/close", {"name": "ada", "password": cast.PASSWORD})
    assert not Subscription.objects.exists()


def test_administrators_read_them_and_can_change_none(al, ada, client):
    held, words = begun(ada)
    addresses.suppress("never@example.org", "asked")
    client.force_login(al)
    listed = client.get("/admin/mail/subscription/")
    assert "ada@example.org" in listed.text
    one = client.get(f"/admin/mail/subscription/{held.pk}/change/")
    assert one.status_code == 200
    assert words not in one.text
    assert held.public_id not in one.text
    assert client.post(f"/admin/mail/subscription/{held.pk}/delete/", {"post": "yes"}).status_code == 403
    assert client.get("/admin/mail/subscription/add/").status_code == 403
    assert client.get("/admin/mail/delivery/").status_code == 200
    assert not Delivery.objects.exists()
    client.force_login(ada)
    assert client.get("/admin/mail/subscription/", follow=True).status_code == 403
