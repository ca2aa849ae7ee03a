"""The published client of 60 lines, run as a program against the product as it is served."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.factories import acquisition, gateways, identity, metering, sites
from tests.support import browser, databases
from tools.lint.findings import ROOT

CLIENT = ROOT / "deploy" / "push_client.py"


def run(*words: str, given: str = "") -> str:
    done = subprocess.run(
        [sys.executable, str(CLIENT), *words], input=given, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.spec("M-018/1")
class TestClient:
    def test_has_sixty_lines(self) -> None:
        assert len(CLIENT.read_text(encoding="utf-8").splitlines()) <= 60

    def test_enrols_and_sends(self, server: databases.TestServer, database: str, tmp_path: Path) -> None:
        organization = identity.organization()
        site = sites.site(organization=organization)
        meter = metering.installed_meter(organization=organization, site=site)
        code = gateways.code(gateways.gateway(site=site, meters=[meter]))
        kept = tmp_path / "gateway.json"
        line = f"{meter.meter.serial_number} energy_import 2 2026-11-26T01:15:00+00:00 {{}}\n"

        with browser.serve(server, database, tmp_path) as served:
            run("enrol", served.address, code, str(kept))
            first = run("send", str(kept), given=line.format(123456))
            again = run("send", str(kept), given=line.format(123456))

        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
        assert [text.split(" ", 1)[0] for text in (first, again)] == ["200", "200"]
        assert json.loads(first.split(" ", 1)[1])["stored"] == 1
        assert json.loads(again.split(" ", 1)[1])["known"] == 1
        assert acquisition.stored(meter.energy) == [(datetime(2026, 11, 26, 1, 15, tzinfo=UTC), 123_456)]

    @pytest.mark.parametrize("wrong", ["A-17 kwh 2 yesterday 5", "A-17 5", "A-17 kwh 2 2026-11-26T01:15Z 1.5"])
    def test_names_the_line_that_is_none(self, wrong: str, tmp_path: Path) -> None:
        kept = tmp_path / "gateway.json"
        kept.write_text("{}", encoding="utf-8")
        good = "A-17 energy_import 2 2026-11-26T01:15:00+00:00 1\n"
        words = [sys.executable, str(CLIENT), "send", str(kept)]

        done = subprocess.run(words, input=good + wrong, capture_output=True, text=True, check=False, timeout=60)

        assert done.returncode == 1
        assert done.stderr.startswith("Line 2: ")
        assert "Traceback" not in done.stderr
