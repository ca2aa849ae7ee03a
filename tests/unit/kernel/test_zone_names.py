"""Time zones by the names of cities, and currencies by theirs."""

from __future__ import annotations

import pytest

from meterbook.kernel import currency, zone_names


@pytest.mark.parametrize(
    ("given", "zones"),
    [
        ("Madrid", ("Europe/Madrid",)),
        (" madrid ", ("Europe/Madrid",)),
        ("Europe/madrid", ("Europe/Madrid",)),
        ("Londres", ("Europe/London",)),
        ("Ciudad de México", ("America/Mexico_City",)),
        ("mexico city", ("America/Mexico_City",)),
        ("São Paulo", ("America/Sao_Paulo",)),
        ("Buenos Aires", ("America/Argentina/Buenos_Aires", "America/Buenos_Aires")),
        ("UTC", ("UTC",)),
        ("Madird", ()),
        ("Mars/Madrid", ()),
        ("", ()),
    ],
)
def test_a_city_names_its_zone(given: str, zones: tuple[str, ...]) -> None:
    assert zone_names.find(given) == zones


def test_a_zone_is_a_place_or_hours_from_utc() -> None:
    chosen = ("Europe/Madrid", "America/Argentina/Buenos_Aires", "UTC", "Etc/UTC", "Etc/GMT+5", "Etc/GMT-14")
    others = ("localtime", "Factory", "posixrules", "Etc/Unknown", "posix/UTC", "../etc/passwd", "Europe/", "CET")

    assert set(chosen) <= zone_names.known()
    assert not set(others) & zone_names.known()
    assert [zone_names.find(each) for each in ("localtime", "Factory")] == [(), ()]


def test_what_is_almost_right_is_offered() -> None:
    assert zone_names.near("Madird")[0] == "Europe/Madrid"
    assert zone_names.near("qqqqqq") == ()


@pytest.mark.parametrize(
    ("given", "code"), [("Euro", "EUR"), ("eur", "EUR"), ("€", "EUR"), ("peso  mexicano", "MXN"), ("EUX", None)]
)
def test_a_currency_is_named_by_its_code_or_its_name(given: str, code: str | None) -> None:
    assert currency.code_of(given) == code
