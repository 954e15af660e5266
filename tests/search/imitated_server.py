"""What answers like a Qdrant server, over HTTP in this process: the client's own local mode behind its addresses.

Requests and answers take the way of the real ones, and are read as the client's models; what they mean is told by the
client's imitation of a server. So nothing is proven of a server's own reading, speed, recall, shards and replicas.
"""

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from pydantic_core import to_jsonable_python
from qdrant_client import QdrantClient, models

VERSION = "1.20.0"

type Call = Callable[[QdrantClient, Any, re.Match[str]], Any]

NAME = "/collections/([^/]+)"


def _made(client: QdrantClient, asked: models.CreateCollection, at: re.Match[str]) -> bool:
    return client.create_collection(at[1], asked.vectors, metadata=asked.metadata)


def _indexed(client: QdrantClient, asked: models.CreateFieldIndex, at: re.Match[str]) -> Any:
    # Of all others local mode warns that they are of no use.
    if isinstance(asked.field_schema, models.TextIndexParams) and asked.field_schema.scoring:
        return client.create_payload_index(at[1], asked.field_name, asked.field_schema)
    return {"operation_id": 0, "status": "completed"}


def _queried(client: QdrantClient, asked: models.QueryRequest, at: re.Match[str]) -> Any:
    return client.query_points(
        at[1], asked.query, using=asked.using, prefetch=asked.prefetch, query_filter=asked.filter, limit=asked.limit,
        with_payload=asked.with_payload,
    )  # fmt: skip


def _scrolled(client: QdrantClient, asked: models.ScrollRequest, at: re.Match[str]) -> Any:
    points, after = client.scroll(
        at[1], asked.filter, asked.limit, asked.order_by, asked.offset, asked.with_payload, asked.with_vector
    )
    return {"points": points, "next_page_offset": after}


CALLS: list[tuple[str, str, Any, Call]] = [
    ("GET", "/aliases", None, lambda client, _, at: client.get_aliases()),
    ("POST", "/collections/aliases", models.ChangeAliasesOperation,
     lambda client, asked, at: client.update_collection_aliases(asked.actions)),
    ("GET", "/collections", None, lambda client, _, at: client.get_collections()),
    ("GET", NAME, None, lambda client, _, at: client.get_collection(at[1])),
    ("PUT", NAME, models.CreateCollection, _made),
    ("PATCH", NAME, models.UpdateCollection,
     lambda client, asked, at: client.update_collection(at[1], metadata=asked.metadata)),
    ("DELETE", NAME, None, lambda client, _, at: client.delete_collection(at[1])),
    ("PUT", f"{NAME}/index", models.CreateFieldIndex, _indexed),
    ("PUT", f"{NAME}/vectors/([^/]+)", models.DenseVectorNameConfig,
     lambda client, asked, at: client.create_vector_name(at[1], at[2], asked)),
    ("DELETE", f"{NAME}/vectors/([^/]+)", None, lambda client, _, at: client.delete_vector_name(at[1], at[2])),
    ("PUT", f"{NAME}/points", models.PointsList, lambda client, asked, at: client.upsert(at[1], asked.points)),
    ("POST", f"{NAME}/points", models.PointRequest,
     lambda client, asked, at: client.retrieve(at[1], asked.ids, asked.with_payload, asked.with_vector)),
    ("PUT", f"{NAME}/points/vectors", models.UpdateVectors,
     lambda client, asked, at: client.update_vectors(at[1], asked.points)),
    ("POST", f"{NAME}/points/vectors/delete", models.DeleteVectors,
     lambda client, asked, at: client.delete_vectors(at[1], asked.vector, models.PointIdsList(points=asked.points))),
    ("POST", f"{NAME}/points/delete", models.PointIdsList, lambda client, asked, at: client.delete(at[1], asked)),
    ("POST", f"{NAME}/points/scroll", models.ScrollRequest, _scrolled),
    ("POST", f"{NAME}/points/count", models.CountRequest, lambda client, asked, at: client.count(at[1], asked.filter)),
    ("POST", f"{NAME}/points/query", models.QueryRequest, _queried),
    ("POST", f"{NAME}/facet", models.FacetRequest,
     lambda client, asked, at: client.facet(at[1], asked.key, asked.filter, asked.limit)),
]  # fmt: skip


@contextmanager
def running(key: str = "") -> Iterator[str]:
    """Answer at an address of this machine, which is yielded, until the end of the block. key: that is asked for."""
    client, one_at_a_time = QdrantClient(":memory:"), threading.Lock()

    def answered(method: str, path: str, body: bytes) -> tuple[int, Any]:
        for known, pattern, model, call in CALLS:
            if known == method and (at := re.fullmatch(pattern, path)):
                asked = model.model_validate_json(body) if model else None
                try:
                    with one_at_a_time:
                        result = call(client, asked, at)
                        return 200, {"status": "ok", "time": 0, "result": to_jsonable_python(result, fallback=_plain)}
                except (ValueError, KeyError) as error:
                    return 404, {"status": {"error": str(error)}}
        return 500, {"status": {"error": f"{method} {path} is not imitated"}}

    class Answer(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _answer(self) -> None:
            path = self.path.partition("?")[0]
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if path == "/":
                status, content = 200, {"title": "imitation", "version": VERSION}
            elif key and self.headers.get("api-key") != key:
                status, content = 401, "Must provide an API key or an Authorization bearer token"
            else:
                status, content = answered(self.command, path, body)
            told = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815 (names of the standard library)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=[0.02], daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        client.close()


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else str(value)
