"""Links that work once and for a while."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from tests import cast

from broadsheet.accounts import actions, links
from broadsheet.accounts.models import LinkKind, OneTimeLink, User
from broadsheet.errors import NotFound

pytestmark = pytest.mark.django_db


def test_a_link_works_once(ada):
    secret = links.make(LinkKind.SIGN_IN, ada)
    assert links.find(LinkKind.SIGN_IN, secret).reader == ada
    assert links.use(LinkKind.SIGN_IN, secret).reader == ada
    for again in (links.use, links.find):
        with pytest.raises(NotFound):
            again(LinkKind.SIGN_IN, secret)


@pytest.mark.parametrize("kind", LinkKind)
def test_a_link_ends(ada, kind):
    secret = links.make(kind, ada)
    with time_machine.travel(OneTimeLink.objects.get().expires + timedelta(seconds=1)), pytest.raises(NotFound):
        links.use(kind, secret)


def test_a_link_of_one_kind_opens_nothing_else(ada):
    secret = links.make(LinkKind.CONFIRM, ada, "x@example.org")
    for kind in (LinkKind.SIGN_IN, LinkKind.RESET, LinkKind.INVITE):
        with pytest.raises(NotFound):
            links.use(kind, secret)


def test_the_secret_of_a_link_is_kept_nowhere(ada):
    secret = links.make(LinkKind.SIGN_IN, ada)
    kept = OneTimeLink.objects.values_list("digest", "email", "kind").get()
    assert secret not in kept


def test_a_mailed_link_shows_a_button_and_signs_in_by_it_once(ada, client, mailoutbox):
    assert client.post("/sign-in/mail", {"email": "ADA@example.org"}).status_code == 200
    path = cast.path_in(mailoutbox[0])
    assert "signs you in as ada" in client.get(path).content.decode()
    assert client.get("/settings").status_code == 302
    assert client.post(path).status_code == 302
    assert client.get("/settings").status_code == 200
    assert Client().post(path).status_code == 404


def test_nobody_is_mailed_whose_address_is_not_known(client, mailoutbox, ada):
    known = client.post("/sign-in/mail", {"email": "ada@example.org"})
    unknown = client.post("/sign-in/mail", {"email": "nobody@example.org"})
    assert known.content == unknown.content
    assert len(mailoutbox) == 1


def test_link_mails_to_one_address_are_few(client, ada, mailoutbox):
    statuses = [client.post("/password/forgot", {"email": "ada@example.org"}).status_code for _ in range(6)]
    assert statuses == [200] * 5 + [429]
    assert len(mailoutbox) == 5


def test_link_mails_from_one_subnet_are_few(client):
    asked = [client.post("/password/forgot", {"email": f"{n}@example.org"}).status_code for n in range(21)]
    assert asked == [200] * 20 + [429]


def test_a_forgotten_password_is_set_anew_and_every_browser_signed_out(ada, client, mailoutbox):
    client.post("/sign-in", {"name": "ada", "password": cast.PASSWORD})
    asking = Client()
    asking.post("/password/forgot", {"email": "ada@example.org"})
    asking.post("/sign-in/mail", {"email": "ada@example.org"})
    path, sign_in = map(cast.path_in, mailoutbox)
    assert asking.get(path).status_code == 200
    assert asking.post(path, {"password": "password1234"}).status_code == 400
    assert asking.post(path, {"password": "plain blue teapot"}).headers["Location"] == "/sign-in"
    assert asking.post(path, {"password": "other blue teapot"}).status_code == 404
    assert asking.post(sign_in).status_code == 404, "links mailed before are void"
    assert client.get("/settings").status_code == 302
    assert User.objects.get(pk=ada.pk).check_password("plain blue teapot")


def test_mail_is_never_sent_with_the_address_that_a_request_claims(ada, client, settings, mailoutbox):
    settings.ALLOWED_HOSTS = ["*"]
    answer = client.post("/password/forgot", {"email": "ada@example.org"}, headers={"host": "evil.example"})
    assert answer.status_code == 403
    assert not mailoutbox
    settings.PUBLIC_URL = "https://papers.example.org"
    client.post("/password/forgot", {"email": "ada@example.org"}, headers={"host": "evil.example"})
    assert "https://papers.example.org/password/reset/" in mailoutbox[0].body


def test_a_closed_account_is_not_signed_in_by_a_link(ada):
    secret = links.make(LinkKind.SIGN_IN, ada)
    User.objects.filter(pk=ada.pk).update(is_active=False)
    with pytest.raises(NotFound):
        actions.open_sign_in(secret)


def test_mail_goes_by_a_thread_so_that_no_answer_waits_for_it(ada, settings, mailoutbox):
    settings.MAIL_AT_ONCE = False
    actions.mail_sign_in("ada@example.org")
    from broadsheet.accounts import mail

    mail._carriers().submit(int).result(10)
    assert len(mailoutbox) == 1


def test_a_mail_server_that_fails_breaks_no_page(ada, settings, client, caplog):
    settings.MAILERS = {
        "default": {
            "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "OPTIONS": {"host": "127.0.0.1", "port": 1, "timeout": 2},
        }
    }
    assert client.post("/password/forgot", {"email": "ada@example.org"}).status_code == 200
    assert "could not be sent" in caplog.text


def test_a_long_link_stands_on_one_line_of_the_mail_as_it_is_sent(ada, mailoutbox):
    actions.mail_sign_in("ada@example.org", then="?then=" + "x" * 200)
    sent = mailoutbox[0].message()
    assert "?then=" + "x" * 200 in sent.as_string()
    assert sent.get_content_type() == "text/plain"
    assert sent["To"] == "ada@example.org"


def test_what_was_mailed_to_a_former_address_opens_nothing_once_another_is_confirmed(ada):
    secret = links.make(LinkKind.CONFIRM, ada, "ada@example.com")
    late = links.make(LinkKind.SIGN_IN, ada, "ada@example.org")
    actions.confirm(secret)
    with pytest.raises(NotFound):
        actions.open_sign_in(late)
