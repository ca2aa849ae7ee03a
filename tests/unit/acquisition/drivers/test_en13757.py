"""The records that wired and wireless M-Bus share: dates, reals, storage numbers, and what a VIFE changes."""

from __future__ import annotations

import struct
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterbook.acquisition.contract.decoding import DecodeError
from meterbook.acquisition.library.en13757 import identity, moments, numbers, records, registers, vib


def only(hexadecimal: str) -> records.Record:
    (record,) = records.parse(bytes.fromhex(hexadecimal)).whole()
    return record


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("bf1c", "2013-12-31"),
        ("0000", None),
        ("ffff", None),
        ("100905c5", "1996-05-05T09:16:00"),
        ("3b3bb36b", None),
        ("8c2ecc13", None),
        ("0a0ccd13", "2014-03-13T12:10:00"),
        ("2c1aa1d52100", "2022-01-21T01:26:44"),
        ("2c1aa1952d00", None),
        ("15370e", "14:55:21"),
    ],
    ids=["G", "zero", "absent", "F-1996", "hour-27", "invalid", "F", "I", "month-13", "J"],
)
def test_moments(raw: str, expected: str | None) -> None:
    moment = moments.moment(bytes.fromhex(raw))

    assert moment is not None
    assert moment.text() == expected


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_reals_are_exact(value: float) -> None:
    assert numbers.real(struct.pack("<f", value)) == Decimal(value)


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**40), max_value=10**40))
def test_numbers_of_any_size_are_told_without_exponent(value: Decimal) -> None:
    told = numbers.plain(value, Decimal("0.000001"))

    assert abs(told - value) <= max(Decimal("0.000001"), abs(value) / 10**18)
    exponent = told.as_tuple().exponent
    assert isinstance(exponent, int)
    assert exponent <= 0


def test_what_is_no_number_is_none() -> None:
    assert numbers.real(b"\x00\x00\xc0\x7f") is None
    assert numbers.bcd(bytes.fromhex("ffff")) is None
    assert numbers.bcd(bytes.fromhex("f1")[::-1]) == -1


def test_storage_tariff_and_subunit_are_put_together_from_all_dife() -> None:
    record = only("cef0f07004000000000001")

    assert (record.storage, record.tariff, record.subunit) == (1, 63, 7)
    assert record.function is records.Function.INSTANTANEOUS


@pytest.mark.parametrize(
    ("record", "key", "value", "unit"),
    [
        ("0c1367452301", "volume", Decimal("1234.567"), "m^3"),
        ("1c1367452301", "volume.max", Decimal("1234.567"), "m^3"),
        ("04833c01000000", "energy.backward", Decimal("1"), "Wh"),
        ("0afdc9fc013602", "voltage.l1", Decimal("236"), "V"),
        ("02fdc9ff03ee00", "voltage.maker-03", Decimal("238"), "V"),
        ("0493750a000000", "volume", Decimal("0.001"), "m^3"),
        ("04937d0a000000", "volume", Decimal("10"), "m^3"),
        ("02e57a0100", "external-temperature", Decimal("0.11"), "°C"),
        ("02fb1aae01", "relative-humidity", Decimal("43"), "%"),
        ("04fb0201000000", "reactive-energy", Decimal("1000"), "varh"),
        ("0a93150000", "volume.no-data-available", None, "m^3"),
    ],
    ids=["bcd", "max", "backward", "L1", "maker", "tenth", "times-1000", "offset", "humidity", "varh", "error"],
)
def test_readings(record: str, key: str, value: Decimal | None, unit: str) -> None:
    (reading,) = registers.readings([only(record)])

    assert (reading.key, reading.value, reading.unit) == (key, value, unit)


def test_eleventh_dife_and_vife_are_refused() -> None:
    with pytest.raises(vib.TooManyExtensions, match="more than 10 DIFE"):
        only("84" + "80" * 10 + "00" + "1300000000")
    with pytest.raises(vib.TooManyExtensions, match="more than 10 VIFE"):
        only("0493" + "bb" * 10 + "3b" + "00000000")
    assert only("84" + "80" * 9 + "00" + "1300000000").quantity == "Volume"


def test_unit_in_plain_text_may_stand_before_or_behind_the_vife() -> None:
    before, behind = only("02fc0348522574d411"), only("03fc2003434241153100")

    assert (before.quantity, before.value) == ("%RH", Decimal("45.64"))
    assert (behind.quantity, behind.value) == ("ABC", Decimal(12_565))


@pytest.mark.parametrize(
    ("data", "place"),
    [("04", "byte 101"), ("0413", "byte 102"), ("041300", "byte 102"), ("0d13c5", "byte 103"), ("7f", "byte 100")],
    ids=["vif", "value", "rest", "lvar", "reserved"],
)
def test_cut_record_names_its_byte(data: str, place: str) -> None:
    with pytest.raises(DecodeError) as caught:
        records.parse(bytes.fromhex(data), start=100).whole()

    assert caught.value.place == place


@given(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=3, max_size=3))
def test_makers_are_packed_and_read(letters: str) -> None:
    assert identity.manufacturer(identity.manufacturer_code(letters)) == letters


def test_status_bits_have_names() -> None:
    assert identity.states(0x4B, {0x40: "SABOTAGE"}) == ["ALARM", "PERMANENT_ERROR", "SABOTAGE"]
    assert identity.states(0xE4) == ["POWER_LOW", "UNKNOWN_E0"]
