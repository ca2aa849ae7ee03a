"""Maker and checker as a policy, and the monitor's switch (M-003/1)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from meterbook.foundation import scoping
from meterbook.identity import configuring, models, operations, queries, two_people, values
from meterbook.identity.values import RoleCode, ScopeKind, TwoPeople
from tests.factories import identity
from tests.support import trails

AT = datetime(2026, 3, 10, 9, tzinfo=UTC)
CHANGES = {"sites:edit", "metering:manage_meter", "acquisition:manage_device"}


class TestTwoPeople:
    def test_are_needed_for_everything_at_first_and_changed_with_a_record(self) -> None:
        organization = identity.organization()

        with scoping.scope([organization.pk], actor=identity.ACTOR):
            at_first = {each for each in TwoPeople if two_people.is_needed(each)}
            for _twice in range(2):
                two_people.change_policy(actor=identity.ACTOR, at=AT, needed_for=[TwoPeople.TARIFF, TwoPeople.REFUND])
            then = {each for each in TwoPeople if two_people.is_needed(each)}

        assert at_first == set(TwoPeople)
        assert then == {TwoPeople.TARIFF, TwoPeople.REFUND}
        entries = [each for each in trails.entries(organization) if each.action == "identity:change_two_people"]
        assert [each.after for each in entries] == [{"two_people": ["REFUND", "TARIFF"]}]

    @pytest.mark.parametrize(
        ("role", "is_active", "can"),
        [
            (RoleCode.APPROVER, True, True),
            (RoleCode.APPROVER, False, False),
            (RoleCode.BILLING_CLERK, True, False),
        ],
    )
    def test_are_there_when_another_active_person_has_the_right(
        self, role: RoleCode, is_active: bool, can: bool
    ) -> None:
        organization = identity.organization()
        maker = identity.user(organization=organization)
        other = identity.user(organization=organization, role=role)
        models.User.objects.filter(pk=other.pk).update(is_active=is_active)

        with scoping.scope([organization.pk], actor=identity.ACTOR):
            found = two_people.others_can(actor=identity.actor(maker), at=AT, permission="billing:approve_run")

        assert found is can


class TestConfiguring:
    def access(self, organization: models.Organization, user: models.User) -> values.Access:
        with scoping.scope([organization.pk], actor=identity.ACTOR):
            return queries.access_of(user_id=user.pk, at=AT)

    @pytest.mark.spec("M-003/1")
    def test_gives_a_monitor_the_rights_to_change_and_takes_them_again(self) -> None:
        organization = identity.organization()
        admin = identity.user(organization=organization)
        monitor = identity.user(organization=organization, role=RoleCode.MONITOR, site_id=5)
        held = [self.access(organization, monitor).permissions(5) & CHANGES]

        for may in (True, True, False):
            with scoping.scope([organization.pk], actor=identity.ACTOR):
                configuring.change_configuring(
                    actor=identity.actor(admin), at=AT, public_id=monitor.public_id, may_configure=may
                )
            held.append(self.access(organization, monitor).permissions(5) & CHANGES)

        assert held == [set(), CHANGES, CHANGES, set()]
        assert not self.access(organization, monitor).everywhere
        entries = [each for each in trails.entries(organization) if each.action == "identity:change_configuring"]
        assert [each.after["may_configure"] for each in reversed(entries)] == [True, False]

    def test_is_refused_to_others_and_by_those_who_lack_the_rights(self) -> None:
        organization = identity.organization()
        clerk = identity.user(organization=organization, role=RoleCode.BILLING_CLERK)
        monitor = identity.user(organization=organization, role=RoleCode.MONITOR)
        foreign = identity.user(organization=identity.organization(), role=RoleCode.MONITOR)

        for actor, person, refusal in (
            (identity.ACTOR, clerk, configuring.NotAMonitor),
            (identity.actor(clerk), monitor, operations.GrantExceedsOwn),
            (identity.ACTOR, foreign, queries.UserNotFound),
        ):
            with scoping.scope([organization.pk], actor=identity.ACTOR), pytest.raises(refusal):
                configuring.change_configuring(actor=actor, at=AT, public_id=person.public_id, may_configure=True)


class TestSingles:
    @pytest.mark.parametrize("kind", [ScopeKind.METER, ScopeKind.ACCOUNT])
    def test_reach_one_meter_or_account_and_no_site(self, kind: ScopeKind) -> None:
        organization = identity.organization()
        user = identity.user(organization=organization, role=None)
        with scoping.scope([organization.pk], actor=identity.ACTOR):
            operations.grant_role(actor=identity.ACTOR, at=AT, user_id=user.pk, role=RoleCode.MONITOR, single=(kind, 5))
            held = queries.access_of(user_id=user.pk, at=AT)

        reached = {ScopeKind.METER: held.meters("metering:view_meter"), ScopeKind.ACCOUNT: held.accounts("sites:view")}
        assert reached[kind] == {5}
        assert (held.everywhere, dict(held.at_site)) == (frozenset(), {})
        assert held.meters("billing:view_bill") | held.accounts("billing:view_bill") == {5}
