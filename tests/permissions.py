"""The permission table: what every address answers to whom. Data, and how it is shown in docs/permissions.md.

``tests/web/test_permissions.py`` asks every address as everybody and expects exactly this.
Run ``python -m tests.permissions`` to write the docs anew.
"""

from dataclasses import dataclass, field
from pathlib import Path

ROLES = ("nobody", "reader", "suspended", "owner", "moderator", "admin")
DOCS = Path(__file__).parents[1] / "docs" / "permissions.md"

WORDS = {
    "ok": "yes",
    "on": "yes, then leads on",
    "in": "leads to signing in",
    "400": "400 bad input",
    "401": "401 token needed",
    "403": "403 refused",
    "404": "404 unknown",
    "405": "405 no such act",
    "409": "409 conflict",
}


@dataclass(frozen=True)
class Row:
    """What one address answers to one method.

    answers: one word for everybody, or one for each of ROLES: ``ok`` (2xx), ``on`` (a redirect), ``in`` (a redirect to
    sign-in) or a status. sends: the form or the JSON sent along; names in braces are filled from the world of the test.
    """

    method: str
    path: str
    answers: str
    sends: dict[str, object] = field(default_factory=dict)
    query: str = ""

    def expected(self) -> dict[str, str]:
        """Return the answer for each role."""
        words = self.answers.split()
        return dict(zip(ROLES, words * len(ROLES) if len(words) == 1 else words, strict=len(words) != 1))


def form(path: str, get: str, post: str, query: str = "", **sends: object) -> list[Row]:
    """Return the rows of one page."""
    return [Row("GET", path, get, query=query), Row("POST", path, post, dict(sends))]


def read(path: str, get: str = "ok", query: str = "") -> list[Row]:
    """Return the rows of a page that only shows something."""
    return form(path, get, "405", query)


def only_post(path: str, post: str, **sends: object) -> list[Row]:
    """Return the rows of what only takes a form."""
    return form(path, "405", post, **sends)


def api(method: str, path: str, answers: str, query: str = "", **sends: object) -> Row:
    """Return the row of an endpoint."""
    return Row(method, path, answers, dict(sends), query)


MINE = "in ok ok ok ok ok"
"""Pages on which everybody sees what is theirs."""
OWN = "in 404 404 ok 404 404"
"""Things that are somebody's own: others are not told that there is such a thing."""
OWN_POST = "in 404 404 on 404 404"
PRIVATE = "404 404 404 ok 404 404"
"""Things of somebody's own whose address is open to all where they are public."""
WRITE = "in on 403 on on on"
ACTIVE = "in ok 403 ok ok ok"
"""Forms for what suspended readers cannot do."""
MODERATE = "in 403 403 403 on on"
API_WRITE = "401 ok 403 ok ok ok"
API_OWN = "401 404 404 ok 404 404"

NEW = {"username": "new-one", "email": "new@example.org", "password": "long and unusual words", "stamp": "{stamp}"}

