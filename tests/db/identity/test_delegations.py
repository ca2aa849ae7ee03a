"""What a landlord entrusts to a management company, and taking it back (M-004)."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from meterbook.audit import operations as audit_operations
from meterbook.audit import verification
from meterbook.foundation import scoping
from meterbook.identity import delegations, models, operations, queries, values
from meterbook.identity.values import DelegationScope, RoleCode
from meterbook.kernel.actor import Actor
from tests.factories import identity
from tests.support import trails

AT = datetime(2026, 3, 10, 9, tzinfo=UTC)
TICK = timedelta(microseconds=1)
BILLING = {"billing:manage_run", "billing:approve_run"}
PEOPLE = {"identity:edit_users", "identity:view_users", "identity:edit_organization", "identity:manage_api_keys"}


def access(landlord: models.Organization, user: models.User, at: datetime = AT) -> values.Access:
    with scoping.scope([landlord.pk], actor=identity.ACTOR):
        return queries.access_of(user_id=user.pk, at=at)


def entered(user: models.User, at: datetime = AT) -> set[int]:
    return {each.id for each in queries.organizations_of(user_id=user.pk, at=at, actor=identity.ACTOR)}


class TestDelegation:
    @pytest.mark.parametrize("scope", DelegationScope)
    def test_gives_what_its_scope_says_and_never_people_or_keys(self, scope: DelegationScope) -> None:
        landlord, company = identity.organization(), identity.organization(name="Acme Management")
        user = identity.user(organization=company)
        identity.delegation(landlord=landlord, manager=company, scopes=[scope])

        held = access(landlord, user).everywhere

        assert {"sites:view", "metering:view_meter", "billing:view_bill", "audit:view"} <= held
        assert (held >= BILLING) == (scope == DelegationScope.BILL)
        assert ("ledger:post" in held) == (scope == DelegationScope.COLLECT)
        assert ("acquisition:request_reading" in held) == (scope == DelegationScope.CONTROL)
        assert not held & (PEOPLE | {"metering:manage_meter", "tariffs:publish_tariff"})
        assert access(landlord, user).company == "Acme Management"

    def test_gives_nobody_more_than_the_role_at_home(self) -> None:
        landlord, company = identity.organization(), identity.organization()
        clerk = identity.user(organization=company, role=RoleCode.BILLING_CLERK)
        monitor = identity.user(organization=company, role=RoleCode.MONITOR)
        at_one_site = identity.user(organization=company, role=RoleCode.MANAGER, site_id=4711)
        identity.delegation(landlord=landlord, manager=company, scopes=[DelegationScope.BILL])

        assert access(landlord, clerk).everywhere & BILLING == {"billing:manage_run"}
        assert not access(landlord, monitor).everywhere & {*BILLING, "billing:view_bill"}
        assert access(landlord, at_one_site) == values.Access()
        assert entered(at_one_site) == {company.pk}

    def test_reaches_only_the_sites_that_were_named(self) -> None:
        landlord, company = identity.organization(), identity.organization()
        user = identity.user(organization=company)
        identity.delegation(landlord=landlord, manager=company, site_ids=[5, 7])

        held = access(landlord, user)

        assert held.everywhere == frozenset()
        assert held.sites("metering:view_meter") == {5, 7}

    def test_counts_from_its_start_until_just_before_its_end(self) -> None:
        landlord, company = identity.organization(), identity.organization()
        user = identity.user(organization=company)
        end = AT + timedelta(days=1)
        identity.delegation(landlord=landlord, manager=company, starts_at=AT, ends_at=end)

        reached = [
            (landlord.pk in entered(user, at), access(landlord, user, at).allows("sites:view"))
            for at in (AT - TICK, AT, end - TICK, end)
        ]

        assert reached == [(False, False), (True, True), (True, True), (False, False)]

    def test_ends_for_whoever_leaves_the_company(self) -> None:
        landlord, company = identity.organization(), identity.organization()
        user = identity.user(organization=company, ends_at=AT)
        identity.delegation(landlord=landlord, manager=company)

        assert landlord.pk in entered(user, AT - TICK)
        assert entered(user, AT) == set()
        assert access(landlord, user, AT) == values.Access()

    def test_is_not_passed_on(self) -> None:
        landlord, company, third = (identity.organization() for _each in range(3))
        user = identity.user(organization=third)
        identity.delegation(landlord=landlord, manager=company)
        identity.delegation(landlord=company, manager=third)

        assert entered(user) == {company.pk, third.pk}
        assert access(landlord, user) == values.Access()

    def test_gives_nothing_in_a_third_organization(self) -> None:
        landlord, company, other = (identity.organization() for _each in range(3))
        user = identity.user(organization=company)
        identity.delegation(landlord=landlord, manager=company, scopes=DelegationScope)

        assert access(other, user) == values.Access()
        assert entered(user) == {company.pk, landlord.pk}

    def test_leaves_the_account_to_the_company(self) -> None:
        """Who works for a landlord by delegation has no grant there: the company's administrator still manages it."""
        landlord, company = identity.organization(), identity.organization()
        user = identity.user(organization=company)
        identity.delegation(landlord=landlord, manager=company)

        assert queries.organization_ids_of(user_id=user.pk, at=AT) == (company.pk,)
        with scoping.scope([landlord.pk], actor=identity.ACTOR):
            assert queries.list_users() == ()


