"""Modules at single sites: what differs, what it takes from rights, and that it is recorded."""

from __future__ import annotations

import pytest

from meterbook.audit import queries as audit_queries
from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.identity import modules, queries, values
from meterbook.identity.values import Access, Module
from tests.factories import identity

OURS, THEIRS = 41, 42
BOTH = (OURS, THEIRS)
BILLS, METERS, SITES = "billing:view_bill", "metering:view_meter", "sites:view"


def change(
    organization: identity_models.Organization, is_on: bool | None, module: Module = Module.BILLING
) -> queries.OrganizationRow:
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        return modules.change_site_module(
            actor=identity.ACTOR,
            at=identity.LONG_AGO,
            site_id=THEIRS,
            site_label="Theirs",
            module=module,
            is_on=is_on,
        )


def recorded(organization: identity_models.Organization) -> int:
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        return len(audit_queries.list_entries(action="identity:change_module"))


class TestChange:
    def test_holds_at_the_site_only_and_until_the_site_follows_again(self) -> None:
        organization = identity.organization()

        off = change(organization, is_on=False)
        follows = change(organization, is_on=None)

        assert [off.has_module_at(Module.BILLING, each) for each in BOTH] == [True, False]
        assert off.has_module(Module.BILLING)
        assert follows.site_modules == {}
        assert follows.has_module_at(Module.BILLING, THEIRS)

    def test_may_be_on_where_the_organization_has_it_off(self) -> None:
        organization = identity.organization(modules=())

        on = change(organization, is_on=True)

        assert [on.has_module_at(Module.BILLING, each) for each in BOTH] == [False, True]
        assert on.has_module(Module.BILLING)
        assert on.default_modules == frozenset()

    @pytest.mark.spec("X-11/2")
    def test_is_recorded_once(self) -> None:
        organization = identity.organization()

        change(organization, is_on=False)
        change(organization, is_on=False)

        assert recorded(organization) == 1

    @pytest.mark.parametrize("module", [Module.CORE, Module.API])
    def test_is_refused_for_what_no_site_can_differ_in(self, module: Module) -> None:
        with pytest.raises(modules.NotForOneSite):
            change(identity.organization(), is_on=False, module=module)


class TestWithin:
    def test_takes_rights_away_where_their_module_is_off(self) -> None:
        organization = change(identity.organization(), is_on=False)
        everywhere = Access(everywhere=frozenset({BILLS, METERS, SITES}))
        at_theirs = Access(at_site={THEIRS: frozenset({BILLS, METERS})})

        wide, narrow = (modules.within(each, organization, BOTH) for each in (everywhere, at_theirs))

        assert wide.sites(BILLS) == {OURS}
        assert wide.sites(METERS) is None
        assert wide.sites(SITES) is None
        assert (wide.allows(BILLS, OURS), wide.allows(BILLS, THEIRS)) == (True, False)
        assert narrow.sites(BILLS) == frozenset()
        assert not narrow.allows_somewhere(BILLS)
        assert narrow.sites(METERS) == {THEIRS}

    def test_leaves_alone_where_sites_are_alike(self) -> None:
        access = Access(everywhere=frozenset({BILLS}))
        organization = change(identity.organization(), is_on=None)

        assert modules.within(access, organization, BOTH) is access

    @pytest.mark.parametrize(("chosen", "is_there"), [(None, True), (OURS, True), (THEIRS, False)])
    def test_shows_the_modules_of_the_chosen_site(self, chosen: int | None, is_there: bool) -> None:
        organization = change(identity.organization(), is_on=False)

        shown = modules.narrowed(organization, BOTH, chosen)

        assert shown.has_module(Module.BILLING) is is_there
        assert shown.has_module(Module.API)
        assert shown.has_module(values.Module.METERING)

    def test_shows_nothing_that_is_off_at_every_site(self) -> None:
        organization = change(identity.organization(), is_on=False)

        assert not modules.narrowed(organization, (THEIRS,), None).has_module(Module.BILLING)
