"""A mail server on loopback that takes what it is given, or refuses, delays and drops as it is told."""

from __future__ import annotations

import asyncio
import contextlib
import email
import email.message
import email.policy
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

HOST = "127.0.0.1"
TAKEN = "250 2.0.0 taken"
# What it says to a sender, a recipient or a content: an answer such as "550 5.1.1 no such mailbox", or None to go on.
Rule = Callable[[str], str | None]


@dataclass
class Mail:
    """A mail that was taken."""

    sender: str
    recipient: str
    content: bytes = field(repr=False)

    @property
    def message(self) -> email.message.EmailMessage:
        """The mail, parsed."""
        found = email.message_from_bytes(self.content, policy=email.policy.default)
        assert isinstance(found, email.message.EmailMessage)  # noqa: S101 - what the policy makes
        return found


@dataclass
class MailServer:
    """One server; `login` is the user and password that it asks for. Use `running`."""

    folder: Path | None = None
    login: tuple[str, str] | None = None
    on_sender: Rule | None = None
    on_recipient: Rule | None = None
    on_content: Rule | None = None
    delay_seconds: float = 0.0
    drops_after_content: bool = False
    certificate: ssl.SSLContext | None = None
    is_tls_at_once: bool = False  # instead of STARTTLS, which is then asked for before anything else
    mails: list[Mail] = field(default_factory=list)
    port: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    async def handle_MAIL(
        self, _server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """This will answer a sender."""
        if self.login is not None and not session.authenticated:
            return "530 5.7.0 log in first"
        refusal = self.on_sender(address) if self.on_sender else None
        if refusal is not None:
            return refusal
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """This will answer a recipient."""
        refusal = self.on_recipient(address) if self.on_recipient else None
        if refusal is not None:
            return refusal
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:
        """This will take a content, or not."""
        if self.delay_seconds:
            await asyncio.sleep(self.delay_seconds)
        refusal = self.on_content(envelope.rcpt_tos[0]) if self.on_content else None
        if refusal is not None:
            return refusal
        for recipient in envelope.rcpt_tos:
            self._take(Mail(envelope.mail_from or "", recipient, envelope.original_content or b""))
        if self.drops_after_content and isinstance(server.transport, asyncio.WriteTransport):
            server.transport.abort()
        return TAKEN

    def to(self, recipient: str) -> list[Mail]:
        """This will return the mails that an address got."""
        return [each for each in self.mails if each.recipient == recipient]

    def _take(self, mail: Mail) -> None:
        with self._lock:
            self.mails.append(mail)
            number = len(self.mails)
        if self.folder is not None:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            name = f"{time.strftime('%Y%m%d-%H%M%S')}-{number:04}-{mail.recipient.replace('/', '_')}.eml"
            (self.folder / name).write_bytes(mail.content)

    def _check_login(self, _server: SMTP, _session: Session, _envelope: Envelope, _way: str, given: Any) -> AuthResult:  # noqa: ANN401 - as the library calls it
        is_right = isinstance(given, LoginPassword) and self.login == (given.login.decode(), given.password.decode())
        return AuthResult(success=is_right, handled=False)


@contextlib.contextmanager
def running(server: MailServer, *, port: int = 0) -> Iterator[MailServer]:
    """This will let the server answer on loopback during a block; its `port` tells where."""
    login: dict[str, Any] = {}
    if server.login is not None:
        login = {"authenticator": server._check_login, "auth_require_tls": False}
    if server.certificate is not None:
        encrypted = {"tls_context": server.certificate, "require_starttls": True}
        login |= {"ssl_context": server.certificate} if server.is_tls_at_once else encrypted
    controller = Controller(server, hostname=HOST, port=port or free_port(), ready_timeout=10, **login)
    controller.start()
    server.port = controller.port
    try:
        yield server
    finally:
        controller.stop()


def free_port() -> int:
    """This will return a port at which nothing listens."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
