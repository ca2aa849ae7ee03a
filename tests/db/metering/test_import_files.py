"""Files that wait for their mapping: imported once, forgotten after a week, never another organization's."""

from __future__ import annotations

from datetime import timedelta

import pytest

from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.kernel.quantity import Unit
from meterbook.metering import models, operations, queries
from meterbook.metering.importing.mapping import Mapping
from tests.factories import identity, imports, metering

ACTOR, NOW = imports.ACTOR, imports.NOW
QUARTERS = [("2026-03-01 00:00", "1.5"), ("2026-03-01 00:15", "2"), ("2026-03-01 00:30", "0.25")]
ENERGY = operations.RegisterPlan("energy_import", "energy_import", Unit.KWH, 3)


@pytest.fixture
def organization() -> identity_models.Organization:
    return identity.organization()


class TestWaitingFile:
    def upload(self, organization: identity_models.Organization, content: bytes) -> queries.ImportRow:
        with scoping.scope([organization.pk], actor=ACTOR):
            made = operations.upload_import_file(actor=ACTOR, at=NOW, content=content, name="a.csv")
            return queries.get_import(public_id=made)

    def test_is_imported_once_by_its_mapping(self, organization: identity_models.Organization) -> None:
        metering.installed_meter(organization=organization, code="MP-1", registers=(ENERGY,))
        row = self.upload(organization, imports.csv_file(QUARTERS))
        with scoping.scope([organization.pk], actor=ACTOR):
            operations.change_import_mapping(
                actor=ACTOR, at=NOW, public_id=row.public_id, mapping=Mapping(point="MP-1"), new_meters_at=None
            )
            assert operations.check_import_file(public_id=row.public_id).inserted == 4
        with scoping.scope([organization.pk], actor=ACTOR):
            operations.import_file(actor=ACTOR, at=NOW, public_id=row.public_id)
            with pytest.raises(operations.ImportDone):
                operations.import_file(actor=ACTOR, at=NOW, public_id=row.public_id)
            done = queries.get_import(public_id=row.public_id)
            content = models.ImportFile.objects.get(organization_id=organization.pk).content

        assert (done.outcome["inserted"], done.imported_at, content) == (4, NOW, None)

    def test_is_forgotten_after_a_week(self, organization: identity_models.Organization) -> None:
        self.upload(organization, imports.csv_file(QUARTERS))

        with scoping.scope([organization.pk], actor=ACTOR):
            operations.upload_import_file(
                actor=ACTOR, at=NOW + timedelta(days=8), content=imports.csv_file(QUARTERS), name="b.csv"
            )
            assert [each.name for each in queries.list_imports()] == ["b.csv"]

    def test_of_another_organization_is_not_found(self, organization: identity_models.Organization) -> None:
        row = self.upload(identity.organization(), imports.csv_file(QUARTERS))

        with scoping.scope([organization.pk], actor=ACTOR), pytest.raises(queries.ImportNotFound):
            operations.import_file(actor=ACTOR, at=NOW, public_id=row.public_id)
