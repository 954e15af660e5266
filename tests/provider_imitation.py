"""An OpenID Connect provider, and GitHub's way of the same, on this machine: strict where it matters to be safe."""

import base64
import hashlib
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT, SECRET = "broadsheet-client", "broadsheet-secret"


class Provider:
    """The provider: who sits before its browser (``person``), and what it was asked."""

    def __init__(self) -> None:
        self.person: dict[str, Any] = {}
        self.codes: dict[str, dict[str, str]] = {}
        self.tokens: dict[str, dict[str, Any]] = {}
        self.asked: list[str] = []
        self.lie: dict[str, Any] = {}
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.answer(self, {})

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                outer.answer(self, {name: values[0] for name, values in parse_qs(body).items()})

            def log_message(self, *_: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def answer(self, handler: BaseHTTPRequestHandler, form: dict[str, str]) -> None:
        parts = urlsplit(handler.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.asked.append(parts.path)
        bearer = handler.headers.get("Authorization", "").rpartition(" ")[2]
        match parts.path:
            case "/.well-known/openid-configuration":
                self._json(handler, self._configuration())
            case "/authorize" | "/login/oauth/authorize":
                self._authorize(handler, query)
            case "/token" | "/login/oauth/access_token":
                self._token(handler, form)
            case "/userinfo":
                self._json(handler, self.tokens[bearer] | self.lie)
            case "/api/v3/user":
                told = self.tokens[bearer]
                self._json(handler, {"id": int(told["sub"]), "login": told["preferred_username"], "name": told["name"]})
            case "/api/v3/user/emails":
                told = self.tokens[bearer]
                row = {"email": told["email"], "verified": told["email_verified"], "primary": True}
                self._json(handler, [row])
            case "/jwks":
                self._json(handler, {"keys": [json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))]})
            case _:
                handler.send_error(404)

    def _configuration(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "jwks_uri": f"{self.url}/jwks",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
            "response_types_supported": ["code"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }

    def _authorize(self, handler: BaseHTTPRequestHandler, query: dict[str, str]) -> None:
        assert query["client_id"] == CLIENT
        assert query["response_type"] == "code"
        assert query["code_challenge_method"] == "S256"
        back = {"state": query["state"]}
        if self.person:
            code = secrets.token_urlsafe(16)
            self.codes[code] = {"challenge": query["code_challenge"], "redirect_uri": query["redirect_uri"]}
            back["code"] = code
        else:
            back["error"] = "access_denied"
        handler.send_response(302)
        handler.send_header("Location", f"{query['redirect_uri']}?{urlencode(back)}")
        handler.end_headers()

    def _token(self, handler: BaseHTTPRequestHandler, form: dict[str, str]) -> None:
        kept = self.codes.pop(form["code"], None)  # each code once
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        right = (form["client_id"], form["client_secret"]) == (CLIENT, SECRET)
        if kept != {"challenge": challenge, "redirect_uri": form["redirect_uri"]} or not right:
            handler.send_error(400)
            return
        access, now = secrets.token_urlsafe(16), int(time.time())
        self.tokens[access] = dict(self.person)
        claims = {"iss": self.url, "aud": CLIENT, "sub": self.person["sub"], "iat": now, "exp": now + 300}
        identity = jwt.encode(claims, self.key, "RS256", headers={"kid": "one"})
        self._json(handler, {"access_token": access, "token_type": "Bearer", "id_token": identity})

    def _json(self, handler: BaseHTTPRequestHandler, value: object) -> None:
        body = json.dumps(value).encode()
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)