PAGES: dict[str, list[Row]] = {
    "Reading": [
        *read("/", "on"),
        *read("/papers", "on"),
        *read("/papers/week", "on"),
        *read("/papers/month", "on"),
        *read("/papers/date/{label}"),
        *read("/papers/week/{label}"),
        *read("/papers/month/{label}"),
        *read("/papers/trending"),
        *read("/papers/new"),
        *read("/papers/like"),
        *form("/draft", "ok", "ok", title="Scaling laws of small papers"),
        *read("/papers/{key}"),
        *read("/papers/{key}.md"),
        *read("/status"),
        *read("/quality"),
        *read("/status/days/{label}"),
        *read("/metrics", "in 403 403 403 403 ok"),
        *read("/favicon.ico", "on"),
        *read("/robots.txt"),
    ],
    "Acting on papers": [
        *only_post("/papers/{key}/vote", WRITE, vote="yes"),
        *only_post("/papers/{key}/save", WRITE, save="yes"),
        *only_post("/papers/{key}/mark", WRITE, mark="read"),
        *form("/papers/submit", ACTIVE, WRITE, paperId="{third}"),
        *read("/papers/elsewhere", ACTIVE),
        *form("/papers/index", "on", WRITE, "arxivId={other}", arxivId="{other}"),
        *form("/papers/{key}/claim", ACTIVE, WRITE, author="Cy Third", note="that is me"),
        *form("/papers/{key}/facts", "ok", "in 403 403 404 404 404", fact="1", do="hide"),
        *form("/papers/{key}/links", "ok", "in 403 403 on on on", code="https://example.org/code"),
    ],
    "Discussion and notifications": [
        *only_post("/comments", WRITE, paper="{key}", text="A fine paper."),
        *read("/comments/{public_id}", "on"),
        *form("/comments/{public_id}/edit", "in 403 403 ok 403 403", "in 403 403 on 403 403", text="Better said."),
        *only_post("/comments/{public_id}/delete", "in 403 403 on 403 403"),
        *only_post("/comments/{public_id}/react", WRITE, put="👍"),
        *read("/comments/{public_id}/history"),
        *read("/notifications", MINE),
        *only_post("/notifications/read", "in on on on on on"),
        *form("/notifications/stop/{token}", "ok", "ok"),
    ],
    "By mail": [
        *form("/subscribe", "ok", "ok ok 403 ok ok ok", kind="week", cadence="weekly", email="cy@example.org"),
        *read("/subscriptions", MINE),
        *form("/mail/confirm/{token}", "ok", "on"),
        *form("/mail/{token}", "ok", "on", do="save", cadence="daily"),
        *form("/mail/{token}/unsubscribe", "ok", "ok"),
        *read("/mail/{token}/preview"),
        *read("/subscriptions/preview"),
    ],
    "Mails that came back": [
        *only_post("/mail/bounces", "403"),
    ],
    "Feeds": [
        *read("/papers.{form}"),
        *read("/papers/week.{form}"),
        *read("/papers/month.{form}"),
        *read("/papers/trending.{form}"),
        *read("/papers/new.{form}"),
        *read("/papers/date/{label}.{form}"),
        *read("/papers/week/{label}.{form}"),
        *read("/papers/month/{label}.{form}"),
        *read("/papers/{key}.{form}"),
        *read("/categories/{name}.{form}"),
        *read("/authors/{name}.{form}"),
        *read("/organizations/{slug}.{form}"),
        *read("/readers/{name}.{form}"),
        *read("/readers/{name}/lists/{slug}.{form}", "404"),
        *form("/feeds", MINE, "in on on on on on"),
        *read("/feeds.opml", MINE),
        *read("/feeds/{token}.{form}"),
    ],
    "Readers, authors and organisations": [
        *read("/readers/{name}"),
        *read("/readers/{name}/picture.svg"),
        *read("/authors/{name}"),
        *read("/categories/{name}"),
        *read("/organizations"),
        *form("/organizations/{slug}", "ok", "in on 403 409 on on", do="join"),
    ],
    "Lists, marks and following": [
        *read("/saved", MINE),
        *read("/lists", MINE),
        *form("/lists/new", MINE, WRITE, title="Another list"),
        *only_post("/lists/add", OWN_POST, paper="{other}", list="{slug}"),
        *form("/lists/{slug}/edit", OWN, OWN_POST, title="Renamed"),
        *only_post("/lists/{slug}/delete", OWN_POST),
        *only_post("/lists/{slug}/change", OWN_POST, item="{item}", do="note", note="good"),
        *form("/lists/{slug}/import", OWN, OWN, file="{file}"),
        *only_post("/lists/{slug}/zotero", "in 404 404 400 404 404", kind="", library="", collection="", key=""),
        *only_post("/lists/{slug}/fetch", OWN_POST, key="{other}"),
        *read("/readers/{name}/lists/{slug}", PRIVATE),
        *read("/readers/{name}/lists/{slug}.{kind}", PRIVATE),
        *read("/for-me", MINE),
        *read("/following", MINE),
        *only_post("/following/seen", WRITE),
        *only_post("/follow", WRITE, do="follow", kind="category", value="cs.CL"),
        *read("/marks", MINE),
    ],
    "Signing in": [
        *form("/sign-up", "ok", "ok", **NEW),
        *form("/invitation/{secret}", "ok", "on", **NEW),
        *form("/sign-in", "ok on on on on on", "on", name="ada", password="{password}"),
        *form("/sign-in/mail", "ok", "ok", email="ada@example.org"),
        *form("/sign-in/link/{secret}", "ok", "on"),
        *only_post("/sign-out", "on"),
        *form("/confirm/{secret}", "ok", "in on on on on on"),
        *form("/password/forgot", "ok", "ok", email="ada@example.org"),
        *form("/password/reset/{secret}", "ok", "in", password="long and unusual words"),
        *form("/device", MINE, MINE, code="{code}"),
    ],
    "Settings": [
        *form("/settings", MINE, WRITE, name="Somebody"),
        *form(
            "/settings/account",
            MINE,
            "in on on on on on",
            what="password",
            **{"password-old": "{password}", "password-password": "long and unusual words"},
        ),
        *form("/settings/sessions", MINE, OWN_POST, end="{session}"),
        *form("/settings/tokens", MINE, OWN_POST, revoke="{api_token}"),
        *form("/settings/invitations", MINE, ACTIVE, email=""),
        *form("/settings/notifications", MINE, "in on on on on on", reply="page"),
        *form("/settings/organizations", ACTIVE, WRITE, slug="new-lab", name="New Lab"),
        *form("/settings/organizations/{slug}", "in 403 403 ok 403 ok", "in 403 403 on 403 on", name="Renamed lab"),
        *form("/settings/papers", ACTIVE, "in 404 403 on 404 404", withdraw="{claim}"),
        *read("/settings/export", MINE),
        *form("/settings/close", MINE, MINE, name="{me}", password="{password}"),
    ],
    "Reports and moderation": [
        *form(
            "/report",
            "in ok 403 ok ok ok",
            "in ok 403 ok ok ok",
            "comment={comment}",
            comment="{comment}",
            reason="spam",
        ),
        *read("/moderation", "in 403 403 403 ok ok"),
        *read("/moderation/about", "in 403 403 403 ok ok", "account=ada"),
        *only_post("/moderation/act", MODERATE, account="ada", act="warn", reason="against the rules"),
        *only_post("/moderation/claims", MODERATE, claim="{claim}", decision="verify", reason="is the author"),
        *read("/moderation/duplicates", "in 403 403 403 ok ok"),
        *only_post("/moderation/duplicates/act", MODERATE, act="same", first="{key}", second="{other}"),
        *read("/moderation/log"),
        *read("/jobs", "in 403 403 403 403 ok"),
        *form("/jobs/{name}", "in 403 403 403 403 ok", "in 403 403 403 403 on", do="pause"),
        *form("/admin/{anything}", "in 403 403 403 403 ok", "in 403 403 403 403 ok"),
    ],
}
LIST = "/api/collections/{namespace}/{slug}"
API: dict[str, list[Row]] = {
    "Reading": [
        api("GET", "/api/openapi.json", "ok"),
        api("GET", "/api/docs", "ok"),
        api("GET", "/api/daily_papers", "ok"),
        api("GET", "/api/papers", "ok"),
        api("GET", "/api/papers/search", "ok", "q=scaling"),
        api("GET", "/api/papers/like", "ok", "id={key}"),
        api("POST", "/api/papers/draft", "ok", title="Scaling laws of small papers"),
        api("GET", "/api/papers/{paper_id}", "ok"),
        api("GET", "/api/papers/{paper_id}/facts", "ok"),
        api("GET", "/api/arxiv/{paper_id}/repos", "ok"),
        api("GET", "/api/agent-harnesses", "ok"),
        api("GET", "/api/", "404"),
    ],
    "People": [
        api("GET", "/api/whoami-v2", "401 ok ok ok ok ok"),
        api("GET", "/api/users/{name}/overview", "ok"),
        api("GET", "/api/users/{name}/followers", "ok"),
        api("GET", "/api/users/{name}/following", "ok"),
        api("GET", "/api/organizations/{name}/overview", "ok"),
        api("GET", "/api/organizations/{name}/members", "ok"),
        api("GET", "/api/organizations/{name}/followers", "ok"),
    ],
    "Writing": [
        api("POST", "/api/papers/{paper_id}/vote", API_WRITE),
        api("DELETE", "/api/papers/{paper_id}/vote", API_WRITE),
        api("POST", "/api/papers/{paper_id}/comment", API_WRITE, comment="A fine paper."),
        api("POST", "/api/papers/{paper_id}/comment/{comment_id}/reply", API_WRITE, comment="Is it?"),
        api(
            "POST", "/api/papers/{paper_id}/comment/{comment_id}/edit", "401 403 403 ok 403 403", comment="Better said."
        ),
        api("DELETE", "/api/papers/{paper_id}/comment/{comment_id}", "401 403 403 ok 403 403"),
        api(
            "POST",
            "/api/papers/{paper_id}/comment/{comment_id}/hide",
            "401 403 403 403 ok ok",
            reason="against the rules",
        ),
        api("POST", "/api/papers/{paper_id}/comment/{comment_id}/react", API_WRITE, reaction="👍"),
        api("POST", "/api/papers/submit", API_WRITE, paperId="{third}"),
        api("POST", "/api/papers/index", API_WRITE, arxivId="{other}"),
        api("POST", "/api/papers/{paper_id}/links", "401 403 403 ok ok ok", projectPage="https://example.org/days"),
        api("POST", "/api/settings/papers/claim", API_WRITE, paperId="{third}", claimAuthorId="Cy Third"),
        api("POST", "/api/reports", API_WRITE, commentId="{comment}", reason="spam"),
    ],
    "Collections": [
        api("GET", "/api/collections", "ok"),
        api("POST", "/api/collections", API_WRITE, title="Another list"),
        api("GET", LIST, PRIVATE),
        api("PATCH", LIST, API_OWN, title="Renamed"),
        api("DELETE", LIST, API_OWN),
        api("POST", f"{LIST}/items", API_OWN, item={"id": "{other}", "type": "paper"}),
        api("PATCH", f"{LIST}/items/{{item_id}}", API_OWN, note="good"),
        api("DELETE", f"{LIST}/items/{{item_id}}", API_OWN),
    ],
    "Signing programs in": [
        api("POST", "/oauth/device", "ok", client_id="a program"),
        api("POST", "/oauth/token", "400", grant_type="refresh_token", refresh_token="nothing"),
    ],
}


