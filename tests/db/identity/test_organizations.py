"""Organizations and their modules."""

from __future__ import annotations

import pytest

from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.identity import operations, queries
from meterbook.identity.values import Module
from tests.factories import identity
from tests.support import trails

AT = identity.LONG_AGO


def create(name: str, slug: str = "") -> queries.OrganizationRow:
    with scoping.scope([queries.next_organization_id()], actor=identity.ACTOR):
        return operations.create_organization(actor=identity.ACTOR, at=AT, name=name, slug=slug)


def change_module(
    organization: identity_models.Organization, module: Module, *, is_on: bool
) -> queries.OrganizationRow:
    with scoping.scope([organization.id], actor=identity.ACTOR):
        return operations.change_module(actor=identity.ACTOR, at=AT, module=module, is_on=is_on)


class TestCreateOrganization:
    def test_answers_what_was_created_and_records_it(self) -> None:
        organization = identity.organization(name="Lime Court", language="es", modules=[Module.ALARMS])

        with scoping.scope([organization.id], actor=identity.ACTOR):
            row = queries.get_organization()

        assert (row.name, row.language, row.modules) == ("Lime Court", "es", frozenset({"ALARMS"}))
        assert trails.actions(organization) == ["identity:create_organization"]

    def test_makes_the_short_name_from_the_name_and_keeps_it_unique(self) -> None:
        first, second = create("Twin Towers Ltd."), create("Twin Towers Ltd.")

        assert first.slug.startswith("twin-towers-ltd")
        assert second.slug.startswith("twin-towers-ltd-")
        assert first.slug != second.slug

    def test_refuses_a_short_name_that_was_asked_for_and_is_taken(self) -> None:
        taken = create("Somebody").slug

        with pytest.raises(operations.SlugTaken, match="take a different short name"):
            create("Another", slug=taken)

    def test_is_not_half_done_when_the_transaction_fails(self) -> None:
        reserved = queries.next_organization_id()

        def fail_afterwards() -> None:
            with scoping.scope([reserved], actor=identity.ACTOR):
                operations.create_organization(actor=identity.ACTOR, at=AT, name="Gone")
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fail_afterwards()

        assert reserved not in scoping.organization_ids()


class TestRenameOrganization:
    def test_keeps_the_short_name_and_records_both_names(self) -> None:
        organization = identity.organization(name="Old Name")

        with scoping.scope([organization.id], actor=identity.ACTOR):
            row = operations.rename_organization(actor=identity.ACTOR, at=AT, name="New Name", language="es")

        entry = trails.latest(organization)
        assert (row.name, row.language, row.slug) == ("New Name", "es", organization.slug)
        assert (entry.action, entry.before) == ("identity:rename_organization", {"name": "Old Name", "language": "en"})
        assert entry.after == {"name": "New Name", "language": "es"}


class TestChangeModule:
    def test_switches_on_and_off_and_records_each_change(self) -> None:
        organization = identity.organization(modules=[Module.METERING])

        with_alarms = change_module(organization, Module.ALARMS, is_on=True)
        without_metering = change_module(organization, Module.METERING, is_on=False)

        assert with_alarms.modules == frozenset({"ALARMS", "METERING"})
        assert without_metering.modules == frozenset({"ALARMS"})
        assert trails.actions(organization)[:2] == ["identity:change_module"] * 2
        assert trails.latest(organization).before == {"modules": ["ALARMS", "METERING"]}

    def test_records_nothing_when_nothing_changes(self) -> None:
        organization = identity.organization(modules=[Module.METERING])

        change_module(organization, Module.METERING, is_on=True)

        assert trails.actions(organization) == ["identity:create_organization"]

    def test_cannot_switch_the_basics_off(self) -> None:
        organization = identity.organization()

        assert change_module(organization, Module.CORE, is_on=False).has_module(Module.CORE)


@pytest.mark.spec("X-05/1")
class TestIsolation:
    def test_finds_no_organization_outside_the_scope(self) -> None:
        own, foreign = identity.organization(), identity.organization()

        with scoping.scope([own.id], actor=identity.ACTOR), pytest.raises(queries.OrganizationNotFound):
            queries.get_organization(organization_id=foreign.id)

    def test_lists_only_the_organizations_of_the_scope(self) -> None:
        own = identity.organization()
        identity.organization()

        with scoping.scope([own.id], actor=identity.ACTOR):
            assert [each.id for each in queries.list_organizations()] == [own.id]
