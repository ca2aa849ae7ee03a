"""`meterbook rate --urdb`: a rate of the Utility Rate Database as it is, a year by its months."""

from __future__ import annotations

import csv
import gzip
import json
from datetime import datetime, timedelta
from decimal import Decimal
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from meterbook.cli import main

GOLDEN = Path(__file__).parents[1] / "golden" / "urdb"
STEEL = resources.files("meterbook_lab") / "data" / "steel_plant_2018.csv.gz"


@pytest.fixture(scope="module")
def usage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rows = csv.DictReader(gzip.decompress(STEEL.read_bytes()).decode().splitlines())
    start = datetime(2018, 1, 1)  # noqa: DTZ001 - the zone is written behind it
    lines = [
        f"{(start + number * timedelta(minutes=15)).isoformat()}+09:00,{row['Usage_kWh']}"
        for number, row in enumerate(rows)
    ]
    file = tmp_path_factory.mktemp("usage") / "steel.csv"
    file.write_text("\n".join(["start,kwh", *lines]), encoding="utf-8")
    return file


def rate(folder: Path, urdb: dict[str, Any], usage: Path, *more: str, first: str, until: str) -> int:
    file = folder / "rate.json"
    file.write_text(json.dumps({"items": [urdb]}), encoding="utf-8")
    days = ["--zone", "Asia/Seoul", "--from", first, "--to", until]
    return main.main(["rate", "--urdb", str(file), "--usage", str(usage), *days, *more])


def test_a_year_is_the_sum_of_its_months(tmp_path: Path, usage: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case = json.loads((GOLDEN / "1_steel15_smud_ci_tod3.json").read_text(encoding="utf-8"))

    status = rate(tmp_path, case["urdb"], usage, "--json", first="2018-01-01", until="2019-01-01")

    told = json.loads(capsys.readouterr().out)
    assert status == 0
    # Lines are rounded here, and nowhere there: a month has five of them.
    bills = zip(told["months"], case["expected"]["month_bill"], strict=True)
    assert all(abs(Decimal(ours["total"]) - Decimal(theirs)) < Decimal("0.025") for ours, theirs in bills)
    assert Decimal(told["total"]) == sum(Decimal(each["total"]) for each in told["months"])
    assert told["period"]["days"] == 365


def test_a_ratchet_looks_back_on_the_months_before(
    tmp_path: Path, usage: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """At least nine tenths of the highest power so far: 612.56 kW of January hold until November's 628.72."""
    urdb = {
        "name": "Ratchet",
        "flatdemandstructure": [[{"rate": 10}]],
        "flatdemandmonths": [0] * 12,
        "lookbackpercent": 0.9,
        "lookbackrange": 11,
    }

    assert rate(tmp_path, urdb, usage, "--json", first="2018-01-01", until="2018-08-01") == 0

    billed = [each["lines"][0]["quantity"] for each in json.loads(capsys.readouterr().out)["months"]]
    assert billed == ["612.5600", "582.0400", "605.2400", "556.1200", "560.1600", "551.3040", "551.3040"]


def test_as_ssc_reads_a_rate(tmp_path: Path, usage: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """1.20 a day: 28 days of February, or 365/12 as in each month there."""
    urdb = {"energyratestructure": [[{"rate": 0.1}]], "fixedchargefirstmeter": 1.2, "fixedchargeunits": "$/day"}
    february = {"first": "2018-02-01", "until": "2018-03-01"}

    fixed = []
    for more in ([], ["--as-ssc"]):
        assert rate(tmp_path, urdb, usage, "--json", *more, **february) == 0
        fixed.append(json.loads(capsys.readouterr().out)["lines"][0]["amount"])

    assert fixed == ["33.60", "36.50"]
    days = ["--zone", "Asia/Seoul", "--from", "2018-02-01", "--to", "2018-03-01"]
    assert main.main(["rate", "--tariff", "any.json", "--as-ssc", "--usage", str(usage), *days]) == 2
    assert "--as-ssc goes with --urdb" in capsys.readouterr().err


def test_a_key_that_cannot_be_taken_is_named(tmp_path: Path, usage: Path, capsys: pytest.CaptureFixture[str]) -> None:
    urdb = {"energyratestructure": [[{"rate": 0.1}]], "coincidentratestructure": [[{"rate": 5}]]}

    assert rate(tmp_path, urdb, usage, first="2018-01-01", until="2018-02-01") == 2
    assert "coincidentratestructure" in capsys.readouterr().err
