"""The tests of the meters that counted in the time of one's own contracts. Needs a running scope."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from meterbook.customers import clipping, own
from meterbook.kernel.period import Period
from meterbook.metering import queries as metering_queries


class TestNotOwn(LookupError):
    """There is no such test of a meter that counted in the time of the own contracts."""


@dataclass(frozen=True)
class OwnTest:
    """A test of a meter, and whether the meter hangs there now."""

    serial_number: str
    is_hanging: bool
    row: metering_queries.TestRow


def tests_within(*, point: own.OwnPoint, detail: metering_queries.MeterDetail, at: datetime) -> tuple[OwnTest, ...]:
    """This will return the tests of every meter that hung at an own point during an own contract, newest meter first.

    A meter that came after the contract had ended, or went before it began, is none of these. What was withdrawn is
    not told.
    """
    hung = [each for each in detail.installations if _is_own(each, point, at)]
    running = {each.meter_id for each in hung if each.ends_at is None}
    meters = {each.meter_public_id: each.meter_id in running for each in hung}
    return tuple(
        OwnTest(asset.serial_number, meters[asset.meter_public_id], each)
        for asset in metering_queries.assets_of(installations=hung)
        for each in asset.tests
        if each.withdrawn_at is None
    )


def certificate_of(
    *, point: own.OwnPoint, detail: metering_queries.MeterDetail, at: datetime, test_id: uuid.UUID
) -> tuple[metering_queries.FileRow, bytes, str]:
    """This will return the certificate of such a test: what it is, its content, and a name to save it under.

    :raises TestNotOwn: when the test is another's, has no certificate, or was withdrawn
    """
    own_ones = tests_within(point=point, detail=detail, at=at)
    found = next((each.row for each in own_ones if each.row.public_id == test_id), None)
    if found is None or found.file is None:
        raise TestNotOwn(TestNotOwn.__doc__)
    return metering_queries.get_asset_file(public_id=found.file.public_id, meter_public_ids=[found.meter_public_id])


def _is_own(hung: metering_queries.InstallationRow, point: own.OwnPoint, at: datetime) -> bool:
    until = at if hung.ends_at is None else min(hung.ends_at, at)
    return hung.starts_at < until and bool(clipping.clip(Period(hung.starts_at, until), point.stays))
