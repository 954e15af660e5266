"""The pages on which readers take their data along and close their account."""

import json

import pytest
from tests import cast

from broadsheet.accounts import readers
from broadsheet.accounts.models import User


def test_the_export_is_a_file_that_nobody_keeps(client, ada):
    client.force_login(ada)
    answer = client.get("/settings/export")
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    assert answer["Content-Disposition"].startswith('attachment; filename="broadsheet-ada-')
    told = json.loads(b"".join(answer.streaming_content))
    assert told["profile"]["username"] == "ada"


def test_a_visitor_is_led_to_sign_in(client, db):
    for path in ("/settings/export", "/settings/close"):
        assert client.get(path).status_code == 302
    assert client.post("/settings/close", {"name": "ada"}).status_code == 302


def test_asking_for_the_page_closes_nothing(client, ada):
    client.force_login(ada)
    page = client.get("/settings/close?name=ada").content.decode()
    assert "cannot be undone" in page
    assert User.objects.filter(username="ada").exists()


def test_closing_signs_out_and_says_so(client, ada):
    client.force_login(ada)
    page = client.post("/settings/close", {"name": "ada", "password": cast.PASSWORD})
    assert page.status_code == 200
    assert "Your account is closed" in page.content.decode()
    assert not User.objects.filter(username="ada").exists()
    assert client.get("/settings/close").status_code == 302, "nobody is signed in any more"


@pytest.mark.parametrize(
    ("name", "password", "words"),
    [("bo", cast.PASSWORD, "Type ada to close it"), ("ada", "wrong", "not this account&#x27;s password")],
)
def test_a_mistake_is_told_beside_the_form(client, ada, name, password, words):
    client.force_login(ada)
    page = client.post("/settings/close", {"name": name, "password": password})
    assert page.status_code == 400
    assert words in page.content.decode()
    assert User.objects.filter(username="ada").exists()


def test_an_account_without_a_password_is_closed_by_its_name(client, ada):
    ada.set_unusable_password()
    ada.save()
    client.force_login(ada)
    assert 'type="password"' not in client.get("/settings/close").content.decode()
    assert client.post("/settings/close", {"name": "Ada"}).status_code == 200
    assert not User.objects.filter(username="ada").exists()


def test_no_form_from_elsewhere_closes_an_account(ada):
    from django.test import Client

    strict = Client(enforce_csrf_checks=True)
    strict.force_login(ada)
    assert strict.post("/settings/close", {"name": "ada", "password": cast.PASSWORD}).status_code == 403
    assert User.objects.filter(username="ada").exists()


def test_a_site_of_one_reader_says_how_it_ends(client, db, settings):
    settings.MODE = "single"
    page = client.get("/settings/close").content.decode()
    assert "delete its data directory" in page
    assert client.post("/settings/close", {"name": readers.ONE}).status_code == 403
