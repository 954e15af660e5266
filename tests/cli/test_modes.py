"""How ``serve`` decides who reads as whom."""

import urllib.request

import pytest
from tests.conftest import lay_day, start_site

from broadsheet.cli import serve

WORDS = {"BROADSHEET_MODEL": "none"}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return lay_day(tmp_path_factory.mktemp("modes"))


def front(site):
    return urllib.request.urlopen(f"{site.url}/status", timeout=10).read().decode()


@pytest.mark.parametrize(
    ("host", "said", "page"),
    [
        ("127.0.0.1", "Mode: single, as only this machine reaches it.", 'href="/settings"'),
        ("0.0.0.0", "Mode: closed, as others may reach it.", 'href="/sign-in'),
    ],
)
def test_who_reads_is_decided_said_and_known_to_the_workers(home, host, said, page):
    site = start_site(home, "--no-jobs", "--host", host, **WORDS)
    try:
        assert page in front(site)
    finally:
        assert site.stop() == 0
    assert said in site.log.read_text()


@pytest.mark.parametrize(
    ("host", "mode", "said"),
    [
        ("0.0.0.0", "single", "Warning: whoever reaches 0.0.0.0 is the reader"),
        ("127.0.0.1", "open", "broadsheet reader add NAME --email NAME@HOST --role admin"),
    ],
)
def test_of_a_mode_that_was_set_it_is_said_what_it_lacks(db, settings, capsys, host, mode, said):
    settings.MODE = mode
    serve._decide_mode(host)
    assert said in "".join(capsys.readouterr())


@pytest.mark.parametrize(
    "more",
    [
        {"BROADSHEET_BEHIND_PROXY": "yes"},
        {"BROADSHEET_HOSTS": "localhost papers.example.org"},
        {"BROADSHEET_PUBLIC_URL": "https://papers.example.org"},
    ],
    ids=lambda more: next(iter(more)),
)
def test_a_site_behind_a_proxy_is_not_everybodys(more, settings):
    settings.MODE, settings.ALLOWED_HOSTS = "", ["localhost", "127.0.0.1", "[::1]"]
    assert serve._is_here("127.0.0.1")
    for name, value in more.items():
        short = name.removeprefix("BROADSHEET_")
        django_name = {"BEHIND_PROXY": "SECURE_PROXY", "HOSTS": "ALLOWED_HOSTS"}.get(short, short)
        setattr(settings, django_name, value.split() if short == "HOSTS" else value)
    assert not serve._is_here("127.0.0.1")


def test_another_server_than_ours_lets_nobody_in_unasked(home):
    import subprocess
    import sys

    from tests.conftest import environment

    asked = "import broadsheet.wsgi; from broadsheet.accounts import readers; print(readers.mode())"
    shown = subprocess.run(
        [sys.executable, "-c", asked], env=environment(home), capture_output=True, text=True, timeout=60, check=False
    )
    assert shown.stdout == "closed\n"
