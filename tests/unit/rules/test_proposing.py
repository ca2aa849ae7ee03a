"""Holidays as a proposal, against days that anybody can look up."""

from __future__ import annotations

from datetime import date

import pytest

from meterbook.rules import proposing


def test_regions_of_a_country_have_their_own_days() -> None:
    spain = {each.day for each in proposing.propose(country="ES", region="", years=[2026])}
    madrid = {each.day: each.name for each in proposing.propose(country="ES", region="MD", years=[2026])}

    assert date(2026, 5, 2) in madrid
    assert date(2026, 5, 2) not in spain
    assert {date(2026, 1, 6), date(2026, 12, 25)} <= spain & set(madrid)


def test_a_day_that_the_law_moves_stands_on_its_new_date() -> None:
    """The fourth of July 2026 is a Saturday: the Friday before is the day off."""
    days = {each.day for each in proposing.propose(country="US", region="CA", years=[2026])}

    assert date(2026, 7, 3) in days


def test_days_are_ordered_and_of_the_years_asked_for() -> None:
    found = proposing.propose(country="MX", region="", years=range(2025, 2028), language="es")

    assert [each.day for each in found] == sorted({each.day for each in found})
    assert {each.day.year for each in found} == {2025, 2026, 2027}
    assert "Navidad" in {each.name for each in found}


@pytest.mark.parametrize(("country", "region"), [("XX", ""), ("ES", "CA")])
def test_what_the_library_does_not_know_is_refused(country: str, region: str) -> None:
    with pytest.raises(proposing.RegionUnknown):
        proposing.propose(country=country, region="nowhere" if region else "", years=[2026])


@pytest.mark.parametrize("years", [[], range(2020, 2031), [1989], [2101]], ids=["none", "eleven", "early", "late"])
def test_years_are_few_and_near(years: list[int]) -> None:
    with pytest.raises(proposing.TooManyYears):
        proposing.propose(country="ES", region="", years=years)
