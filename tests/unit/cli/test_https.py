"""Small parts of serving HTTPS."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path

import pytest

from meterbook.cli import bind, https, machine, secure_web
from meterbook.foundation.tls import authority, choice, hosts


class TestAddress:
    @pytest.mark.parametrize(
        ("host", "port", "scheme", "shown"),
        [
            ("127.0.0.1", 8000, "http", "http://127.0.0.1:8000"),
            ("meters.example", 443, "https", "https://meters.example"),
            ("meters.example", 443, "http", "http://meters.example:443"),
            ("2001:db8::1", 8443, "https", "https://[2001:db8::1]:8443"),
        ],
    )
    def test_is_what_people_type(self, host: str, port: int, scheme: str, shown: str) -> None:
        assert machine.address(host, port, scheme=scheme) == shown

    def test_of_a_server_that_listens_everywhere_is_one_of_the_machine(self) -> None:
        made = machine.Machine(Path("/nowhere"), hosts.EVERYWHERE[0], 8443, {}, is_https=True)

        assert hosts.EVERYWHERE[0] not in made.address
        assert made.address.startswith("https://")


class TestAllowedHosts:
    def test_are_those_where_the_server_can_be_reached(self) -> None:
        at_home = machine._allowed_hosts("127.0.0.1", ()).split(",")
        everywhere = machine._allowed_hosts(hosts.EVERYWHERE[0], ("*.meters.example",)).split(",")

        assert at_home == ["localhost", "127.0.0.1", "[::1]"]
        assert set(at_home) <= set(everywhere)
        assert hosts.EVERYWHERE[0] not in everywhere
        assert ".meters.example" in everywhere


class TestWish:
    @pytest.mark.parametrize(
        ("given", "environ", "is_wanted"),
        [((), {}, False), (("--https",), {}, True), ((), {"MB_HTTPS": "1"}, True), ((), {"MB_HTTPS": "0"}, False)],
    )
    def test_is_an_option_or_a_setting(self, given: tuple[str, ...], environ: dict[str, str], is_wanted: bool) -> None:
        parser = argparse.ArgumentParser()
        https.add_arguments(parser)

        assert https.is_wanted(parser.parse_args(given), environ) is is_wanted

    def test_needs_certificate_and_key(self) -> None:
        with pytest.raises(https.HalfGiven):
            https.given_pair({"MB_TLS_CERTIFICATE": "/a"})

    def test_refuses_a_second_port_that_is_none(self) -> None:
        assert bind.second_port({"MB_HTTP_PORT": "80"}) == (80,)
        with pytest.raises(bind.AddressUnreadable, match="write a port from 1 to 65535"):
            bind.second_port({"MB_HTTP_PORT": "http"})


EVERYWHERE, HERE = hosts.EVERYWHERE[0], "127.0.0.1"
AT = datetime(2026, 3, 1, 9, tzinfo=UTC)


def planned(folder: Path, *given: str, host: str = EVERYWHERE, **environ: str) -> https.Plan:
    parser = argparse.ArgumentParser()
    https.add_arguments(parser)
    return https.plan(parser.parse_args(given), environ, data_dir=folder, host=host, at=AT)


@pytest.mark.spec("X-22")
class TestPlan:
    @pytest.mark.parametrize(
        ("given", "host", "environ", "is_https", "is_fixed"),
        [
            ((), EVERYWHERE, {}, True, False),
            ((), "192.0.2.1", {}, True, False),
            ((), HERE, {}, False, False),
            (("--insecure",), EVERYWHERE, {}, False, True),
            (("--https",), HERE, {}, True, True),
            ((), EVERYWHERE, {"MB_HTTPS": "0"}, False, True),
            ((), HERE, {"MB_HTTPS": "1"}, True, True),
            ((), EVERYWHERE, {"MB_TRUSTED_PROXIES": "1"}, False, False),
            ((), EVERYWHERE, {"MB_TRUSTED_PROXIES": "0"}, True, False),
            ((), HERE, {"MB_TLS_CERTIFICATE": "/a", "MB_TLS_KEY": "/b"}, True, True),
        ],
    )
    def test_of_a_first_start_encrypts_where_others_reach_it(
        self, tmp_path: Path, given: tuple[str, ...], host: str, environ: dict[str, str], is_https: bool, is_fixed: bool
    ) -> None:
        found = planned(tmp_path, *given, host=host, **environ)

        assert (found.is_https, found.is_fixed) == (is_https, is_fixed)
        assert found.environ == {"MB_HTTPS": str(int(is_https)), "MB_HTTPS_BY_PAGE": "" if is_fixed else "1"}
        assert bool(found.notes) == (is_https and not is_fixed)

    @pytest.mark.parametrize(("mode", "is_https"), [(choice.Mode.OFF, False), (choice.Mode.OWN, True)])
    @pytest.mark.parametrize("host", [HERE, EVERYWHERE])
    def test_is_what_was_chosen_on_the_page(self, tmp_path: Path, mode: choice.Mode, is_https: bool, host: str) -> None:
        choice.keep(tmp_path, mode)

        assert planned(tmp_path, host=host).is_https is is_https
        assert planned(tmp_path, "--insecure", host=host).is_https is False

    def test_takes_a_certificate_of_the_page_while_it_holds_and_then_its_own(self, tmp_path: Path) -> None:
        pair = authority.ensure(tmp_path / "other", ("meters.example",), at=AT)
        choice.take(tmp_path, pair.certificate.read_bytes(), pair.key.read_bytes(), at=AT)
        choice.keep(tmp_path, choice.Mode.GIVEN)
        environ = {https.BY_PAGE: "1"}

        good = planned(tmp_path)
        served = https.ready(tmp_path, HERE, environ=environ, at=AT)
        choice.pair(tmp_path).key.write_bytes(b"broken")
        broken = planned(tmp_path)
        instead = https.ready(tmp_path, HERE, environ=environ, at=AT)

        assert (good.names, good.notes) == (("meters.example",), ())
        assert served == choice.pair(tmp_path)
        assert (broken.is_https, broken.names) == (True, ())
        assert "takes its place" in broken.notes[0]
        assert instead == authority.pair(tmp_path)
        assert (choice.pair(tmp_path).key.stat().st_mode & 0o777) == 0o600

    def test_takes_no_choice_that_cannot_be_read(self, tmp_path: Path) -> None:
        choice.keep(tmp_path, choice.Mode.OWN)
        (tmp_path / "tls" / "choice").write_bytes(b"\xff")

        assert planned(tmp_path, host=HERE).is_https is False


class TestPlainAnswer:
    @pytest.mark.parametrize(
        ("head", "port", "location"),
        [
            ("GET /a?b=c HTTP/1.1\r\nHost: m.example:8443", None, "https://m.example:8443/a?b=c"),
            ("GET / HTTP/1.1\r\nhost:[2001:db8::1]:80", 8443, "https://[2001:db8::1]:8443/"),
            ("HEAD / HTTP/1.0\r\nX: y\r\nHost: m.example", 443, "https://m.example/"),
        ],
    )
    def test_sends_to_the_same_page_encrypted(self, head: str, port: int | None, location: str) -> None:
        answer = secure_web.plain_answer(f"{head}\r\n\r\n".encode(), None, port)

        assert answer.startswith(b"HTTP/1.1 308 ")
        assert f"\r\nLocation: {location}\r\n".encode() in answer

    @pytest.mark.parametrize(
        ("head", "status"),
        [
            ("POST / HTTP/1.1\r\nHost: m.example", b"403"),
            ("GET / HTTP/1.1", b"400"),
            ("GET / HTTP/1.1\r\nHost: a b", b"400"),
            ("GET / HTTP/1.1\r\nHost: m.example/evil", b"400"),
            ("GET http://m.example/ HTTP/1.1\r\nHost: m.example", b"400"),
            ("GET /\r\nSet-Cookie: a=b HTTP/1.1\r\nHost: m.example", b"400"),
            ("nonsense", b"400"),
        ],
    )
    def test_says_no_to_everything_else(self, head: str, status: bytes) -> None:
        answer = secure_web.plain_answer(f"{head}\r\n\r\n".encode(), None, None)

        assert answer.split()[1] == status
        assert b"Location" not in answer
        assert b"Set-Cookie" not in answer
