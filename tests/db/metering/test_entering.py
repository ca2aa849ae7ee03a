"""Two people read the same meter at the same moment: no number gets lost without a word."""

from __future__ import annotations

import concurrent.futures
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import connections

from meterbook.foundation import scoping
from meterbook.metering import models, operations, queries, values
from tests.factories import identity, metering

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
Write = Callable[[queries.Face, Decimal], object]


@pytest.fixture
def meter() -> metering.Installed:
    made = metering.installed_meter(organization=identity.organization())
    metering.record(made.energy, [(NOON.replace(hour=6), 18_900)], source=values.Source.FIELD)
    return made


def enter(face: queries.Face, value: Decimal, *, may_correct: bool = False) -> object:
    return operations.enter_reading(
        actor=metering.ACTOR, at=NOON, face=face, instant=NOON, value=value, may_correct=may_correct
    )


def correct(face: queries.Face, value: Decimal) -> object:
    return enter(face, value, may_correct=True)


def note(face: queries.Face, value: Decimal) -> object:
    return operations.note_reading(actor=metering.ACTOR, at=NOON, face=face, instant=NOON, value=value)


def at_once(meter: metering.Installed, write: Write, numbers: tuple[str, str]) -> list[object]:
    """What two people hear who both looked at the meter before either of them stored."""
    both_looked = threading.Barrier(2, timeout=30)

    def one(number: str) -> object:
        try:
            with scoping.scope([meter.organization_id], actor=metering.ACTOR):
                face = queries.faces_at(meter_point_ids=[meter.point.pk], instant=NOON, at=NOON)[meter.point.pk]
                both_looked.wait()
                return write(face, Decimal(number))
        except ValueError as error:
            return error
        finally:
            connections.close_all()

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        return list(pool.map(one, numbers))


def stored(meter: metering.Installed) -> list[int]:
    with scoping.scope([meter.organization_id], actor=metering.ACTOR):
        found = models.Reading.objects.filter(organization_id=meter.organization_id, series_id=meter.energy.pk, at=NOON)
        return list(found.values_list("value", flat=True))


@pytest.mark.parametrize(
    ("write", "told"),
    [
        pytest.param(enter, operations.CorrectionNotAllowed, id="entered"),
        pytest.param(correct, operations.ReadingDoubtful, id="entered by who may correct"),
        pytest.param(note, operations.ReadingOutOfRange, id="noted"),
    ],
)
def test_the_second_of_two_numbers_hears_that_another_one_stands_there(
    meter: metering.Installed, write: Write, told: type[ValueError]
) -> None:
    heard = at_once(meter, write, ("190", "191"))

    refused = [each for each in heard if isinstance(each, ValueError)]
    (number,) = stored(meter)
    assert [type(each) for each in refused] == [told]
    assert f"{number // 100}" in str(refused[0])


def test_the_same_number_twice_is_one_reading(meter: metering.Installed) -> None:
    heard = at_once(meter, enter, ("190", "190"))

    assert sorted(map(str, heard)) == ["KNOWN", "STORED"]
    assert stored(meter) == [19_000]
