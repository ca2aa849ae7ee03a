"""What administrators do about accounts: nobody who may do more, nobody's account who works for others too."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from allauth.mfa import models as mfa_models

from meterbook.foundation import scoping
from meterbook.identity import (
    activity,
    authority,
    models,
    operations,
    password_links,
    people,
    previews,
    queries,
    second_factor,
    sessions,
    sign_in,
    values,
)
from meterbook.identity.values import RoleCode
from tests.factories import identity, sites
from tests.support import trails

AT = datetime(2026, 3, 1, 5, 0, tzinfo=UTC)
SECRET = "three-words-and-a-dash"
Deed = Callable[[models.User, models.User], object]

DEEDS: dict[str, Deed] = {
    "make a password link": lambda by, of: password_links.make_link(
        actor=identity.actor(by), at=AT, public_id=of.public_id
    ),
    "remove the second factor": lambda by, of: second_factor.remove(
        actor=identity.actor(by), at=AT, public_id=of.public_id
    ),
    "sign out": lambda by, of: sessions.end_sessions(actor=identity.actor(by), at=AT, public_id=of.public_id),
    "shut out": lambda by, of: activity.deactivate_user(actor=identity.actor(by), at=AT, public_id=of.public_id),
    "end all roles": lambda by, of: activity.end_all_grants(actor=identity.actor(by), at=AT, public_id=of.public_id),
    "see as": lambda by, of: previews.begin(actor=identity.actor(by), at=AT, public_id=of.public_id),
}
each_deed = pytest.mark.parametrize("deed", DEEDS.values(), ids=DEEDS)


def within(organization: models.Organization, run: Callable[[], object]) -> object:
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        return run()


def small_administrator(organization: models.Organization) -> models.User:
    return identity.user(organization=organization, role=None, permissions=["identity:edit_users", "sites:view"])


class TestManaging:
    @each_deed
    def test_is_refused_where_the_other_may_do_more(self, deed: Deed) -> None:
        organization = identity.organization()
        by, of = small_administrator(organization), identity.user(organization=organization)

        with pytest.raises(authority.HoldsMore):
            within(organization, lambda: deed(by, of))

    @each_deed
    def test_is_refused_where_the_other_may_do_more_at_one_site(self, deed: Deed) -> None:
        organization = identity.organization()
        site = sites.site(organization=organization)
        by = small_administrator(organization)
        of = identity.user(organization=organization, role=RoleCode.OPERATOR, site_id=site.pk)

        with pytest.raises(authority.HoldsMore):
            within(organization, lambda: deed(by, of))

    @each_deed
    def test_finds_nobody_of_another_organization(self, deed: Deed) -> None:
        organization = identity.organization()
        by, of = identity.user(organization=organization), identity.user(organization=identity.organization())

        with pytest.raises(queries.UserNotFound):
            within(organization, lambda: deed(by, of))

    @pytest.mark.parametrize("name", ["make a password link", "remove the second factor", "shut out"])
    def test_leaves_the_account_of_somebody_alone_who_works_for_others_too(self, name: str) -> None:
        organization, other = identity.organization(), identity.organization()
        by = identity.user(organization=organization)
        of = identity.user(organization=organization, role=RoleCode.MONITOR)
        identity.user(organization=other, role=RoleCode.MONITOR, email=of.email, has_chosen_password=False)

        with pytest.raises(authority.UserOfOthers):
            within(organization, lambda: DEEDS[name](by, of))

    @each_deed
    def test_is_recorded(self, deed: Deed) -> None:
        organization = identity.organization()
        by, of = (
            identity.user(organization=organization),
            identity.user(organization=organization, role=RoleCode.MONITOR),
        )
        before = len(trails.entries(organization))

        within(organization, lambda: deed(by, of))

        assert len(trails.entries(organization)) > before

    @pytest.mark.parametrize("name", ["shut out", "end all roles"])
    def test_keeps_the_last_administrator(self, name: str) -> None:
        organization = identity.organization()
        only = identity.user(organization=organization)

        with pytest.raises(operations.LastAdministrator):
            within(organization, lambda: DEEDS[name](only, only))


class TestPasswordLink:
    def make(self) -> tuple[models.Organization, models.User, str]:
        organization = identity.organization()
        by = identity.user(organization=organization)
        of = identity.user(organization=organization, role=RoleCode.MONITOR)
        token = within(organization, lambda: DEEDS["make a password link"](by, of))
        return organization, of, str(token)

    def use(self, token: str, at: datetime = AT) -> queries.UserRow:
        return password_links.use(token=token, at=at, password=SECRET, source="")

    def test_sets_the_password_once(self) -> None:
        organization, of, token = self.make()

        self.use(token)

        assert models.User.objects.get(pk=of.pk).check_password(SECRET)
        assert trails.latest(organization).action == "identity:set_password"
        with pytest.raises(password_links.LinkUnusable):
            self.use(token)

    def test_dies_after_a_day(self) -> None:
        _organization, _of, token = self.make()

        with pytest.raises(password_links.LinkUnusable):
            self.use(token, AT + timedelta(days=1))

    def test_dies_when_another_one_is_made(self) -> None:
        organization, of, token = self.make()
        by = identity.user(organization=organization)

        within(organization, lambda: DEEDS["make a password link"](by, of))

        with pytest.raises(password_links.LinkUnusable):
            self.use(token)

    def test_is_of_no_use_to_somebody_who_was_shut_out(self) -> None:
        organization, of, token = self.make()
        within(organization, lambda: activity.deactivate_user(actor=identity.ACTOR, at=AT, public_id=of.public_id))

        with pytest.raises(password_links.LinkUnusable):
            self.use(token)

    def test_is_stored_as_a_digest(self) -> None:
        _organization, of, token = self.make()

        (stored,) = models.PasswordLink.objects.filter(user=of)

        assert token not in str(vars(stored))


class TestSecondFactor:
    def row(self, roles: list[RoleCode]) -> queries.OrganizationRow:
        organization = identity.organization(second_factor_roles=roles)
        with scoping.scope([organization.pk], actor=identity.ACTOR):
            return queries.get_organization()

    def test_is_asked_of_the_roles_that_the_organization_names(self) -> None:
        organization = self.row([RoleCode.OPERATOR])

        assert second_factor.is_required(values.Access(roles=frozenset({"OPERATOR"})), organization)
        assert not second_factor.is_required(values.Access(roles=frozenset({"MONITOR"})), organization)

    def test_is_asked_of_everybody_who_may_give_roles_where_administrators_need_one(self) -> None:
        own_role = values.Access(everywhere=frozenset({"identity:edit_users"}))

        assert second_factor.is_required(own_role, self.row([RoleCode.ORGANIZATION_ADMIN]))
        assert not second_factor.is_required(own_role, self.row([]))

    def test_is_asked_in_new_organizations_of_administrators_and_operators(self) -> None:
        with scoping.scope([queries.next_organization_id()], actor=identity.ACTOR):
            made = operations.create_organization(actor=identity.ACTOR, at=AT, name="New house")

        assert made.second_factor_roles == {"ORGANIZATION_ADMIN", "PLATFORM_OWNER", "OPERATOR"}

    def test_may_be_put_off_for_seven_days_from_the_first_time_of_asking(self) -> None:
        user = identity.user(organization=identity.organization())

        first = second_factor.ask(user_id=user.pk, at=AT)
        later = second_factor.ask(user_id=user.pk, at=AT + timedelta(days=3))

        assert first == later == AT + timedelta(days=7)

    def test_is_an_app_or_a_passkey_but_not_recovery_codes_alone(self) -> None:
        user = identity.user(organization=identity.organization())
        mfa_models.Authenticator.objects.create(user_id=user.pk, type="recovery_codes", data={})
        assert not second_factor.has_one(user_id=user.pk)

        mfa_models.Authenticator.objects.create(user_id=user.pk, type="totp", data={})

        assert second_factor.has_one(user_id=user.pk)

    def test_that_is_lost_is_taken_away_with_its_codes(self) -> None:
        organization = identity.organization()
        by = identity.user(organization=organization)
        of = identity.user(organization=organization, role=RoleCode.MONITOR)
        for kind in ("recovery_codes", "totp"):
            mfa_models.Authenticator.objects.create(user_id=of.pk, type=kind, data={})

        within(organization, lambda: DEEDS["remove the second factor"](by, of))

        assert not mfa_models.Authenticator.objects.filter(user_id=of.pk).exists()

    def test_policy_is_recorded_when_it_changes(self) -> None:
        organization = identity.organization()

        within(
            organization,
            lambda: second_factor.change_policy(actor=identity.ACTOR, at=AT, roles=[RoleCode.CASHIER]),
        )

        entry = trails.latest(organization)
        assert entry.action == "identity:change_second_factor_policy"
        with scoping.scope([organization.pk], actor=identity.ACTOR):
            assert queries.get_organization().second_factor_roles == {"CASHIER"}


class TestPeople:
    def listed(self, organization: models.Organization, search: str = "") -> tuple[int, tuple[people.PersonRow, ...]]:
        with scoping.scope([organization.pk], actor=identity.ACTOR):
            return people.list_people(at=AT, search=search, offset=0, limit=50)

    def test_are_those_who_have_or_had_a_role_here(self) -> None:
        organization = identity.organization()
        identity.user(organization=organization, name="Ada Fields")
        identity.user(organization=organization, name="Ben Ames", role=RoleCode.MONITOR, ends_at=AT)
        identity.user(organization=identity.organization(), name="Carl Stranger")

        count, rows = self.listed(organization)

        assert count == 2
        assert [(each.user.name, each.state) for each in rows] == [
            ("Ada Fields", values.PersonState.ACTIVE),
            ("Ben Ames", values.PersonState.WITHOUT_ROLE),
        ]

    def test_are_found_by_parts_of_name_and_address(self) -> None:
        organization = identity.organization()
        identity.user(organization=organization, name="Ada Fields")
        identity.user(organization=organization, name="Ben Ames")

        assert [each.user.name for each in self.listed(organization, "fie ADA")[1]] == ["Ada Fields"]
        assert self.listed(organization, "nobody") == (0, ())

    def test_say_when_they_signed_in_last(self) -> None:
        organization = identity.organization()
        user = identity.user(organization=organization)

        sign_in.note_sign_in(actor=identity.actor(user), at=AT, user_id=user.pk)

        assert self.listed(organization)[1][0].signed_in_at == AT


class TestCovers:
    def test_counts_what_is_held_everywhere_at_each_site(self) -> None:
        wide = values.Access(everywhere=frozenset({"a:b", "c:d"}))
        at_site = values.Access(at_site={1: frozenset({"a:b"})})

        assert wide.covers(at_site)
        assert not at_site.covers(wide)
        assert not values.Access(at_site={2: frozenset({"a:b"})}).covers(at_site)
        assert at_site.covers(values.Access())
