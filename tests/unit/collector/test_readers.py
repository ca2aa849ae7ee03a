"""How a device is read: an M-Bus meter in one readout, and not more often because somebody looks."""

from __future__ import annotations

from datetime import timedelta

import pytest

from meterbook.acquisition import plans
from meterbook.acquisition.contract.frames import RECORDS
from meterbook.collector import readers
from meterbook.kernel.quantity import Unit
from meterbook.metering.values import SeriesKind


def reader(model: str, code: str, unit: Unit, decimals: int) -> readers.DeviceReader:
    counter = plans.RegisterFeed(code, 1, unit, decimals, SeriesKind.CUMULATIVE, 15)
    return readers.prepare(plans.DevicePlan(1, 1, 1, model, 900, (counter,), secondary="06855817FFFFFFFF"))


@pytest.mark.parametrize(
    ("model", "code", "decimals", "is_watched"),
    [("kamstrup_multical_601", "heat", 3, False), ("kamstrup_382", "energy_import", 3, True)],
    ids=["battery", "mains"],
)
def test_only_a_meter_on_mains_is_asked_more_often_while_somebody_looks(
    model: str, code: str, decimals: int, *, is_watched: bool
) -> None:
    made = reader(model, code, Unit.KWH, decimals)

    usual, watched = made.table(), made.table(watched=1)

    assert made.problem is None
    assert (usual != watched) is is_watched


def test_one_readout_brings_counters_and_the_rest() -> None:
    made = reader("kamstrup_multical_601", "heat", Unit.KWH, 3)

    table = made.table()

    assert [each.block for each in made.requests.everything] == [RECORDS]
    assert table is not None
    assert (table.energy_every, table.instant_every) == (timedelta(minutes=15), None)  # not twice at a quarter
    assert made.plan.address == 0x06855817FFFFFFFF
