"""A reading as it came in: from a person with a photo, from a file, from a gateway, a moment beside a boundary."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.kernel.period import Period
from meterbook.kernel.quantity import Unit
from meterbook.metering import operations, queries
from meterbook.metering.validation.inputs import CorrectionKind
from meterbook.metering.values import Source
from meterbook.reporting.queries import raw_readings
from tests.factories import identity, imports, metering

AT = datetime(2026, 2, 28, 23, tzinfo=UTC)  # midnight in Madrid
ACTOR = identity.ACTOR


@pytest.fixture
def organization(database: str) -> identity_models.Organization:
    return identity.organization()


def evidence(made: metering.Installed, at: datetime = AT) -> raw_readings.Evidence:
    """All that is kept of an instant, with what lies an hour around it."""
    with scoping.scope([made.organization_id], actor=ACTOR):
        detail = queries.get_meter(public_id=made.point.public_id)
        series = detail.main_series
        assert series is not None
        within = Period(at - timedelta(hours=1), at + timedelta(hours=1))
        return raw_readings.evidence_of(detail=detail, series=series, at=at, within=within)


@pytest.mark.spec("M-088/1")
class TestOrigin:
    def test_of_a_person_is_told_with_photo_and_reason(self, organization: identity_models.Organization) -> None:
        made = metering.installed_meter(organization=organization)
        taken = metering.taken(made, at=AT)

        found = evidence(made)

        assert found.reading is not None
        assert found.reading.source is Source.FIELD
        assert found.origin.person is not None
        with scoping.scope([organization.pk], actor=ACTOR):
            assert taken.photo is not None
            kept = taken.photo.public_id
        assert (found.origin.person.photo, found.origin.person.reason) == (kept, "looked twice")
        assert found.origin.device is None

    def test_of_a_file_is_told_with_its_digest_and_columns(self, organization: identity_models.Organization) -> None:
        energy = operations.RegisterPlan("energy_import", "energy_import", Unit.KWH, 3)
        made = metering.installed_meter(organization=organization, code="MP-1", registers=(energy,))
        content = imports.csv_file([("2026-03-01 00:00", "1.5"), ("2026-03-01 00:15", "2")])
        imports.load(organization, content)

        found = evidence(made, AT + timedelta(minutes=15))

        assert found.reading is not None
        assert (found.reading.raw, found.reading.source) == (1_500, Source.IMPORT)
        assert found.origin.file is not None
        assert found.origin.file.digest == hashlib.sha256(content).hexdigest()
        assert (found.origin.file.name, found.origin.file.column) == ("readings.csv", "kWh")

    def test_of_a_gateway_is_told_although_its_message_is_forgotten(
        self, organization: identity_models.Organization
    ) -> None:
        made = metering.installed_meter(organization=organization)
        metering.record(made.energy, [(AT, 5)], source=Source.GATEWAY)

        found = evidence(made)

        assert found.origin.gateway is None  # no gateway reads this meter now
        assert found.reading is not None
        assert found.reading.source is Source.GATEWAY


@pytest.mark.spec("I-01")
class TestReading:
    def test_is_the_registers_own_number_with_its_scale(self, organization: identity_models.Organization) -> None:
        made = metering.installed_meter(organization=organization)
        metering.record(made.energy, [(AT, 1_234_567)])

        found = evidence(made)

        assert found.reading is not None
        assert found.register is not None
        assert (found.reading.raw, found.register.shown(found.reading.raw)) == (
            1_234_567,
            Decimal(1_234_567).scaleb(-found.register.decimals),
        )

    def test_a_moment_beside_a_boundary_counts_for_it(self, organization: identity_models.Organization) -> None:
        made = metering.installed_meter(organization=organization)
        metering.record(made.energy, [(AT - timedelta(minutes=14), 4), (AT + timedelta(seconds=3), 5)])

        found = evidence(made)

        assert found.reading is not None
        assert (found.reading.at, found.reading.raw) == (AT + timedelta(seconds=3), 5)
        assert [each.raw for each in found.around] == [4]

    def test_is_none_where_nobody_read_near_it(self, organization: identity_models.Organization) -> None:
        made = metering.installed_meter(organization=organization)
        metering.record(made.energy, [(AT - timedelta(minutes=30), 4), (AT + timedelta(minutes=30), 6)])

        found = evidence(made)

        assert found.reading is None
        assert [each.raw for each in found.around] == [4, 6]

    def test_stays_as_it_came_when_it_is_corrected(self, organization: identity_models.Organization) -> None:
        made = metering.installed_meter(organization=organization)
        metering.record(made.energy, [(AT, 5)])
        with scoping.scope([organization.pk], actor=ACTOR):
            operations.correct_readings(
                actor=ACTOR,
                at=AT + timedelta(days=400),
                series=made.energy,
                kind=CorrectionKind.SET,
                corrected_at=AT,
                value=9,
                reason="read wrongly",
            )

        found = evidence(made)

        assert found.reading is not None
        assert found.reading.raw == 5
        assert [(each.raw, each.reason) for each in found.facts] == [(9, "read wrongly")]

    def test_of_another_number_for_the_instant_stands_beside_it(
        self, organization: identity_models.Organization
    ) -> None:
        made = metering.installed_meter(organization=organization)
        metering.record(made.energy, [(AT, 5)])
        metering.record(made.energy, [(AT, 7)])

        found = evidence(made)

        assert found.reading is not None
        assert (found.reading.raw, [each.raw for each in found.contradictions]) == (5, [7])
