"""Files that others wrote, by the page, by a program and by the command: the same readings, or the same faults."""

from __future__ import annotations

import argparse
import html
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from meterbook.cli import import_
from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.kernel.quantity import Unit
from meterbook.metering import models, operations
from tests.factories import api, identity, metering, sites

MADRID = ZoneInfo("Europe/Madrid")
ENERGY = operations.RegisterPlan("energy_import", "energy_import", Unit.KWH, 3)
DAY = datetime(2025, 10, 26, tzinfo=MADRID).astimezone(UTC)  # clocks go back
QUARTER = timedelta(minutes=15)


def ends(count: int) -> list[datetime]:
    return [(DAY + QUARTER * number).astimezone(MADRID).replace(tzinfo=None) for number in range(1, count + 1)]


def utility() -> str:
    """Ends of quarters, midnights dated by the day that ended, day first, semicolon and decimal comma."""
    times = [each - timedelta(days=1) if each.hour == each.minute == 0 else each for each in ends(100)]
    return "Fecha fin;Consumo kWh\n" + "\n".join(f"{each:%d/%m/%Y %H:%M};0,125" for each in times)


def logger() -> str:
    """A register with lost rows and a doubled midnight; the hour that comes twice is sorted into pairs."""
    times = sorted(zip([DAY.astimezone(MADRID).replace(tzinfo=None), *ends(104)], range(105), strict=True))
    words = {20: "Data Loss", 21: "Bad", 50: ""}
    rows = [f"{time:%Y-%m-%d %H:%M},{words.get(number, 1000 + number / 4)}" for time, number in times]
    return "time,Register kWh\n" + "\n".join([*rows[:101], *rows[100:]])


def begins_daily() -> str:
    """Four days of a counter that begins again at midnight, where it shows the day that ended."""
    shown = [
        f"{each:%Y-%m-%d %H:%M},{(number % 100 if number < 100 else (number - 100) % 96) + 1}"
        for number, each in enumerate(ends(388))
    ]
    return "time,kWh today\n" + "\n".join(shown)


def faulty() -> str:
    """Each row but the first is at fault: text, a lost value, odd groups, a row twice, a missing hour, no time."""
    return (
        "time;kWh\n26.10.2025 00:00;1,5\n26.10.2025 00:15;abc\n26.10.2025 00:30;Data Loss\n26.10.2025 00:45;1.00,5\n"
        "26.10.2025 00:45;2\n26.10.2025 05:00;1\n36.10.2025;1\n"
    )


SOUND = {"utility": (utility(), 100, None), "logger": (logger(), 102, None), "daily": (begins_daily(), 388, "daily")}


@pytest.fixture
def organization() -> identity_models.Organization:
    return identity.organization()


def hang(organization: identity_models.Organization, *codes: str) -> list[int]:
    site = sites.site(organization=organization, time_zone="Europe/Madrid")
    made = [
        metering.installed_meter(organization=organization, site=site, code=code, registers=(ENERGY,)) for code in codes
    ]
    return [each.energy.pk for each in made]


def by_page(organization: identity_models.Organization, text: str, kind: str | None) -> list[str]:
    client = Client()
    client.force_login(identity.user(organization=organization))
    file = SimpleUploadedFile("file.csv", text.encode())
    page = client.post(f"/o/{organization.public_id}/imports/", {"file": file})["Location"]
    client.post(page, {"series": "energy_import", "gaps": "REFUSE", "point": "page", "kind": (kind or "").upper()})
    told = html.unescape(client.get(page).content.decode())
    client.post(f"{page}run")
    return [told]


def by_program(organization: identity_models.Organization, text: str, kind: str | None) -> list[str]:
    file = SimpleUploadedFile("file.csv", text.encode(), content_type="text/csv")
    more = {"kind": kind.upper()} if kind else {}
    program = api.program(organization=organization)
    answer = program.post("/imports", api.MultipartBody(file=file, point="program", dry_run="false", **more))
    return [json.dumps(each, ensure_ascii=False) for each in answer.json().get("errors", [])]


def by_command(
    organization: identity_models.Organization,
    folder: Path,
    text: str,
    kind: str | None,
    capsys: pytest.CaptureFixture[str],
) -> list[str]:
    path = folder / "file.csv"
    path.write_text(text)
    parser = argparse.ArgumentParser()
    import_.add_arguments(parser)
    more = ["--kind", kind] if kind else []
    words = ["readings", str(path), "--organization", str(organization.public_id), "--meter-point", "command", "--json"]
    import_.run(parser.parse_args([*words, *more]))
    told = json.loads(capsys.readouterr().out)
    return [f"Line {each['line']} {each['problem']} {each['remedy']}" for each in told.get("problems", [])]


def stored(organization: identity_models.Organization, series: int) -> list[tuple[datetime, int]]:
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        rows = models.Reading.objects.filter(organization_id=organization.pk, series_id=series).order_by("at")
        return list(rows.values_list("at", "value"))


@pytest.mark.parametrize("name", list(SOUND))
def test_sound_files_give_the_same_readings(
    organization: identity_models.Organization, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    text, count, kind = SOUND[name]
    series = hang(organization, "page", "program", "command")

    by_page(organization, text, kind)
    by_program(organization, text, kind)
    by_command(organization, tmp_path, text, kind, capsys)

    page, program, command = (stored(organization, each) for each in series)
    assert page == program == command
    assert len(page) - (name != "logger") == count
    if name == "utility":
        assert page[-1][1] - page[0][1] == 12_500
        assert page[-1][0] - page[0][0] == timedelta(hours=25)


def test_faulty_files_name_row_cell_and_remedy_and_store_nothing(
    organization: identity_models.Organization, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    series = hang(organization, "page", "program", "command")

    told = [
        by_page(organization, faulty(), None),
        by_program(organization, faulty(), None),
        by_command(organization, tmp_path, faulty(), None, capsys),
    ]

    for words in (
        "“abc” is no number.",
        "“Data Loss” says that there is no value.",
        "“1.00,5” is no number.",
        "There is a row for 2025-10-26 00:45 already.",
        "Intervals are missing before this row: from 2025-10-26 01:00 to 2025-10-26 05:00.",
        "“36.10.2025” is no time of the form",
    ):
        assert [any(words in each for each in way) for way in told] == [True] * 3, words
    assert any("Line 3" in each for each in told[2])
    assert [stored(organization, each) for each in series] == [[], [], []]
