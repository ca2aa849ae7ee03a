"""The same quarter hours in ways of writing that differ: right numbers, or a refusal that names what cannot be told."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from meterbook.metering.importing import files, guessing, instants, parsing
from meterbook.metering.importing.mapping import Mapping
from meterbook.metering.importing.problems import FileInvalid, Problems

START = datetime(2025, 1, 13)  # noqa: DTZ001 - a day of the place
QUARTER = timedelta(minutes=15)
MADRID = ZoneInfo("Europe/Madrid")
COUNT = 56  # until 14:00, so that a clock of twelve hours passes noon


def table(form: str = "%Y-%m-%d %H:%M", *, mark: str = ",", value: str = "1.5") -> str:
    return "".join(f"{START + QUARTER * number:{form}}{mark}{value}\n" for number in range(COUNT))


def counted(zero: float, unit: float, digits: int) -> str:
    return "".join(f"{zero + number * 900 / unit:.{digits}f},1.5\n" for number in range(COUNT))


def read(text: str) -> tuple[Mapping, parsing.Column]:
    whole = files.read(text.encode())
    mapping, _notes = guessing.complete(Mapping(point="A"), whole)
    problems = Problems()
    zone = ZoneInfo(mapping.zone) if mapping.zone else MADRID
    [column] = parsing.parse(whole, mapping, zone_of=lambda _code: zone, problems=problems)
    problems.require_none()
    return mapping, column


FORMS = {
    "half days": "%m/%d/%Y %I:%M%p",
    "half days of ISO": "%Y-%m-%d %I:%M:%S %p",
    "half days and a named month": "%d-%b-%Y %I:%M %p",
    "fractions of a second": "%d/%m/%Y %H:%M:%S.000",
    "a Spanish month": "%d-ene-2025 %H:%M",
    "a month written out": "%d %B %Y %H:%M",
    "dots in the clock": "%d.%m.%Y %H.%M",
    "year first with dots": "%Y.%m.%d %H:%M",
    "digits only": "%Y%m%d%H%M",
    "an offset": "%d/%m/%Y %H:%M +0100",
}
WHOLE = {
    "no header": table(),
    "titles above": "Report,Usage\nSite,Harbor\nFrom,2025-01-13\n\nTime,kWh\n" + table(),
    "a comma in the title": "Report for Smith, John\nTime;kWh\n" + table(mark=";", value="1,5"),
    "a declared delimiter": "sep=;\nTime;kWh\n" + table(mark=";", value="1,5"),
    "a row of units": "Time,Usage\n[-],[kWh]\n" + table(),
    "digits of meters in front": "Meter,Time,kWh\n" + "".join(f"20231204,{row}\n" for row in table().splitlines()),
    "days of a spreadsheet": "Time,kWh\n" + counted(45670, 86_400, 10),
    "seconds since 1970": "Time,kWh\n" + counted(1736722800, 1, 0),
    "milliseconds since 1970": "Time,kWh\n" + counted(1736722800000, 0.001, 0),
}


@pytest.mark.spec("C-16")
@pytest.mark.parametrize(
    "text",
    [*("Time,kWh\n" + table(form) for form in FORMS.values()), *WHOLE.values()],
    ids=[*FORMS, *WHOLE],
)
def test_quarter_hours_are_read_at_their_instants(text: str) -> None:
    _mapping, column = read(text)

    start = instants.microseconds(START.replace(tzinfo=MADRID))
    assert (sum(column.values), len(column.values), column.starts[0]) == (84, COUNT, start)


@pytest.mark.parametrize(
    ("header", "unit"),
    [("Power W", "W"), ("Power (MW)", "MW"), ("Demand", "KW"), ("Energy kVAh", "KVAH"), ("Load %", "PERCENT")],
    ids=lambda each: each,
)
def test_the_unit_is_the_one_that_the_name_tells(header: str, unit: str) -> None:
    assert read(f"Time,{header}\n{table()}")[0].unit == unit


def test_a_column_of_units_tells_the_unit_of_all_rows() -> None:
    text = "Time,Value,Unit\n" + table(value="1.5,Wh")

    assert read(text)[0].unit == "WH"
    with pytest.raises(FileInvalid, match="units that are several, or not known: MWh, Wh"):
        read(text + "2025-01-13 14:00,1.5,MWh\n")


@pytest.mark.parametrize(
    ("header", "offset"), [("Timestamp (UTC)", 1), ("time_utc", 1), ("Hora GMT-5", 6)], ids=["UTC", "end", "west"]
)
def test_a_column_of_universal_time_is_not_read_as_local(header: str, offset: int) -> None:
    _mapping, column = read(f"{header},kWh\n{table()}")

    start = START.replace(tzinfo=MADRID) + timedelta(hours=offset)
    assert column.starts[0] == instants.microseconds(start)


@pytest.mark.parametrize(
    ("mark", "values"),
    [(",", '"1,134"'), (";", "998 1,134"), (";", "998 1.134")],
    ids=["quoted", "whole beside comma", "whole beside point"],
)
def test_thousands_that_could_be_decimals_are_refused(mark: str, values: str) -> None:
    told = values.split()
    rows = table(mark=mark, value="?").replace("?", told[-1]).replace(told[-1], told[0], 1)

    with pytest.raises(FileInvalid, match="can be read in two ways"):
        read(f"Time{mark}kWh\n{rows}")


def test_numbers_that_cannot_be_read_are_shown_with_their_line() -> None:
    with pytest.raises(FileInvalid, match="Line 2, kWh: “10 34,5” is no number"):
        read("Time;kWh\n" + table(mark=";", value="10 34,5"))
