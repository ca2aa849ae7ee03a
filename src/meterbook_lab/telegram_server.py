"""The Bot API of Telegram on loopback: getMe, getUpdates, sendMessage; it blocks chats and asks to wait when told."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

HOST = "127.0.0.1"
BOT = {"id": 7_000_001, "is_bot": True, "first_name": "Meterbook", "username": "meterbook_lab_bot"}
Answer = tuple[int, dict[str, Any]]


@dataclass
class TelegramServer:
    """One bot with its token, the chats that blocked it, and what was sent. Use `running`."""

    token: str
    folder: Path | None = None
    blocked: set[str] = field(default_factory=set)
    wait_seconds: int = 0  # the next message is answered with 429 once
    sent: list[dict[str, str]] = field(default_factory=list)
    updates: list[dict[str, Any]] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    port: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def address(self) -> str:
        """Where the Bot API answers."""
        return f"http://{HOST}:{self.port}"

    def write(self, chat: int, text: str) -> None:
        """This will have somebody write to the bot."""
        with self._lock:
            number = len(self.updates) + 1
            message = {
                "message_id": number,
                "date": int(time.time()),
                "chat": {"id": chat, "type": "private"},
                "text": text,
            }
            self.updates.append({"update_id": number, "message": message})

    def answer(self, path: str, fields: dict[str, str]) -> Answer:
        """This will answer one call: status and JSON."""
        token, _, method = path.removeprefix("/bot").partition("/")
        self.calls.append(method)
        if token != self.token:
            return _refusal(401, "Unauthorized")
        if method == "getMe":
            return 200, {"ok": True, "result": BOT}
        if method == "getUpdates":
            offset = int(fields.get("offset", "0"))
            return 200, {"ok": True, "result": [each for each in self.updates if each["update_id"] >= offset]}
        if method == "sendMessage":
            return self._send(fields)
        return _refusal(404, "Not Found")

    def _send(self, fields: dict[str, str]) -> Answer:
        with self._lock:
            wait, self.wait_seconds = self.wait_seconds, 0
            if wait:
                status, content = _refusal(429, f"Too Many Requests: retry after {wait}")
                return status, {**content, "parameters": {"retry_after": wait}}
            if fields["chat_id"] in self.blocked:
                return _refusal(403, "Forbidden: bot was blocked by the user")
            self.sent.append(fields)
            number = len(self.sent)
        if self.folder is not None:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with (self.folder / "telegram.jsonl").open("a", encoding="utf-8") as file:
                file.write(json.dumps(fields, ensure_ascii=False) + "\n")
        chat = {"id": int(fields["chat_id"]), "type": "private"}
        result = {"message_id": number, "date": int(time.time()), "chat": chat, "text": fields["text"]}
        return 200, {"ok": True, "result": result}


def _refusal(code: int, words: str) -> Answer:
    return code, {"ok": False, "error_code": code, "description": words}


@contextlib.contextmanager
def running(server: TelegramServer, *, port: int = 0) -> Iterator[TelegramServer]:
    """This will let the server answer on loopback during a block; its `port` tells where."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", "0"))
            fields = {name: each[0] for name, each in parse_qs(self.rfile.read(length).decode()).items()}
            status, content = server.answer(self.path, fields)
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_line: object) -> None:
            """Nothing: its lines hold the token."""

    listening = ThreadingHTTPServer((HOST, port), Handler)
    listening.daemon_threads = True
    server.port = int(listening.server_address[1])
    thread = threading.Thread(target=listening.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        listening.shutdown()
        listening.server_close()
        thread.join()
