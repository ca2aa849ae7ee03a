"""Versions: drafted, checked, published once, one in force a day, none is an error."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from meterbook.audit import models as audit_models
from meterbook.foundation import scoping
from meterbook.identity import two_people
from meterbook.identity.values import RoleCode, TwoPeople
from meterbook.kernel.actor import Actor
from meterbook.tariffs import models, operations, queries
from meterbook.tariffs.rating.problems import TariffInvalid
from tests.factories import identity, tariffs
from tests.support import trails

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


class TestTwoPeople:
    @pytest.mark.parametrize("is_needed", [True, False])
    def test_are_needed_to_publish_where_the_organization_says_so(self, is_needed: bool) -> None:
        organization = identity.organization()
        author, other = (identity.actor(identity.user(organization=organization)) for _person in range(2))
        with scoping.scope([organization.pk], actor=ACTOR):
            needed_for = [TwoPeople.TARIFF] if is_needed else [TwoPeople.RUN]
            two_people.change_policy(actor=ACTOR, at=AT, needed_for=needed_for)
            tariff = operations.create_tariff(actor=author, at=AT, document=tariffs.peak_document())
            publish = {"at": AT, "tariff": tariff, "first_day": date(2026, 7, 1)}
            if is_needed:
                with pytest.raises(operations.SecondPersonNeeded):
                    operations.publish_version(actor=author, **publish)
            made = operations.publish_version(actor=other if is_needed else author, **publish)

        assert made.publisher == (other if is_needed else author).label
        assert trails.latest(organization).after["is_published_alone"] is not is_needed

    def test_are_one_where_nobody_else_can(self) -> None:
        organization = identity.organization()
        author = identity.actor(identity.user(organization=organization))
        identity.user(organization=organization, role=RoleCode.BILLING_CLERK)
        with scoping.scope([organization.pk], actor=ACTOR):
            tariff = operations.create_tariff(actor=author, at=AT, document=tariffs.peak_document())

            operations.publish_version(actor=author, at=AT, tariff=tariff, first_day=date(2026, 7, 1))


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

    @pytest.mark.spec("X-11/2")
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
