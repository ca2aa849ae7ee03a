"""Clocks of meters held against ours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from meterbook.acquisition.contract import octets
from meterbook.acquisition.contract.frames import Frame, Record
from meterbook.acquisition.drivers.dsmr import bus
from meterbook.acquisition.polling import clocks

MADRID = ZoneInfo("Europe/Madrid")
AT = datetime(2026, 7, 1, 10, 7, 40, tzinfo=UTC)  # 12:07:40 there, 11:07:40 without summer time


def mbus(text: str, raw: str = "046d00000000") -> Frame:
    record = Record("time-point-date-time", None, "", text, raw)
    return Frame("", "", AT, 0, (), records=(record,))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2026-07-01T12:07:00", 0),
        ("2026-07-01T11:07:00", 0),  # a clock that does not know summer time is right
        ("2026-07-01T12:08:00", 20),
        ("2026-07-01T12:05:00", -100),
        ("2026-07-01T11:17:00", 560),
        ("2011-12-01T10:36:00", -(5_326 * 86_400 + 1_840)),
    ],
)
def test_civil_time_to_the_minute(text: str, seconds: int) -> None:
    assert clocks.offset(mbus(text), MADRID) == timedelta(seconds=seconds)


def test_seconds_count_where_they_are_sent() -> None:
    assert clocks.offset(mbus("2026-07-01T12:07:00", "066d000000000000"), MADRID) == timedelta(seconds=-40)


def test_a_clock_with_its_offset_needs_no_zone() -> None:
    frame = Frame("", "", AT, 0, (), told=AT + timedelta(seconds=75))

    assert clocks.offset(frame, MADRID) == timedelta(seconds=75)


@pytest.mark.parametrize("frame", [Frame("", "", AT, 0, (1,)), mbus(""), mbus("12:00"), mbus("2026-07-01")])
def test_what_tells_no_instant_has_no_clock(frame: Frame) -> None:
    assert clocks.offset(frame, MADRID) is None


def test_a_p1_port_tells_the_clock_of_its_meter() -> None:
    body = b"/ISk5MT382\r\n\r\n0-0:1.0.0(260701120855S)\r\n1-0:1.8.1(000004.000*kWh)\r\n!"
    raw = body + f"{octets.crc16_arc(body):04X}\r\n".encode()

    own = bus.parts(raw, AT)[bus.OWN]

    assert own.told == AT + timedelta(seconds=75)
