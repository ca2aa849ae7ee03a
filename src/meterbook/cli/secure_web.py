"""A web server that speaks HTTPS, and tells whoever speaks HTTP at the same port to come back encrypted.

The first byte of a connection says which it is: a TLS handshake begins with 22 (RFC 8446, 5.1), a request with a
letter.
So nobody meets an error for having left the "s" out, and a browser that was told to encrypt always (HSTS) finds the
same port. The certificate is looked at every minute: a new one is taken without a restart.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import socket
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

import uvicorn

from meterbook.foundation.server import errors
from meterbook.foundation.tls import files, handshake

HANDSHAKE = 22
WAIT_SECONDS = 10.0
LOOK_EVERY_SECONDS = 60.0
LONGEST_HEAD = 16_384
ROOT_PATH = "/authority.crt"
_REQUEST = re.compile(rb"^([A-Z]+) (/[\x21-\x7e]*) HTTP/1\.[01]\r\n")
_HOST = re.compile(rb"\r\nhost:[ \t]*([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?[ \t]*\r\n", re.IGNORECASE)
USUAL_PORT = 443

log = logging.getLogger(__name__)


class Server(uvicorn.Server):
    """Uvicorn behind listeners of our own."""

    def __init__(
        self,
        config: uvicorn.Config,
        *,
        listeners: Sequence[socket.socket],
        certificate: Callable[[], files.Pair],
        root: Path | None,
    ) -> None:
        super().__init__(config)
        self._listeners = listeners
        self._certificate = certificate
        self._root = root
        self._context = handshake.server_context(certificate())
        self._tasks: set[asyncio.Task[None]] = set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """This will start the application, then accept."""
        await super().startup(sockets=[])
        self._keep(self._renew())
        for each in self._listeners:
            each.listen(self.config.backlog)
            each.setblocking(False)
            # Who came to the second port is sent to the first; on that one, a router may have changed its number.
            is_first = each is self._listeners[0]
            self._keep(self._accept(each, None if is_first else self.config.port))

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """This will accept no more, and let what runs come to its end."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for each in self._listeners:
            each.close()
        await super().shutdown(sockets=sockets)

    def _keep(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _accept(self, listener: socket.socket, port: int | None) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, _address = await loop.sock_accept(listener)
            except OSError as error:  # too many open files: others end meanwhile
                log.warning("A connection could not be taken: %s", error)
                await asyncio.sleep(1)
                continue
            self._keep(self._serve_one(connection, port))

    async def _serve_one(self, connection: socket.socket, port: int | None) -> None:
        connection.setblocking(False)
        is_encrypted = False
        # It may go away, offer no cipher of ours, or say nothing: there is nobody to tell.
        with contextlib.suppress(OSError, TimeoutError):
            try:
                async with asyncio.timeout(WAIT_SECONDS):
                    first = await _first_byte(connection)
                    is_encrypted = first == HANDSHAKE
                    if first is not None and not is_encrypted:
                        await self._send_back(connection, port)
            finally:
                if not is_encrypted:
                    connection.close()
            if is_encrypted:
                # From here on the connection is the loop's to close.
                await asyncio.get_running_loop().connect_accepted_socket(
                    self._protocol, connection, ssl=self._context, ssl_handshake_timeout=WAIT_SECONDS
                )

    def _protocol(self) -> asyncio.Protocol:
        made: asyncio.Protocol = self.config.http_protocol_class(  # type: ignore[call-arg]
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
        return made

    async def _send_back(self, connection: socket.socket, port: int | None) -> None:
        loop = asyncio.get_running_loop()
        head = b""
        while b"\r\n\r\n" not in head and len(head) < LONGEST_HEAD:
            piece = await loop.sock_recv(connection, 4096)
            if not piece:
                return
            head += piece
        await loop.sock_sendall(connection, plain_answer(head, self._root, port))
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_WR)

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_SECONDS)
            try:
                pair = self._certificate()
                self._context.load_cert_chain(pair.certificate, pair.key)
            except (errors.ServerError, OSError) as error:  # an error of the library is an OSError
                log.warning("The certificate stays as it is: %s", error)


def plain_answer(head: bytes, root: Path | None, port: int | None) -> bytes:
    """This will answer an unencrypted request: GET is sent to HTTPS, everything else refused.

    Our authority's certificate is given out: who needs it does not trust the encrypted line yet.

    :param port: where HTTPS is served; None: at the port that was asked
    """
    asked, host = _REQUEST.match(head), _HOST.search(head)
    if asked is None or host is None:
        return _answer("400 Bad Request", b"This port speaks HTTPS.\n")
    method, path = asked[1], asked[2].decode("ascii")
    if method not in (b"GET", b"HEAD"):
        return _answer("403 Forbidden", b"Nothing is taken unencrypted. Use https://\n")
    if path == ROOT_PATH and root is not None and root.exists():
        named = (
            "Content-Type: application/x-x509-ca-cert",
            'Content-Disposition: attachment; filename="meterbook.crt"',
        )
        return _answer("200 OK", root.read_bytes(), *named)
    there = host[2] or b"" if port is None else b"" if port == USUAL_PORT else b":%d" % port
    return _answer("308 Permanent Redirect", b"", f"Location: https://{(host[1] + there).decode('ascii')}{path}")


def _answer(status: str, body: bytes, *lines: str) -> bytes:
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", "Cache-Control: no-store"]
    if not any(line.startswith("Content-Type") for line in lines):
        head.append("Content-Type: text/plain; charset=utf-8")
    return "\r\n".join([*head, *lines, "", ""]).encode("ascii") + body


async def _first_byte(connection: socket.socket) -> int | None:
    """It stays where it is: whoever reads next gets it too. None: the other side went away."""
    loop = asyncio.get_running_loop()
    came: asyncio.Future[None] = loop.create_future()

    def note() -> None:
        if not came.done():
            came.set_result(None)

    loop.add_reader(connection.fileno(), note)
    try:
        await came
    finally:
        loop.remove_reader(connection.fileno())
    found = connection.recv(1, socket.MSG_PEEK)
    return found[0] if found else None
