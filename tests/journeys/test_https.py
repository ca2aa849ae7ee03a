"""HTTPS as a browser meets it: a real server, asked with Python's own TLS, which checks as strictly as browsers do."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from meterbook.cli import secure_web, supervisor
from meterbook.foundation.tls import authority, files, hosts
from meterbook.installation import probing
from meterbook.installation.probing import Outcome
from meterbook.kernel import clock
from tests.support import databases, processes

pytestmark = [pytest.mark.server, pytest.mark.spec("X-22")]


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes


@dataclass
class Encrypted:
    """A running `meterbook web --https`."""

    port: int
    second_port: int
    data_dir: Path

    def trusting(self) -> ssl.SSLContext:
        """What a device knows that has installed the authority."""
        return ssl.create_default_context(cafile=str(authority.root_path(self.data_dir)))

    def ask(self, method: str, path: str, *, host: str = "localhost") -> Answer:
        """Ask as a browser on a device that trusts the authority."""
        return _asked(http.client.HTTPSConnection(host, self.port, timeout=30, context=self.trusting()), method, path)

    def ask_openly(self, method: str, path: str, *, port: int | None = None) -> Answer:
        """Ask without encryption."""
        return _asked(http.client.HTTPConnection("localhost", port or self.port, timeout=30), method, path)


def _asked(line: http.client.HTTPConnection, method: str, path: str) -> Answer:
    with contextlib.closing(line):
        line.request(method, path)
        got = line.getresponse()
        return Answer(got.status, got.headers, got.read())


@pytest.fixture(scope="module")
def encrypted(server: databases.TestServer, database: str) -> Iterator[Encrypted]:
    with processes.open_folder() as folder:
        data_dir, port, second = folder / "data", processes.free_port(), processes.free_port()
        data_dir.mkdir()
        server.write_secrets(data_dir, database)
        log = folder / "web.log"
        arguments = ("web", "--https", "--host", hosts.EVERYWHERE[0], "--port", str(port))
        with processes.started(*arguments, data_dir=data_dir, log=log, MB_HTTP_PORT=str(second)) as process:
            processes.until(
                lambda: supervisor.answers(("127.0.0.1", port), is_https=True) or process.poll() is not None,
                what="an answer",
                seconds=processes.START_SECONDS,
            )
            assert process.poll() is None, log.read_text()
            yield Encrypted(port, second, data_dir)


class TestServer:
    def test_is_trusted_by_who_knows_its_authority_under_every_name_of_the_machine(self, encrypted: Encrypted) -> None:
        by_name = encrypted.ask("GET", "/healthz")
        by_address = encrypted.ask("GET", "/healthz", host="127.0.0.1")

        assert (by_name.status, by_address.status) == (200, 200)

    def test_is_not_trusted_by_others_and_does_not_speak_old_versions(self, encrypted: Encrypted) -> None:
        old = encrypted.trusting()
        with pytest.warns(DeprecationWarning, match="TLSv1_1"):
            old.maximum_version = ssl.TLSVersion.TLSv1_1

        stranger = http.client.HTTPSConnection("localhost", encrypted.port, timeout=30)
        with contextlib.closing(stranger), pytest.raises(ssl.SSLCertVerificationError):
            stranger.request("GET", "/healthz")
        with pytest.raises(ssl.SSLError), socket.create_connection(("localhost", encrypted.port), 30) as line:
            old.wrap_socket(line, server_hostname="localhost")

    def test_tells_browsers_to_stay_encrypted_and_marks_its_cookies(self, encrypted: Encrypted) -> None:
        answer = encrypted.ask("GET", "/accounts/login/")

        assert answer.status == 200
        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
        cookies = answer.headers.get_all("Set-Cookie") or []
        assert cookies
        assert [each for each in cookies if "; Secure" not in each] == []

    def test_sends_who_forgot_the_s_to_the_encrypted_page_on_both_ports(self, encrypted: Encrypted) -> None:
        same = encrypted.ask_openly("GET", "/o/1/?a=b")
        other = encrypted.ask_openly("GET", "/", port=encrypted.second_port)
        sent = encrypted.ask_openly("POST", "/accounts/login/")

        assert (same.status, same.headers["Location"]) == (308, f"https://localhost:{encrypted.port}/o/1/?a=b")
        assert other.headers["Location"] == f"https://localhost:{encrypted.port}/"
        assert sent.status == 403
        assert "Strict-Transport-Security" not in same.headers
        assert "Set-Cookie" not in same.headers

    def test_gives_out_the_certificate_of_its_authority_and_nothing_else(self, encrypted: Encrypted) -> None:
        given = encrypted.ask_openly("GET", secure_web.ROOT_PATH)

        assert given.headers["Content-Type"] == "application/x-x509-ca-cert"
        assert given.body == authority.root_path(encrypted.data_dir).read_bytes()

    @pytest.mark.parametrize("said", [b"", b"\x16", b"\x16\x03\x01\x00\x02nonsense", b"GET nonsense\r\n\r\n", b"\x00"])
    def test_goes_on_whatever_somebody_says(self, encrypted: Encrypted, said: bytes) -> None:
        with contextlib.closing(socket.create_connection(("localhost", encrypted.port), 30)) as line:
            line.sendall(said)

        assert encrypted.ask("GET", "/healthz").status == 200


class TestProbe:
    @pytest.mark.parametrize(
        ("scheme", "host", "is_known", "outcome"),
        [
            ("https", "localhost", True, Outcome.OURS),
            ("https", "localhost", False, Outcome.NOT_TRUSTED),
            ("https", "127.0.0.2", True, Outcome.NOT_TRUSTED),
            ("http", "localhost", True, Outcome.SENT_ELSEWHERE),
        ],
    )
    def test_of_the_public_address_tells_what_answers_there(
        self, encrypted: Encrypted, scheme: str, host: str, is_known: bool, outcome: Outcome
    ) -> None:
        root = authority.root_path(encrypted.data_dir) if is_known else None

        assert probing.probe(f"{scheme}://{host}:{encrypted.port}", root=root) is outcome

    def test_says_when_a_name_is_unknown_or_nobody_answers(self) -> None:
        assert probing.probe("https://nobody.invalid") is Outcome.NAME_UNKNOWN
        assert probing.probe(f"http://127.0.0.1:{processes.free_port()}") is Outcome.NOBODY


class TestGivenCertificate:
    def test_is_refused_at_the_start_when_its_key_does_not_fit(self, data_dir: Path, tmp_path: Path) -> None:
        one = authority.ensure(tmp_path / "a", ("localhost",), at=clock.real_now())
        two = authority.ensure(tmp_path / "b", ("localhost",), at=clock.real_now())
        pair = files.Pair(one.certificate, two.key)
        given = {"MB_TLS_CERTIFICATE": str(pair.certificate), "MB_TLS_KEY": str(pair.key)}

        refused = processes.run("serve", "--https", data_dir=data_dir, **given)
        half = processes.run("serve", "--https", data_dir=data_dir, MB_TLS_KEY=str(pair.key))

        assert (refused.returncode, half.returncode) == (2, 2)
        assert "does not belong to the certificate" in refused.stderr
        assert "set MB_TLS_CERTIFICATE and MB_TLS_KEY, or neither" in half.stderr
        assert "Traceback" not in refused.stderr + half.stderr
