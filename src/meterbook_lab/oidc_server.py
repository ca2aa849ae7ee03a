"""A provider of OpenID Connect on loopback: discovery, authorize, token, keys, userinfo; it misbehaves when told.

It signs with RS256 and keeps to the code flow with PKCE: the verifier, the client's secret, the return address and the
single use of a code are checked as a strict provider checks them.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import secrets
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

HOST = "127.0.0.1"
KEY_ID = "lab-1"
LASTS_SECONDS = 300
Answer = tuple[int, dict[str, str], bytes]


@dataclass
class OidcServer:
    """One provider with one client, and the person whom it would sign in. Use `running`.

    `claims` replace those of the token (None leaves one out), `told` those of userinfo, and `algorithm` "none" or
    "HS256" signs as an attacker would. `found` replaces parts of the discovery document.
    """

    client_id: str = "meterbook"
    secret: str = "a secret: with signs &%"  # noqa: S105 - of the laboratory, made to be awkward
    person: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    told: dict[str, Any] = field(default_factory=dict)
    found: dict[str, Any] = field(default_factory=dict)
    algorithm: str = "RS256"
    is_posting: bool = False  # takes the secret in the form instead of the head
    is_foreign_key: bool = False  # signs with a key that it does not publish
    asked: list[dict[str, str]] = field(default_factory=list)
    port: int = 0
    scheme: str = "http"
    _codes: dict[str, dict[str, str]] = field(default_factory=dict, repr=False)
    _key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048), repr=False)

    @property
    def issuer(self) -> str:
        """How it names itself."""
        return f"{self.scheme}://localhost:{self.port}"

    def answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Answer:
        """This will answer one request: status, heads, content."""
        parts = urlsplit(target)
        query = {name: each[0] for name, each in parse_qs(parts.query).items()}
        form = {name: each[0] for name, each in parse_qs(body.decode()).items()}
        if parts.path == "/.well-known/openid-configuration":
            return _json(200, self._discovery())
        if parts.path == "/keys":
            public = RSAAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
            return _json(200, {"keys": [{**public, "kid": KEY_ID, "use": "sig", "alg": "RS256"}]})
        if parts.path == "/authorize":
            return self._authorize(query)
        if parts.path == "/token" and method == "POST":
            return self._token(form, headers)
        if parts.path == "/userinfo" and headers.get("authorization", "").startswith("Bearer "):
            return _json(200, {**self.person, **self.told})
        return _json(404, {"error": "not_found"})

    def _discovery(self) -> dict[str, Any]:
        methods = "client_secret_post" if self.is_posting else "client_secret_basic"
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "jwks_uri": f"{self.issuer}/keys",
            "token_endpoint_auth_methods_supported": [methods],
            **self.found,
        }

    def _authorize(self, query: dict[str, str]) -> Answer:
        """It knows already who sits there and asks nothing."""
        self.asked.append(query)
        is_whole = query.get("response_type") == "code" and query.get("code_challenge_method") == "S256"
        if query.get("client_id") != self.client_id or not is_whole or "openid" not in query.get("scope", ""):
            return _json(400, {"error": "invalid_request"})
        code = secrets.token_urlsafe(16)
        self._codes[code] = query
        back = urlencode({"code": code, "state": query["state"], "iss": self.issuer})
        return 302, {"Location": f"{query['redirect_uri']}?{back}"}, b""

    def _token(self, form: dict[str, str], headers: dict[str, str]) -> Answer:
        if self._given(form, headers) != (self.client_id, self.secret):
            return _json(401, {"error": "invalid_client"})
        asked = self._codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if asked is None or asked["code_challenge"] != challenge or asked["redirect_uri"] != form.get("redirect_uri"):
            return _json(400, {"error": "invalid_grant"})
        token = self._signed(asked["nonce"])
        return _json(200, {"id_token": token, "access_token": secrets.token_urlsafe(16), "token_type": "Bearer"})

    def _given(self, form: dict[str, str], headers: dict[str, str]) -> tuple[str, str]:
        if self.is_posting:
            return form.get("client_id", ""), form.get("client_secret", "")
        scheme, _space, pair = headers.get("authorization", "").partition(" ")
        if scheme != "Basic":
            return "", ""
        name, _colon, secret = base64.b64decode(pair).decode().partition(":")
        return unquote(name), unquote(secret)

    def _signed(self, nonce: str) -> str:
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": self.client_id, "iat": now, "exp": now + LASTS_SECONDS, "nonce": nonce}
        whole = {**claims, **self.person, **self.claims}
        left = {name: value for name, value in whole.items() if value is not None}
        if self.algorithm == "none":
            return jwt.encode(left, "", algorithm="none", headers={"kid": KEY_ID})
        if self.algorithm == "HS256":
            return jwt.encode(left, self.secret.ljust(32, "."), algorithm="HS256", headers={"kid": KEY_ID})
        key = rsa.generate_private_key(65537, 2048) if self.is_foreign_key else self._key
        return jwt.encode(left, key, algorithm=self.algorithm, headers={"kid": KEY_ID})


def _json(status: int, content: dict[str, Any]) -> Answer:
    return status, {"Content-Type": "application/json"}, json.dumps(content).encode()


@contextlib.contextmanager
def running(server: OidcServer, *, tls: ssl.SSLContext | None = None, port: int = 0) -> Iterator[OidcServer]:
    """This will let the server answer on loopback during a block; its `issuer` tells where.

    :param tls: encrypt with it
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer("GET")

        def do_POST(self) -> None:
            self._answer("POST")

        def _answer(self, method: str) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            heads = {name.lower(): value for name, value in self.headers.items()}
            status, headers, content = server.answer(method, self.path, heads, body)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_line: object) -> None:
            """Nothing: its lines hold codes."""

    listening = ThreadingHTTPServer((HOST, port), Handler)
    listening.daemon_threads = True
    if tls is not None:
        listening.socket = tls.wrap_socket(listening.socket, server_side=True)
        server.scheme = "https"
    server.port = int(listening.server_address[1])
    thread = threading.Thread(target=listening.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        listening.shutdown()
        listening.server_close()
        thread.join()
