"""Versions: drafted, checked, published once, one in force a day, none is an error."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from meterbook.audit import models as audit_models
from meterbook.foundation import scoping
from meterbook.kernel.actor import Actor
from meterbook.tariffs import models, operations, queries
from meterbook.tariffs.rating.problems import TariffInvalid
from tests.factories import identity, tariffs

ACTOR = Actor.system("test")
AT = datetime(2026, 1, 5, tzinfo=UTC)


def make(document: dict[str, Any] | None = None) -> models.Tariff:
    return operations.create_tariff(actor=ACTOR, at=AT, document=document or tariffs.peak_document())


class TestPublishVersion:
    def test_the_version_before_ends_where_the_next_begins(self) -> None:
        organization = identity.organization()
        with scoping.scope([organization.pk], actor=ACTOR):
            tariff = make()
            operations.publish_version(actor=ACTOR, at=AT, tariff=tariff, first_day=date(2026, 1, 1))
            operations.save_draft(actor=ACTOR, at=AT, tariff=tariff, document=tariffs.peak_document(decimals=2))
            operations.publish_version(actor=ACTOR, at=AT, tariff=tariff, first_day=date(2026, 7, 1))

            assert queries.version_in_force(tariff_id=tariff.pk, day=date(2026, 6, 30)).number == 1
            assert queries.version_in_force(tariff_id=tariff.pk, day=date(2026, 7, 1)).document.decimals == 2
            with pytest.raises(queries.NoVersionInForce, match="2025-12-31"):
                queries.version_in_force(tariff_id=tariff.pk, day=date(2025, 12, 31))

    def test_refuses_to_start_before_a_published_one(self) -> None:
        with scoping.scope([identity.organization().pk], actor=ACTOR):
            tariff = make()
            operations.publish_version(actor=ACTOR, at=AT, tariff=tariff, first_day=date(2026, 7, 1))
            operations.save_draft(actor=ACTOR, at=AT, tariff=tariff, document=tariffs.peak_document())

            with pytest.raises(operations.VersionsOverlap):
                operations.publish_version(actor=ACTOR, at=AT, tariff=tariff, first_day=date(2026, 7, 1))

    def test_needs_a_draft(self) -> None:
        with scoping.scope([identity.organization().pk], actor=ACTOR):
            tariff = make()
            operations.publish_version(actor=ACTOR, at=AT, tariff=tariff, first_day=date(2026, 7, 1))

            with pytest.raises(operations.NoDraft):
                operations.publish_version(actor=ACTOR, at=AT, tariff=tariff, first_day=date(2026, 8, 1))


class TestSaveDraft:
    def test_refuses_a_broken_document_and_keeps_nothing(self) -> None:
        with scoping.scope([identity.organization().pk], actor=ACTOR) as scope:
            with pytest.raises(TariffInvalid, match="currency"):
                make(tariffs.peak_document(currency="EURO"))

            assert not models.Tariff.objects.filter(organization_id=scope.organization_id).exists()

    def test_code_and_currency_stay(self) -> None:
        with scoping.scope([identity.organization().pk], actor=ACTOR):
            tariff = make()

            with pytest.raises(TariffInvalid, match="currency: it is “USD”"):
                operations.save_draft(actor=ACTOR, at=AT, tariff=tariff, document=tariffs.peak_document(currency="EUR"))

    def test_is_audited(self) -> None:
        with scoping.scope([identity.organization().pk], actor=ACTOR) as scope:
            make()
            entries = audit_models.AuditEntry.objects.filter(organization_id=scope.organization_id).order_by("id")

            assert [each.action for each in entries][-2:] == ["tariffs:create_tariff", "tariffs:save_draft"]

    def test_a_code_is_used_once(self) -> None:
        with scoping.scope([identity.organization().pk], actor=ACTOR):
            make()

            with pytest.raises(operations.TariffCodeTaken):
                make()


class TestScope:
    def test_tariffs_of_others_are_not_there(self) -> None:
        with scoping.scope([identity.organization().pk], actor=ACTOR):
            tariff = make()

        with scoping.scope([identity.organization().pk], actor=ACTOR):
            assert queries.list_tariffs(on=date(2026, 1, 1)) == []
            with pytest.raises(queries.TariffNotFound):
                queries.get_tariff(public_id=tariff.public_id, on=date(2026, 1, 1))