def rows(groups: dict[str, list[Row]]) -> list[Row]:
    """Return the rows of all groups."""
    return [row for group in groups.values() for row in group]


def render() -> str:
    """Return docs/permissions.md."""
    return INTRODUCTION + "".join(
        f"\n## {title}\n" + "".join(_table(name, group) for name, group in groups.items())
        for title, groups in (("Pages", PAGES), ("API", API))
    )


def _table(name: str, group: list[Row]) -> str:
    head = f"\n### {name}\n\n| address | {' | '.join(ROLES)} |\n|{'---|' * (len(ROLES) + 1)}\n"
    shown = [row for row in group if row.answers != "405"]
    return head + "".join(
        f"| {row.method} `{row.path}` | {' | '.join(WORDS[word] for word in row.expected().values())} |\n"
        for row in shown
    )


INTRODUCTION = """# Permissions

What every address answers to whom. This page is written by `python -m tests.permissions` from the table that the suite
asks every address by, as everybody; it fails when an address is missing or answers otherwise.

**nobody** is not signed in; **reader** is signed in and has nothing to do with the thing; **suspended** is a reader who
can only read for now; **owner** is whose comment, list, paper, claim or account it is; **moderator** and **admin** are
others' accounts of these roles. A method that an address does not list is answered 405.

Every form needs the token that its page carries (without it, or with somebody else's, the answer is 403) and no GET
changes anything, with one exception: the link that ends mails of one kind is signed, and the signature is its
permission. `/mail/bounces` takes no form but the reports of a mail service, by a key of the operator's. In the API a
missing token is answered 401 and a token that may only read is answered 403 by whatever
writes. Things that are private answer 404 to others, whether they exist or not.
"""

if __name__ == "__main__":
    DOCS.write_text(render())
