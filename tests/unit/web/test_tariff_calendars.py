"""The form of a tariff takes a calendar with its special days, and rates of a tax that change."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from django.http import QueryDict
from django.utils import translation

from meterbook.tariffs.rating import reading
from meterbook.tariffs.rating.document import CalendarDays
from meterbook.tariffs.rating.problems import TariffInvalid
from meterbook.web.tariffs.editor import forming, grid, loose, sheet
from tests.factories import tariffs

DAY_TYPES = [
    {"code": "work", "name": "Work", "weekdays": ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"]},
    {"code": "critical", "name": "Critical", "is_special": True},
]
CALENDAR = [
    {"day_types": ["work"], "windows": tariffs.PEAK_WINDOWS},
    {"day_types": ["critical"], "windows": [{"from": "00:00", "to": "24:00", "period": "peak"}]},
]
NO_DAYS = {"coast": CalendarDays(frozenset())}


def document(**more: object) -> dict[str, Any]:
    raw = tariffs.peak_document(day_types=copy.deepcopy(DAY_TYPES), holiday_calendar="coast", **more)
    raw["calendar"] = copy.deepcopy(CALENDAR)
    return raw


def after(raw: dict[str, Any], changes: dict[str, list[str]], **more: str) -> dict[str, Any]:
    """The document that the form makes of what a browser sends."""
    found = QueryDict(mutable=True)
    found["base"] = loose.written(raw)
    for each in sheet.of(copy.deepcopy(raw)).fields():
        found.setlist(each.path, each.shown)
    for path, values in changes.items():
        assert path in found, path
        found.setlist(path, values)
    for key, value in more.items():
        found[key] = value
    return forming.filled(found).raw


@pytest.mark.spec("M-052/3")
def test_a_calendar_is_chosen_and_let_go() -> None:
    raw = document()

    assert after(raw, {}) == raw
    assert after(raw, {"holiday_calendar": ["hills"]})["holiday_calendar"] == "hills"
    assert "holiday_calendar" not in after(raw, {"holiday_calendar": [""]})
    assert not any(each.path == "holiday_calendar" for each in sheet.of(tariffs.peak_document()).fields())
    (field,) = [
        each for each in sheet.of(raw, calendars=[("hills", "Hills")]).fields() if each.path == "holiday_calendar"
    ]
    assert [code for code, _name in field.choices] == ["", "coast", "hills"]


@pytest.mark.spec("M-052/3")
def test_special_days_belong_to_one_day_type_and_keep_their_hours_when_others_are_painted() -> None:
    raw = document()
    cells = grid.read(raw).cells  # type: ignore[union-attr]
    cells[0][0] = "b" * 48  # Monday is cheap

    painted = after(raw, {}, grid=json.dumps(cells))

    assert {"day_types": ["critical"], "windows": CALENDAR[1]["windows"]} in painted["calendar"]
    reading.read(painted, NO_DAYS.get)
    assert "is_special" not in after(raw, {"day_types[1].is_special": [""]})["day_types"][1]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"holiday_calendar": None}, "special days come from a calendar"),
        ({"day_types": [*DAY_TYPES, {"code": "called", "name": "Called", "is_special": True}]}, "only one day type"),
    ],
    ids=["no-calendar", "two"],
)
def test_what_makes_no_sense_of_special_days_is_told(change: dict[str, Any], words: str) -> None:
    raw = {key: value for key, value in {**document(), **change}.items() if value is not None}

    with pytest.raises(TariffInvalid, match=words):
        reading.read(raw, NO_DAYS.get)


@pytest.mark.spec("B-34")
@pytest.mark.parametrize(("language", "typed"), [("en", "10.5"), ("es", "10,5")])
def test_rates_that_change_are_typed_as_percentages_by_their_first_days(language: str, typed: str) -> None:
    raw = tariffs.peak_document(taxes=[{"code": "vat", "name": "VAT", "rate": "0.21"}])
    with translation.override(language):
        changed = after(
            raw, {"taxes[0].rates": [f"2026-07-01: {typed}\r\n2027-01-01: 4"], "taxes[0].tax_point": ["INVOICE"]}
        )
        again = after(changed, {})
        own = after(changed, {"taxes[0].tax_point": ["DELIVERY"]})
        none = after(own, {"taxes[0].rates": [""], "taxes[0].tax_point": [""]})

    assert changed["taxes"][0]["rates"] == [
        {"from": "2026-07-01", "rate": "0.105"},
        {"from": "2027-01-01", "rate": "0.04"},
    ]
    assert (changed["taxes"][0]["tax_point"], own["taxes"][0]["tax_point"]) == ("INVOICE", "DELIVERY")
    assert again == changed
    assert none == raw


def test_a_rate_that_is_none_is_kept_and_told() -> None:
    raw = tariffs.peak_document(taxes=[{"code": "vat", "name": "VAT", "rate": "0.21"}])

    changed = after(raw, {"taxes[0].rates": ["tomorrow: much"]})

    assert changed["taxes"][0]["rates"] == [{"from": "tomorrow", "rate": "much"}]
    with pytest.raises(TariffInvalid):
        reading.read(changed)
