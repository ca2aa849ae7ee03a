"""Switching HTTPS on and off: on the page, and what `serve` makes of it."""

from __future__ import annotations

import http.client
import ssl
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from meterbook.cli import supervisor
from meterbook.foundation.tls import authority, choice, files, hosts
from meterbook.identity import models
from meterbook.kernel import clock
from tests.factories import identity
from tests.support import pages, processes, trails

pytestmark = pytest.mark.spec("X-22")
NAME = "meters.example"


@pytest.fixture
def operator(settings: Settings, tmp_path: Path) -> models.Organization:
    made = identity.organization()
    settings.OPERATOR = str(made.public_id)
    settings.DATA_DIR = tmp_path / "data"
    settings.IS_HTTPS_BY_PAGE, settings.IS_HTTPS, settings.IS_CERTIFICATE_GIVEN = True, False, False
    return made


def pem(folder: Path, *, days_ago: int = 0, name: str = NAME) -> files.Pair:
    return authority.ensure(folder, (name,), at=clock.real_now() - timedelta(days=days_ago))


def send(
    client: Client, organization: models.Organization, mode: str, *, certificate: bytes = b"", key: bytes = b""
) -> Any:  # noqa: ANN401
    given: dict[str, object] = {"mode": mode}
    for name, content in (("certificate", certificate), ("key", key)):
        if content:
            given[name] = SimpleUploadedFile(f"{name}.pem", content)
    return client.post(reverse("https", args=[organization.public_id]), given)


class TestPage:
    def test_takes_a_certificate_with_its_key_for_the_next_start(
        self, operator: models.Organization, tmp_path: Path, settings: Settings
    ) -> None:
        client, pair = pages.signed_in(operator), pem(tmp_path / "other")

        kept = send(client, operator, "GIVEN", certificate=pair.certificate.read_bytes(), key=pair.key.read_bytes())
        shown = client.get(kept.headers["Location"]).content.decode()
        settings.IS_HTTPS = True
        served = client.get(kept.headers["Location"]).content.decode()

        assert choice.read(settings.DATA_DIR) is choice.Mode.GIVEN
        assert "waits for the next start" in shown
        assert f"holds for {NAME}" in shown
        assert "waits for the next start" not in served
        assert NAME in served
        entry = trails.latest(operator)
        assert entry.action == "installation:choose_encryption"
        assert "PRIVATE" not in str(entry.after)

    @pytest.mark.parametrize("mode", ["OWN", "OFF"])
    def test_takes_the_other_choices_and_says_what_to_do(
        self, operator: models.Organization, settings: Settings, mode: str
    ) -> None:
        client = pages.signed_in(operator)

        answer = client.get(send(client, operator, mode).headers["Location"]).content.decode()

        assert choice.read(settings.DATA_DIR) == mode
        assert "Start Meterbook again" in answer
        assert ("waits for the next start" in answer) is (mode == "OWN")

    def test_says_at_the_file_what_is_wrong_and_leaves_what_was_there(
        self, operator: models.Organization, tmp_path: Path, settings: Settings
    ) -> None:
        client = pages.signed_in(operator)
        good, other, old = pem(tmp_path / "a"), pem(tmp_path / "b"), pem(tmp_path / "c", days_ago=500)
        locked = serialization.load_pem_private_key(good.key.read_bytes(), None).private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
        certificate, key = good.certificate.read_bytes(), good.key.read_bytes()
        send(client, operator, "OWN")
        wrong = {
            "does not belong": (certificate, other.key.read_bytes()),
            "has ended": (old.certificate.read_bytes(), old.key.read_bytes()),
            "no certificate in PEM": (key, key),
            "no private key": (certificate, certificate),
            "has a password": (certificate, locked),
            "no file in PEM form": (b"nonsense", key),
            "Choose the file": (certificate, b""),
            "chain is broken": (certificate + other.certificate.read_bytes(), key),
        }

        for words, (first, second) in wrong.items():
            answer = send(client, operator, "GIVEN", certificate=first, key=second)
            assert answer.status_code == 422, words
            assert words in answer.content.decode()

        assert choice.read(settings.DATA_DIR) is choice.Mode.OWN
        assert not choice.pair(settings.DATA_DIR).key.exists()
        assert sorted(each.name for each in (settings.DATA_DIR / "tls").iterdir()) == ["choice"]

    def test_is_not_for_others_nor_where_the_start_said_it(
        self, operator: models.Organization, settings: Settings
    ) -> None:
        other = identity.organization()

        assert send(pages.signed_in(other), other, "OWN").status_code == 302
        settings.IS_HTTPS_BY_PAGE = False
        fixed = send(pages.signed_in(operator), operator, "OWN")

        assert choice.read(settings.DATA_DIR) is None
        assert "It was decided when Meterbook was started" in fixed.content.decode()


@pytest.mark.server
class TestServe:
    def test_encrypts_by_itself_where_others_reach_it_and_locks_nobody_out(
        self, prepared_dir: Path, tmp_path: Path
    ) -> None:
        port = processes.free_port()
        may = {"MB_RUN_AS_ROOT": "1"}

        def start(name: str, *, is_https: bool) -> str:
            log = tmp_path / name
            arguments = ("serve", "--host", hosts.EVERYWHERE[0], "--port", str(port))
            with processes.started(*arguments, data_dir=prepared_dir, log=log, **may) as process:
                processes.until(
                    lambda: "Ctrl-C stops everything" in log.read_text() or process.poll() is not None,
                    what="a greeting",
                    seconds=processes.START_SECONDS,
                )
                assert supervisor.answers(("127.0.0.1", port), is_https=is_https), log.read_text()
                if is_https:
                    trusting = ssl.create_default_context(cafile=str(authority.root_path(prepared_dir)))
                    line = http.client.HTTPSConnection("localhost", port, timeout=30, context=trusting)
                    line.request("GET", "/accounts/login/")
                    answer = line.getresponse()
                    assert answer.status == 200
                    assert b"harbor" not in answer.read()  # nobody of the demonstration
                    line.close()
            return log.read_text()

        first = start("first.log", is_https=True)
        pair = pem(tmp_path / "other")
        choice.take(prepared_dir, pair.certificate.read_bytes(), pair.key.read_bytes(), at=clock.real_now())
        choice.keep(prepared_dir, choice.Mode.GIVEN)
        choice.pair(prepared_dir).key.write_bytes(b"broken")
        broken = start("broken.log", is_https=True)
        choice.keep(prepared_dir, choice.Mode.OFF)
        off = start("off.log", is_https=False)

        assert "Others can reach this address, so it is encrypted" in first
        assert "fingerprint (SHA-256)" in first
        assert "takes its place" in broken
        assert "encrypted" not in off
        assert "Password:" in first
        passwords = {each.split("Password:")[1].split()[0] for each in (first, broken, off)}
        assert len(passwords) == 3
