"""The bytes on the wire of readings at midnight: kept once, found again, changed by nobody."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, connection, transaction

from meterbook.acquisition import models, operations
from meterbook.foundation import scoping
from tests.factories import acquisition, identity

AT = datetime(2026, 1, 31, 23, 0, 3, tzinfo=UTC)


@pytest.mark.spec("I-01")
class TestKeeping:
    def test_keeps_a_frame_once(self, database: str) -> None:
        device = acquisition.device(organization=identity.organization())
        frame = operations.FrameToKeep(device.pk, AT.replace(microsecond=500_000), "0103", "01030200ff", took_ms=12)

        with scoping.scope([device.organization_id], actor=identity.ACTOR):
            for _time in range(2):
                operations.keep_frames(actor=identity.ACTOR, at=AT, frames=[frame])
            (kept,) = models.KeptFrame.objects.filter(organization_id=device.organization_id)

        assert (kept.at, bytes(kept.response).hex(), kept.meter_id) == (AT, "01030200ff", device.meter_id)

    def test_passes_over_devices_of_others(self, database: str) -> None:
        device, theirs = (acquisition.device(organization=identity.organization()) for _each in range(2))

        with scoping.scope([device.organization_id], actor=identity.ACTOR):
            frame = operations.FrameToKeep(theirs.pk, AT, "0103", "0103", took_ms=1)
            assert operations.keep_frames(actor=identity.ACTOR, at=AT, frames=[frame]) == 0

    def test_lets_nobody_change_one(self, database: str) -> None:
        device = acquisition.device(organization=identity.organization())
        with scoping.scope([device.organization_id], actor=identity.ACTOR):
            frame = operations.FrameToKeep(device.pk, AT, "0103", "0103", took_ms=1)
            operations.keep_frames(actor=identity.ACTOR, at=AT, frames=[frame])
            with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("UPDATE acquisition_keptframe SET took_ms = 2")
