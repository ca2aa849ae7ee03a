"""`meterbook import readings FILE`: what is stored, what is printed, and the exit status."""

from __future__ import annotations

import argparse
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from meterbook.cli import import_, main
from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.metering import models
from tests.factories import identity, imports, sites

ROWS = [("2026-03-01 00:00", "1.5"), ("2026-03-01 00:15", "2"), ("2026-03-01 00:30", "0.25")]


@pytest.fixture
def organization() -> identity_models.Organization:
    made = identity.organization()
    sites.site(organization=made, code="MALL")
    return made


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "march.csv"
    path.write_bytes(imports.csv_file(ROWS))
    return path


def run(organization: identity_models.Organization | None, file: Path, *more: str) -> int:
    parser = argparse.ArgumentParser()
    import_.add_arguments(parser)
    whose = ["--organization", str(organization.public_id)] if organization else []
    return import_.run(parser.parse_args(["readings", str(file), *whose, "--meter-point", "SHOP-1", *more]))


def printed(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def count(organization: identity_models.Organization) -> tuple[int, int]:
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        readings = models.Reading.objects.filter(organization_id=organization.pk).count()
        days = models.SeriesDay.objects.filter(organization_id=organization.pk, day=date(2026, 3, 1)).count()
        return readings, days


class TestImportReadings:
    def test_makes_the_meter_point_and_derives_when_asked(
        self, organization: identity_models.Organization, file: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        status = run(organization, file, "--create", "--site", "MALL", "--wait")

        said = capsys.readouterr().out
        assert status == 0
        assert "SHOP-1 (new): 3 rows, 2026-03-01T00:00:00+01:00 to 2026-03-01T00:45:00+01:00, 3.75 kWh; 4 new" in said
        assert "Times are written as ISO." in said
        assert count(organization) == (4, 0)  # in Madrid the first of March begins on the day before in UTC

    def test_says_as_json_what_came_of_it(
        self, organization: identity_models.Organization, file: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        status = run(organization, file, "--create", "--site", "MALL", "--dry-run", "--json")

        found = printed(capsys)
        assert status == 0
        assert (found["is_dry_run"], found["inserted"], found["mapping"]["step"]) == (True, 4, 15)
        assert count(organization) == (0, 0)

    def test_names_every_fault_and_stores_nothing(
        self, organization: identity_models.Organization, file: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        file.write_bytes(imports.csv_file([*ROWS, ("2026-03-01 00:45", "12.x")]))

        status = run(organization, file, "--create", "--site", "MALL", "--json")

        answer = capsys.readouterr()
        assert status == 2
        assert json.loads(answer.out)["problems"][0]["line"] == 5
        assert "Line 5, kWh: “12.x” is no number." in answer.err
        assert count(organization) == (0, 0)

    def test_takes_a_corrected_file_with_a_reason(
        self, organization: identity_models.Organization, file: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        run(organization, file, "--create", "--site", "MALL")
        file.write_bytes(imports.csv_file([ROWS[0], (ROWS[1][0], "2.5"), ROWS[2]]))
        capsys.readouterr()

        refused = run(organization, file)
        dry = run(organization, file, "--correct", "sent again", "--dry-run")
        taken = run(organization, file, "--correct", "sent again", "--json")

        told = capsys.readouterr().out
        assert (refused, dry, taken) == (2, 0, 0)
        assert "  1 value differs from what is stored, on 2026-03-01: 2.000 kWh before, 2.500 kWh now" in told
        assert json.loads(told[told.index("{") :])["points"][0]["changes"]["state"] == "TAKEN"

    @pytest.mark.parametrize(
        ("more", "words"),
        [
            (["--create"], "--create needs --site"),
            (["--unit", "STONE"], "“STONE” is no possible choice."),
            (["--series", "voltage_l1", "--unit", "V"], "is no counter"),
            (["--zone", "Europe/Nowhere"], "is not a time zone"),
            (["--step", "7"], "“7” is no possible choice."),
            ([], "no meter point “SHOP-1”"),
        ],
    )
    def test_says_which_option_is_wrong(
        self,
        organization: identity_models.Organization,
        file: Path,
        capsys: pytest.CaptureFixture[str],
        more: list[str],
        words: str,
    ) -> None:
        if "voltage_l1" in more:
            more = [*more, "--kind", "intervals"]

        assert run(organization, file, *more) == 2
        assert words in capsys.readouterr().err

    def test_asks_which_organization_when_there_are_several(
        self, organization: identity_models.Organization, file: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        identity.organization()

        assert run(None, file) == 2
        assert "--organization" in capsys.readouterr().err

    def test_says_that_a_file_is_not_there(
        self, organization: identity_models.Organization, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run(organization, tmp_path / "none.csv") == 2
        assert "cannot be read" in capsys.readouterr().err

    def test_is_a_command_of_the_product(self, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit) as ended:
            main.main(["import", "readings", "--help"])

        assert ended.value.code == 0
        assert "--meter-point CODE" in capsys.readouterr().out
