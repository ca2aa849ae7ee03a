"""`meterbook rate` prints every line, or says what is wrong and where."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from meterbook.cli import main
from tests.factories import tariffs


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "peak.json").write_text(json.dumps(tariffs.peak_document()), encoding="utf-8")
    (tmp_path / "tiers.json").write_text(json.dumps(tariffs.document(components=[tariffs.TIERS])), encoding="utf-8")
    return tmp_path


def rate(folder: Path, tariff: str, *more: str, first: str, until: str, zone: str = "America/New_York") -> int:
    given = ["rate", "--tariff", str(folder / tariff), "--zone", zone, "--from", first, "--to", until, *more]
    return main.main(given)


def answer(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def hours(start: datetime, count: int) -> str:
    rows = [(start + timedelta(hours=hour)).isoformat() for hour in range(count)]
    return "\n".join(["start,kwh", *(f"{row},1" for row in rows)])


class TestRate:
    @pytest.mark.spec("G-07")
    def test_prices_a_day_of_23_hours(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (folder / "usage.csv").write_text(hours(datetime(2026, 3, 8, 5, tzinfo=UTC), 23), encoding="utf-8")

        status = rate(
            folder, "peak.json", "--usage", str(folder / "usage.csv"), "--json", first="2026-03-08", until="2026-03-09"
        )

        found = answer(capsys)
        assert (status, found["total"]) == (0, "5.10")
        assert [(line["code"], line["quantity"], line["amount"]) for line in found["lines"]] == [
            ("energy.peak", "14.000", "4.20"),
            ("energy.off", "9.000", "0.90"),
        ]

    def test_reads_wall_clock_times_with_an_hour_that_comes_twice(
        self, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        walls = ["2026-11-01T00:00", "2026-11-01T01:00", "2026-11-01T01:00"]
        walls += [f"2026-11-01T{hour:02}:00" for hour in range(2, 24)]
        (folder / "usage.csv").write_text("start,kwh\n" + "\n".join(f"{w},1" for w in walls), encoding="utf-8")

        rate(
            folder, "peak.json", "--usage", str(folder / "usage.csv"), "--json", first="2026-11-01", until="2026-11-02"
        )

        assert answer(capsys)["total"] == "5.30"

    @pytest.mark.spec("G-01")
    def test_prices_determinants(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (folder / "totals.json").write_text('{"unit": "KWH", "total": "500"}', encoding="utf-8")

        rate(
            folder,
            "tiers.json",
            "--determinants",
            str(folder / "totals.json"),
            "--json",
            first="2026-01-01",
            until="2026-01-31",
        )

        found = answer(capsys)
        assert (found["total"], found["tax"], found["period"]["days"]) == ("80.00", "0.00", 30)

    def test_prints_a_table(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (folder / "totals.json").write_text('{"unit": "MWH", "total": "0.5"}', encoding="utf-8")

        rate(
            folder, "tiers.json", "--determinants", str(folder / "totals.json"), first="2026-01-01", until="2026-01-31"
        )

        out = capsys.readouterr().out
        assert "500.000" not in out
        assert out.splitlines()[-1].split() == ["Total", "80.00"]

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            ("start,kwh\n2026-03-07T05:00Z,1\n2026-03-07T06:00Z,x\n", "Line 3: “x” is not a number"),
            ("start,kwh\n2026-03-07T05:00Z,1\n2026-03-07T07:00Z,1\n2026-03-07T08:00Z,1\n", "01:00-05:00 is missing"),
            ("start,kwh\nyesterday,1\n", "Line 2: “yesterday” is not a time"),
            ("when,kwh\n2026-03-07T05:00Z,1\n", "no column “start”"),
            ("start,kwh\n2026-03-07T05:00Z,-1\n", "Line 2: “-1” must be a number from 0 on"),
            ("start,kwh\n2026-03-07T05:00Z,1\n2026-03-07T05:00Z,1\n", "Line 3: 2026-03-07T05:00Z does not come after"),
            ("start,kwh\n2026-03-08T02:30,1\n", "does not exist in America/New_York"),
        ],
    )
    def test_names_the_line_that_is_wrong(
        self, folder: Path, capsys: pytest.CaptureFixture[str], content: str, words: str
    ) -> None:
        (folder / "usage.csv").write_text(content, encoding="utf-8")

        status = rate(folder, "peak.json", "--usage", str(folder / "usage.csv"), first="2026-03-07", until="2026-03-08")

        assert status == 2
        assert words in capsys.readouterr().err

    def test_names_every_problem_of_the_tariff(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        raw = {**tariffs.peak_document(), "currency": "EURO", "calendar": []}
        (folder / "broken.json").write_text(json.dumps(raw), encoding="utf-8")
        (folder / "totals.json").write_text("{}", encoding="utf-8")

        status = rate(
            folder, "broken.json", "--determinants", str(folder / "totals.json"), first="2026-01-01", until="2026-02-01"
        )

        assert status == 2
        assert "currency: “EURO”" in capsys.readouterr().err

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            ('{"unit": "M3", "total": "1"}', "totals.json: m³ does not convert to kWh"),
            ('{"unit": 5, "total": "1"}', "“5” is not a unit"),
            ('{"unit": "KWH"}', "need a “total”"),
            ('{"total": "1", "total": "2"}', "“total” is there twice"),
            ('{"total": true}', "total: True is not an exact number"),
            ('{"total": "1_000"}', "total: “1_000” is not a number"),
            ('{"total": "-1"}', "must be a number from 0 on"),
            ('{"total": ' + "9" * 5000 + "}", "totals.json: "),
            ("[" * 100_000, "nested too deeply"),
            ('{"total":\n1,}', "line 2: this is not JSON"),
            ("[]", "Determinants are"),
        ],
    )
    def test_names_what_is_wrong_with_determinants(
        self, folder: Path, capsys: pytest.CaptureFixture[str], content: str, words: str
    ) -> None:
        totals = folder / "totals.json"
        totals.write_text(content, encoding="utf-8")

        status = rate(folder, "tiers.json", "--determinants", str(totals), first="2026-01-01", until="2026-02-01")

        found = capsys.readouterr()
        assert (status, found.out) == (2, "")
        assert words in found.err

    def test_tells_of_the_intervals(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        rows = hours(datetime(2026, 3, 7, 5, tzinfo=UTC), 24).replace(",1", ",1,")
        text = rows.replace("start,kwh", "start,kwh,quality") + "ESTIMATED"
        (folder / "usage.csv").write_text(text, encoding="utf-8")

        rate(
            folder, "peak.json", "--usage", str(folder / "usage.csv"), "--json", first="2026-03-07", until="2026-03-08"
        )

        found = answer(capsys)
        assert found["usage"] == {"step_minutes": 60, "intervals": 24, "apportioned": 0, "estimated": 1}
        assert found["periods"][0] == {"code": "peak", "text": "Peak", "quantity": "14.000", "intervals": 14}
        assert found["lines"][0] == {
            "code": "energy.peak",
            "text": "Energy, Peak",
            "quantity": "14.000",
            "unit": "KWH",
            "price": "0.30",
            "exact": "4.20000",
            "amount": "4.20",
            "trace": {"period": "peak", "intervals": 14},
        }

    def test_says_what_is_wrong_with_options(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (folder / "totals.json").write_text('{"total": "1"}', encoding="utf-8")
        totals = ("--determinants", str(folder / "totals.json"))

        assert rate(folder, "tiers.json", *totals, first="2026-01-01", until="2026-01-01") == 2
        assert rate(folder, "tiers.json", *totals, first="soon", until="2026-01-01") == 2
        assert rate(folder, "tiers.json", *totals, first="2026-01-01", until="2026-02-01", zone="Mars") == 2
        assert rate(folder, "tiers.json", *totals, first="2026-01-01", until="2026-02-01", zone="America") == 2
        assert rate(folder, "missing.json", *totals, first="2026-01-01", until="2026-02-01") == 2
        assert rate(folder, "tiers.json", *totals, first="2011-12-30", until="2011-12-31", zone="Pacific/Apia") == 2
        assert rate(folder, "tiers.json", *totals, first="0001-01-01", until="0001-02-01", zone="Asia/Tokyo") == 2
        assert capsys.readouterr().err.count("meterbook: ") == 7
