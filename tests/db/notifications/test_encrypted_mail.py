"""Mail over encrypted lines: both ways of encryption, and certificates that are looked at."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from meterbook.foundation.tls import authority, handshake
from meterbook.kernel import clock
from meterbook.notifications import values
from meterbook.notifications.values import MessageState, TlsMode
from meterbook_lab import mail_server
from tests.factories import identity, notifications

BOTH = pytest.mark.parametrize("mode", [TlsMode.STARTTLS, TlsMode.TLS])


@pytest.fixture(autouse=True)
def network() -> Iterator[None]:
    with notifications.open_network():
        yield


def served(folder: Path, mode: TlsMode, *names: str) -> mail_server.MailServer:
    """A server that asks for encryption and a login, with a certificate for these names."""
    context = handshake.server_context(authority.ensure(folder, names, at=clock.real_now()))
    context.set_alpn_protocols([])
    login = ("harbor", notifications.PASSWORD)
    return mail_server.MailServer(login=login, certificate=context, is_tls_at_once=mode is TlsMode.TLS)


def sent(server: mail_server.MailServer, mode: TlsMode) -> MessageState:
    """How one message went."""
    organization = identity.organization()
    user = identity.user(organization=organization)
    with mail_server.running(server):
        notifications.mail_channel(organization, server.port, user="harbor", tls=mode)
        notifications.send(organization, values.To.user(user.pk))
        notifications.deliver(organization)
    [message] = notifications.messages(organization)
    return MessageState(message.state)


class TestEncryptedMail:
    @BOTH
    def test_goes_out_to_a_server_whose_certificate_is_trusted(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: TlsMode
    ) -> None:
        server = served(tmp_path, mode, "127.0.0.1")
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.root_path(tmp_path)))

        state = sent(server, mode)

        assert state is MessageState.SENT
        assert len(server.mails) == 1

    @BOTH
    def test_stays_when_nobody_vouches_for_the_certificate(self, tmp_path: Path, mode: TlsMode) -> None:
        server = served(tmp_path, mode, "127.0.0.1")

        state = sent(server, mode)

        assert state is not MessageState.SENT
        assert server.mails == []

    @BOTH
    def test_stays_when_the_certificate_is_for_another_name(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: TlsMode
    ) -> None:
        server = served(tmp_path, mode, "other.example")
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.root_path(tmp_path)))

        state = sent(server, mode)

        assert state is not MessageState.SENT
        assert server.mails == []

    def test_stays_when_the_server_offers_no_encryption(self) -> None:
        server = mail_server.MailServer()

        state = sent(server, TlsMode.STARTTLS)

        assert state is not MessageState.SENT
        assert server.mails == []
