"""Which default of several holds: the nearest place first, then the kind of customer."""

from __future__ import annotations

import itertools
import uuid
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from meterbook.customers import tariff_defaults
from meterbook.customers.tariff_defaults import DefaultLevel, DefaultRow, Place
from meterbook.customers.values import CustomerKind
from meterbook.metering.values import Service

DAY = date(2026, 3, 1)
HOME = Place(Service.ELECTRICITY, 1, "EUR", frozenset({7, 8}), CustomerKind.PERSON)
NEAREST = (
    (1, 7, CustomerKind.PERSON),
    (1, 7, None),
    (1, None, CustomerKind.PERSON),
    (1, None, None),
    (None, None, CustomerKind.PERSON),
    (None, None, None),
)


def row(
    site: int | None,
    building: int | None,
    kind: CustomerKind | None,
    *,
    currency: str = "EUR",
    until: date | None = None,
) -> DefaultRow:
    key = uuid.UUID(int=0)
    return DefaultRow(
        public_id=key,
        service=Service.ELECTRICITY,
        site_id=site,
        site_public_id=key,
        site_name="",
        building_id=building,
        building_public_id=key,
        building_name="",
        customer_kind=kind,
        tariff_id=1,
        tariff_public_id=key,
        tariff_code="T",
        currency=currency,
        first_day=date(2026, 1, 1),
        until_day=until,
    )


@given(chosen=st.lists(st.sampled_from(NEAREST), min_size=1, unique=True))
def test_the_nearest_of_those_that_fit_holds(chosen: list[tuple[int | None, int | None, CustomerKind | None]]) -> None:
    found = tariff_defaults.best([row(*each) for each in chosen], HOME, DAY)

    assert found == row(*min(chosen, key=NEAREST.index))


def test_what_is_for_others_does_not_hold() -> None:
    strangers = [
        row(2, None, None),
        row(1, 9, None),
        row(1, None, CustomerKind.COMPANY),
        row(None, None, None, currency="USD"),
        row(1, None, None, until=DAY),
    ]

    assert tariff_defaults.best(strangers, HOME, DAY) is None
    assert tariff_defaults.best(strangers, HOME, date(2026, 2, 28)) == strangers[-1]


def test_levels_are_named() -> None:
    levels = [row(*each).level for each in NEAREST]

    assert [level for level, _same in itertools.groupby(levels)] == list(DefaultLevel)