class TestEntrusting:
    def test_is_recorded_and_seen_by_both(self) -> None:
        landlord, company = identity.organization(name="Quay Homes"), identity.organization(name="Acme Management")
        public_id = identity.delegation(landlord=landlord, manager=company, scopes=[DelegationScope.BILL], site_ids=[3])

        with scoping.scope([landlord.pk], actor=identity.ACTOR):
            (given,) = delegations.list_given(at=AT)
        with scoping.scope([company.pk], actor=identity.ACTOR):
            (received,) = delegations.list_received()

        both = (DelegationScope.VIEW, DelegationScope.BILL)
        assert (given.public_id, given.manager_name, given.scopes, given.site_ids) == (
            public_id, "Acme Management", both, (3,),
        )  # fmt: skip
        assert (received.public_id, received.landlord_name, received.scopes, received.sites) == (
            public_id, "Quay Homes", both, 1,
        )  # fmt: skip
        assert received.landlord_id == landlord.public_id
        entry = trails.latest(landlord)
        assert (entry.action, entry.after["to"]) == ("identity:entrust", "Acme Management")

    def test_refuses_what_the_giver_lacks(self) -> None:
        landlord, company = identity.organization(), identity.organization()
        manager = identity.user(organization=landlord, role=RoleCode.MANAGER)

        with (
            scoping.scope([landlord.pk], actor=identity.ACTOR),
            pytest.raises(operations.GrantExceedsOwn) as refused,
        ):
            delegations.entrust(
                actor=identity.actor(manager), at=AT, manager=company.public_id, scopes=[DelegationScope.COLLECT]
            )

        assert refused.value.missing == ("ledger:post",)

    def test_refuses_oneself_the_unknown_and_an_end_before_the_start(self) -> None:
        landlord, company = identity.organization(), identity.organization()

        for code, ends_at, refusal in (
            (landlord.public_id, None, delegations.DelegationToOneself),
            (uuid.uuid4(), None, delegations.CompanyNotFound),
            (company.public_id, AT, delegations.DelegationEndsBeforeStart),
        ):
            with scoping.scope([landlord.pk], actor=identity.ACTOR), pytest.raises(refusal):
                delegations.entrust(actor=identity.ACTOR, at=AT, manager=code, scopes=[], ends_at=ends_at)


class TestRevoking:
    def test_ends_it_at_that_instant_and_tells_both(self) -> None:
        landlord, company = identity.organization(), identity.organization()
        user = identity.user(organization=company)
        public_id = identity.delegation(landlord=landlord, manager=company)

        for _twice in range(2):
            with scoping.scope([landlord.pk], actor=identity.ACTOR):
                delegations.revoke(actor=identity.ACTOR, at=AT, public_id=public_id, reason="Contract ended")

        assert (landlord.pk in entered(user, AT - TICK), landlord.pk in entered(user, AT)) == (True, False)
        with scoping.scope([company.pk], actor=identity.ACTOR):
            (received,) = delegations.list_received()
        assert (received.ends_at, received.revoked_at) == (AT, AT)
        entries = [each for each in trails.entries(landlord) if each.action == "identity:revoke_delegation"]
        assert [each.after["reason"] for each in entries] == ["Contract ended"]

    def test_finds_none_of_another_landlord(self) -> None:
        landlord, company = identity.organization(), identity.organization()
        public_id = identity.delegation(landlord=landlord, manager=company)

        for organization in (company, identity.organization()):
            with (
                scoping.scope([organization.pk], actor=identity.ACTOR),
                pytest.raises(delegations.DelegationNotFound),
            ):
                delegations.revoke(actor=identity.ACTOR, at=AT, public_id=public_id)


class TestTrail:
    def test_says_on_whose_behalf_and_its_chain_holds(self) -> None:
        landlord = identity.organization(name="Quay Homes")
        company = identity.organization(name="Acme Management")
        user = identity.user(organization=company, name="Ann Baker")
        identity.delegation(landlord=landlord, manager=company)
        acting = delegations.acting(identity.actor(user), access(landlord, user), "Quay Homes")

        with scoping.scope([landlord.pk], actor=acting):
            found = models.Organization.objects.get(pk=landlord.pk)
            given = {"action": "sites:create_site", "subject": found, "before": None, "after": None}
            audit_operations.record(actor=acting, at=AT, **given)
            audit_operations.seal(organization_id=landlord.pk, at=AT)
            report = verification.verify(organization_id=landlord.pk)

        entry = trails.latest(landlord)
        assert (entry.actor_label, entry.on_behalf_of) == ("Ann Baker (Acme Management)", "Quay Homes")
        assert report.findings == ()

    def test_names_nobody_who_acts_for_oneself(self) -> None:
        alone = Actor.user(1, "Ann Baker")

        assert delegations.acting(alone, values.Access(), "Quay Homes") is alone
