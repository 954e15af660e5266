"""Signing in by an account elsewhere in a real browser: the policy of the pages must let it go there and back."""

import pytest
from tests.browser.conftest import both_looks, violations_by_day_and_night
from tests.conftest import broadsheet, start_site
from tests.provider_imitation import CLIENT, SECRET, Provider

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def university():
    made = Provider()
    made.person = {"sub": "7", "preferred_username": "zed", "name": "Zed Example"}
    yield made
    made.close()


@pytest.fixture(scope="module")
def site_with_providers(tmp_path_factory, university):
    home = tmp_path_factory.mktemp("journey")
    settings = {
        "BROADSHEET_MODEL": "none",
        "BROADSHEET_MODE": "open",
        "BROADSHEET_SIGN_IN_WITH": "oidc",
        "BROADSHEET_OIDC_NAME": "Example University",
        "BROADSHEET_OIDC_URL": university.url,
        "BROADSHEET_OIDC_ID": CLIENT,
        "BROADSHEET_OIDC_SECRET": SECRET,
    }
    assert broadsheet(home, "ingest", "sample", "--no-index", **settings).returncode == 0
    site = start_site(home, **settings)
    yield site
    assert site.stop() == 0


@both_looks
def test_a_reader_goes_to_the_provider_and_comes_back_signed_in(site_with_providers, page):
    url, troubles = site_with_providers.url, []
    page.on("console", lambda message: troubles.append(message.text) if message.type in ("error", "warning") else None)
    page.goto(f"{url}/sign-in")
    assert violations_by_day_and_night(page) == []
    page.get_by_role("button", name="Continue with Example University").click()
    page.wait_for_url(f"{url}/papers/**")
    page.goto(f"{url}/settings/connections")
    assert page.get_by_role("button", name="Disconnect").is_visible()
    assert violations_by_day_and_night(page) == []
    page.goto(f"{url}/settings/close")
    assert violations_by_day_and_night(page) == []
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0
    assert troubles == []
