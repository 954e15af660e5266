"""The real command line ``hf auth`` against a live server: by token, and by a code typed in a browser."""

import http.cookiejar
import json
import os
import re
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import broadsheet
from tests.contract.conftest import Hf


@pytest.fixture(scope="module")
def secret(live: Any) -> str:
    """A token for writing of a reader of the live site."""
    assert broadsheet(live.home, "reader", "add", "cy", "--name", "Cy Example").returncode == 0
    made = broadsheet(live.home, "reader", "token", "cy", "--name", "notebook", "--scope", "write")
    assert made.returncode == 0, made.stderr
    return made.stdout.strip()


def test_login_by_token_is_kept_and_ended(hf: Hf, secret: str, tmp_path: Path):
    done = hf("auth", "login", "--token", secret)
    assert done.returncode == 0, done.stderr
    assert "Token is valid (permission: write)." in done.stdout + done.stderr
    who = hf("auth", "whoami")
    assert "cy" in who.stdout, who.stderr
    assert "notebook" in hf("auth", "list").stdout
    assert hf("papers", "ls", "--limit", "1", "--format", "quiet").returncode == 0
    assert hf("auth", "logout").returncode == 0
    assert not (tmp_path / "hf" / "token").exists()


def test_login_by_a_token_that_is_not_known_is_refused(hf: Hf):
    done = hf("auth", "login", "--token", "bs_" + "x" * 40)
    assert done.returncode != 0
    assert "Invalid user token" in done.stdout + done.stderr


class Browser:
    """A reader's browser, as far as it takes to fill a form."""

    def __init__(self) -> None:
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(jar)

    def get(self, url: str) -> str:
        with self._opener.open(url, timeout=10) as answer:
            self.page: str = answer.read().decode()
        return self.page

    def post(self, url: str, **form: str) -> str:
        mark = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.page)
        assert mark
        sent = urllib.parse.urlencode(form | {"csrfmiddlewaretoken": mark[1]}).encode()
        with self._opener.open(url, sent, timeout=10) as answer:
            self.page = answer.read().decode()
        return self.page


def test_login_by_a_code_that_is_typed_in_a_browser(live: Any, hf: Hf, tmp_path: Path):
    program = Path(sys.executable).with_name("hf")
    environment = {
        "PATH": os.environ["PATH"],
        "HF_ENDPOINT": live.url,
        "HF_HOME": str(tmp_path / "hf"),
        "HF_HUB_DISABLE_UPDATE_CHECK": "1",
        "HOME": str(tmp_path),
        "NO_PROXY": "*",
        "COLUMNS": "200",
        "PYTHONUNBUFFERED": "1",
    }
    log = tmp_path / "login.txt"
    with log.open("w") as output:
        login = subprocess.Popen(
            [str(program), "auth", "login"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        address = _shown(log, rf"{re.escape(live.url)}/device\?code=([A-Z-]+)")
        browser = Browser()
        page = browser.get(address[0])
        assert address[1] in page
        asked = browser.post(f"{live.url}/device", code=address[1])
        assert "hf, the Hugging Face command line" in asked
        done = browser.post(f"{live.url}/device", code=address[1], decision="approve", scope="write")
        assert "may now read and write" in done
        assert login.wait(30) == 0, log.read_text()
    finally:
        login.kill()
        login.wait()
    # This site has one reader, who needs no sign-in; whom the token belongs to all the same.
    assert "reader" in hf("auth", "whoami").stdout
    kept = (tmp_path / "hf" / "stored_tokens").read_text()
    assert "refresh_token" in kept
    _renew(live, kept)


def _renew(live: Any, kept: str) -> None:
    """Renew the token as the client does when a day of it is left."""
    refresh = re.search(r"refresh_token = (\S+)", kept)
    assert refresh
    sent = urllib.parse.urlencode({"grant_type": "refresh_token", "refresh_token": refresh[1], "client_id": "x"})
    with urllib.request.urlopen(f"{live.url}/oauth/token", sent.encode(), timeout=10) as answer:
        renewed = json.loads(answer.read())
    asked = urllib.request.Request(
        f"{live.url}/api/whoami-v2", headers={"Authorization": f"Bearer {renewed['access_token']}"}
    )
    with urllib.request.urlopen(asked, timeout=10) as answer:
        assert json.loads(answer.read())["name"] == "reader"


def _shown(log: Path, pattern: str) -> Any:
    """Wait until a program has printed something."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        if found := re.search(pattern, log.read_text()):
            return found
        time.sleep(0.1)
    raise AssertionError(log.read_text())
