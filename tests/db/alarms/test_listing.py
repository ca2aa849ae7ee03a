"""In which order alarms are listed: what is urgent stands above what is new."""

from __future__ import annotations

import uuid
from datetime import timedelta

from meterbook.alarms import operations, queries
from meterbook.alarms.values import AlarmKind
from meterbook.foundation import scoping
from tests.factories import acquisition, identity, sites


def test_open_critical_ones_stand_above_newer_warnings_and_history_goes_by_time() -> None:
    site = sites.site(organization=identity.organization())
    kinds = (AlarmKind.BUS_SILENT, AlarmKind.METER_SILENT, AlarmKind.GATEWAY_SILENT, AlarmKind.METER_CLOCK)
    with scoping.scope([site.organization_id], actor=acquisition.ACTOR):
        for hour, kind in enumerate(kinds):
            operations.raise_alarm(
                actor=acquisition.ACTOR,
                at=acquisition.AT + timedelta(hours=hour),
                kind=kind,
                site=site,
                subject_kind="metering.meter",
                subject_id=uuid.uuid4(),
                details={"name": kind.value},
            )

        opened = [each.kind for each in queries.list_alarms()[0]]
        history = [each.kind for each in queries.list_alarms(include_cleared=True)[0]]

    assert opened == [kinds[2], kinds[0], kinds[3], kinds[1]]
    assert history == list(reversed(kinds))
