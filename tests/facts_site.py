"""A local server that answers as the places of facts do: GitHub, the Hub, Semantic Scholar, OpenAlex, ORCID, a model.

What it knows is made up; the shapes of its answers are those of the places' own documentation. Faults come on order.
"""

import hashlib
import json
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit


@dataclass
class Out:
    """An answer on its way. drip: seconds between its pieces."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    drip: float = 0


def told(value: object, status: int = 200, **headers: str) -> Out:
    """Return an answer in JSON; header names are written with underscores."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Out(json.dumps(value).encode(), status, {"Content-Type": "application/json; charset=utf-8"} | named)


def page(_: Out) -> Out:
    """A page where JSON was asked for, as gateways send it."""
    return Out(b"<!DOCTYPE html><html><body><h1>502 Bad Gateway</h1></body></html>", 200, {"Content-Type": "text/html"})


def broken(out: Out) -> Out:
    """An answer that ends in its middle."""
    return Out(out.body[: len(out.body) // 2], out.status, out.headers)


def slow(out: Out) -> Out:
    """An answer that comes in pieces."""
    return Out(out.body, out.status, out.headers, drip=0.02)


def down(_: Out) -> Out:
    """A host that has work done on it for long."""
    return told({"message": "Service Unavailable"}, 503, Retry_After="600")


@dataclass
class Repo:
    """A repository. renamed: what it is called now."""

    stars: int
    archived: bool = False
    renamed: str = ""


class FactsSite(ThreadingHTTPServer):
    """All places on one port, each below a path of its own.

    asked: (method, path, query, headers, JSON sent). left: requests that GitHub still answers without a token.
    says: what the model says to a question, as text or as a whole choice.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.asked: list[tuple[str, str, dict[str, str], dict[str, str], Any]] = []
        self.faults: list[Callable[[Out], Out] | None] = []
        self.repos: dict[str, Repo] = {}
        self.left = 60
        self.shelves: dict[tuple[str, str], list[dict[str, Any]]] = {}
        self.scholar: dict[str, dict[str, Any]] = {}
        self.works: list[dict[str, Any]] = []
        self.holders: dict[str, list[dict[str, Any]]] = {}
        self.says: Callable[[dict[str, Any]], str | dict[str, Any]] = lambda _: ""
        self.token = ""
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def at(self, place: str) -> str:
        """Return the address of a place: github, hub, scholar, openalex, orcid or model."""
        return f"http://127.0.0.1:{self.server_port}/{place}"

    def paths(self) -> list[str]:
        """Return what was asked, in order."""
        return [path for _, path, *_ in self.asked]

    def close(self) -> None:
        """Stop answering."""
        self.shutdown()
        self.server_close()


def _github(site: FactsSite, path: str, query: dict[str, str], headers: dict[str, str], sent: Any) -> Out:
    if path == "/graphql":
        if headers.get("authorization") != f"Bearer {site.token}":
            return told({"message": "Bad credentials", "status": "401"}, 401)
        return _graphql(site, sent)
    spent = {"X_RateLimit_Limit": "60", "X_RateLimit_Reset": str(int(time.time()) + 1800)}
    if site.left <= 0:
        message = "API rate limit exceeded for 192.0.2.1. (But here's the good news: Authenticated requests get more.)"
        return told({"message": message}, 403, X_RateLimit_Remaining="0", **spent)
    site.left -= 1
    spent["X_RateLimit_Remaining"] = str(site.left)
    if found := re.fullmatch(r"/repositories/(.+)", path):
        return _repository(unquote(found[1]), site.repos[unquote(found[1])], headers, spent)
    name = path.removeprefix("/repos/")
    repo = site.repos.get(name)
    if repo is None:
        return told({"message": "Not Found", "status": "404"}, 404, **spent)
    if repo.renamed:
        moved = f"{site.at('github')}/repositories/{repo.renamed.replace('/', '%2F')}"
        return told({"message": "Moved Permanently", "url": moved}, 301, Location=moved, **spent)
    return _repository(name, repo, headers, spent)


def _repository(name: str, repo: Repo, headers: dict[str, str], spent: dict[str, str]) -> Out:
    facts = {
        "id": 1,
        "full_name": name.title(),
        "private": False,
        "html_url": f"https://github.com/{name}",
        "description": "Made up.",
        "fork": False,
        "stargazers_count": repo.stars,
        "watchers_count": repo.stars,
        "archived": repo.archived,
        "disabled": False,
    }
    etag = f'W/"{hashlib.sha256(json.dumps(facts).encode()).hexdigest()}"'
    if headers.get("if-none-match") == etag:
        return Out(b"", 304, {"ETag": etag} | {key.replace("_", "-"): text for key, text in spent.items()})
    return told(facts, ETag=etag, **spent)


def _graphql(site: FactsSite, sent: Any) -> Out:
    names = sent["variables"]
    data: dict[str, Any] = {}
    errors = []
    for alias, owner, name in re.findall(
        r"(r\d+): repository\(owner: \$(o\d+), name: \$(n\d+), followRenames", sent["query"]
    ):
        full = f"{names[owner]}/{names[name]}"
        repo = site.repos.get(full)
        called = repo.renamed if repo and repo.renamed else full
        repo = site.repos.get(called)
        if repo is None:
            data[alias] = None
            message = f"Could not resolve to a Repository with the name '{full}'."
            errors.append({"type": "NOT_FOUND", "path": [alias], "message": message})
        else:
            data[alias] = {"nameWithOwner": called.title(), "stargazerCount": repo.stars, "isArchived": repo.archived}
    return told({"data": data} | ({"errors": errors} if errors else {}), X_RateLimit_Remaining="4999")


def _hub(site: FactsSite, path: str, query: dict[str, str], headers: dict[str, str], sent: Any) -> Out:
    kind = path.removeprefix("/api/")
    key = query["filter"].removeprefix("arxiv:")
    held = sorted(site.shelves.get((kind, key), []), key=lambda row: -row.get(query["sort"], 0))
    most = int(query["limit"])
    more = {"Link": f'<{site.at("hub")}/api/{kind}?cursor=x>; rel="next"'} if len(held) > most else {}
    return told(held[:most], **more)


def _scholar(site: FactsSite, path: str, query: dict[str, str], headers: dict[str, str], sent: Any) -> Out:
    if len(sent["ids"]) > 500:
        return told({"error": "Must provide at most 500 ids"}, 400)
    rows = [site.scholar.get(name) for name in sent["ids"]]
    if not any(rows):
        return told({"error": "No valid paper ids given"}, 400)
    return told(rows)


def _openalex(site: FactsSite, path: str, query: dict[str, str], headers: dict[str, str], sent: Any) -> Out:
    if site.token and query.get("api_key") != site.token:
        return told({"error": "Unauthorized", "message": "API key is invalid"}, 401)
    dois = query["filter"].removeprefix("doi:").split("|")
    if len(dois) > 100:
        return told({"error": "Invalid query parameters error.", "message": "Maximum number of values exceeded"}, 403)
    found = [work for work in site.works if str(work["doi"]).removeprefix("https://doi.org/") in dois]
    return told({"meta": {"count": len(found), "page": 1, "per_page": 50}, "results": found, "group_by": []})


def _orcid(site: FactsSite, path: str, query: dict[str, str], headers: dict[str, str], sent: Any) -> Out:
    if "json" not in headers.get("accept", ""):
        return Out(b"<expanded-search:expanded-search/>", 200, {"Content-Type": "application/xml"})
    terms = re.findall(r'(?:arxiv|doi)-self:"([^"]+)"', query["q"])
    found = [row for term in terms for row in site.holders.get(term, [])]
    return told({"expanded-result": found or None, "num-found": len(found)})


def _model(site: FactsSite, path: str, query: dict[str, str], headers: dict[str, str], sent: Any) -> Out:
    if site.token and headers.get("authorization") != f"Bearer {site.token}":
        return told({"error": {"message": "Incorrect API key provided.", "code": "invalid_api_key"}}, 401)
    said = site.says(sent)
    whole = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": said, "refusal": None}}
    choice = said if isinstance(said, dict) else whole
    usage = {"prompt_tokens": 200, "completion_tokens": 50, "total_tokens": 250}
    made = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": sent["model"]}
    return told(made | {"choices": [choice], "usage": usage})


_PLACES = {
    "github": _github,
    "hub": _hub,
    "scholar": _scholar,
    "openalex": _openalex,
    "orcid": _orcid,
    "model": _model,
}


class _Answer(BaseHTTPRequestHandler):
    server: FactsSite

    def do_GET(self) -> None:
        self._answer(None)

    def do_POST(self) -> None:
        self._answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def _answer(self, sent: Any) -> None:
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.asked.append((self.command, parts.path, query, headers, sent))
        place, _, rest = parts.path.strip("/").partition("/")
        fault = self.server.faults.pop(0) if self.server.faults else None
        out = _PLACES[place](self.server, f"/{rest}", query, headers, sent)
        out = fault(out) if fault else out
        self.send_response(out.status)
        for name, value in out.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(out.body)))
        self.end_headers()
        step = max(1, len(out.body) // 4) if out.drip else len(out.body) or 1
        for start in range(0, len(out.body), step):
            time.sleep(out.drip)
            self.wfile.write(out.body[start : start + step])

    def log_message(self, *_: object) -> None:
        """Keep quiet."""
