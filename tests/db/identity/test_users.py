"""People: made, shut out, let in again; the first one."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import pytest

from meterbook.foundation import scoping
from meterbook.identity import activity, authority, first_start, models, operations, queries, sign_in
from meterbook.identity.values import OneTimePassword, RoleCode, Theme
from tests.factories import identity
from tests.support import trails

AT = datetime(2026, 3, 1, 5, 0, tzinfo=UTC)


def create(
    organization: models.Organization, email: str, name: str = "Ada Fields"
) -> tuple[queries.UserRow, OneTimePassword | None]:
    with scoping.scope([organization.id], actor=identity.ACTOR):
        return operations.create_user(actor=identity.ACTOR, at=AT, email=email, name=name)


def deactivate(organization: models.Organization, user: models.User) -> queries.UserRow:
    with scoping.scope([organization.id], actor=identity.ACTOR):
        return activity.deactivate_user(actor=identity.ACTOR, at=AT, public_id=user.public_id, reason="left")


def reactivate(organization: models.Organization, user: models.User) -> queries.UserRow:
    with scoping.scope([organization.id], actor=identity.ACTOR):
        return activity.reactivate_user(actor=identity.ACTOR, at=AT, public_id=user.public_id)


def address() -> str:
    return f"{uuid.uuid4()}@meterbook.example"


class TestCreateUser:
    def test_gives_a_one_time_password_that_is_stored_as_a_hash_only(self) -> None:
        organization = identity.organization()

        row, made = create(organization, address())

        stored = models.User.objects.get(pk=row.id)
        assert made is not None
        assert stored.check_password(made.password)
        assert stored.password.startswith("argon2$argon2id$")
        assert (stored.has_one_time_password, stored.must_change_password) == (True, True)
        assert made.password not in str(trails.entries(organization))
        assert made.password not in repr(made)

    def test_is_recorded(self) -> None:
        organization = identity.organization()

        row, _made = create(organization, address())

        entry = trails.latest(organization)
        assert (entry.action, entry.subject_id) == ("identity:create_user", row.public_id)

    def test_takes_the_same_address_in_capitals_for_the_same_person(self) -> None:
        organization, other = identity.organization(), identity.organization()
        email = address()
        first, _made = create(organization, email)

        second, made = create(other, f" {email.upper()} ")

        assert (second.id, made) == (first.id, None)

    def test_leaves_the_person_without_any_access(self) -> None:
        organization = identity.organization()

        row, _made = create(organization, address())

        assert queries.organization_ids_of(user_id=row.id, at=AT) == ()


class TestUsersOfAnOrganization:
    def test_are_those_with_a_grant_here(self) -> None:
        organization, foreign = identity.organization(), identity.organization()
        own, stranger = identity.user(organization=organization), identity.user(organization=foreign)

        with scoping.scope([organization.id], actor=identity.ACTOR):
            assert [each.id for each in queries.list_users()] == [own.pk]
            with pytest.raises(queries.UserNotFound):
                queries.get_user(public_id=stranger.public_id)

    def test_may_enter_each_organization_that_granted_them_something(self) -> None:
        first, second = identity.organization(name="B"), identity.organization(name="A")
        user = identity.user(organization=first, role=RoleCode.MONITOR)
        identity.user(organization=second, role=RoleCode.MONITOR, email=user.email, has_chosen_password=False)

        found = queries.organizations_of(user_id=user.pk, at=AT, actor=identity.actor(user))

        assert [each.id for each in found] == [second.id, first.id]


class TestDeactivateUser:
    def test_ends_the_grants_and_the_right_to_sign_in(self) -> None:
        organization = identity.organization()
        identity.user(organization=organization)
        leaving = identity.user(organization=organization)

        row = deactivate(organization, leaving)

        assert row.is_active is False
        assert not queries.is_active(user_id=leaving.pk)
        assert queries.organization_ids_of(user_id=leaving.pk, at=AT) == ()
        assert trails.actions(organization)[:2] == ["identity:deactivate_user", "identity:revoke_grant"]

    def test_changes_nothing_the_second_time(self) -> None:
        organization = identity.organization()
        identity.user(organization=organization)
        leaving = identity.user(organization=organization)
        deactivate(organization, leaving)

        deactivate(organization, leaving)

        assert trails.actions(organization).count("identity:deactivate_user") == 1

    def test_does_not_shut_the_last_administrator_out(self) -> None:
        organization = identity.organization()
        last = identity.user(organization=organization)

        with pytest.raises(operations.LastAdministrator):
            deactivate(organization, last)

        assert queries.is_active(user_id=last.pk)

    def test_does_not_count_a_deactivated_administrator(self) -> None:
        organization = identity.organization()
        first, last = identity.user(organization=organization), identity.user(organization=organization)
        deactivate(organization, first)

        with pytest.raises(operations.LastAdministrator):
            deactivate(organization, last)

    def test_leaves_a_person_alone_who_works_for_another_organization_too(self) -> None:
        organization, other = identity.organization(), identity.organization()
        user = identity.user(organization=organization, role=RoleCode.MONITOR)
        identity.user(organization=other, role=RoleCode.MONITOR, email=user.email, has_chosen_password=False)

        with pytest.raises(authority.UserOfOthers):
            deactivate(organization, user)

    def test_does_not_find_a_person_of_another_organization(self) -> None:
        organization, foreign = identity.organization(), identity.organization()
        stranger = identity.user(organization=foreign)

        with pytest.raises(queries.UserNotFound):
            deactivate(organization, stranger)


class TestReactivateUser:
    def test_gives_the_sign_in_back_but_no_grant(self) -> None:
        organization = identity.organization()
        identity.user(organization=organization)
        user = identity.user(organization=organization)
        deactivate(organization, user)

        row = reactivate(organization, user)

        assert row.is_active
        assert queries.organization_ids_of(user_id=user.pk, at=AT) == ()
        assert trails.actions(organization)[0] == "identity:reactivate_user"

    def test_by_another_organization_opens_nothing_here(self) -> None:
        organization, other = identity.organization(), identity.organization()
        identity.user(organization=organization)
        user = identity.user(organization=organization)
        deactivate(organization, user)
        identity.user(organization=other, role=RoleCode.MONITOR, email=user.email, has_chosen_password=False)

        reactivate(other, user)

        assert queries.organization_ids_of(user_id=user.pk, at=AT) == (other.id,)


class TestPreferences:
    def test_are_kept(self) -> None:
        user = identity.user(organization=identity.organization())

        operations.change_preferences(user_id=user.pk, language="es", theme=Theme.DARK)

        user.refresh_from_db()
        assert (user.language, user.theme) == ("es", "DARK")


class TestFirstAdministrator:
    def test_is_made_on_an_empty_database_with_an_organization(self, empty_database: str) -> None:
        made = first_start.ensure_first_administrator(email="admin@meterbook.example", at=AT)

        assert made is not None
        user = models.User.objects.get()
        (organization,) = queries.organizations_of(user_id=user.pk, at=AT, actor=identity.actor(user))
        with scoping.scope([organization.id], actor=identity.ACTOR):
            assert queries.access_of(user_id=user.pk, at=AT).allows("identity:edit_users")
        assert user.check_password(made.password)
        assert user.must_change_password
        assert trails.actions(models.Organization(id=organization.id)) == [
            "identity:grant",
            "identity:create_user",
            "identity:create_organization",
        ]

    def test_gets_another_password_until_one_was_chosen(self, empty_database: str) -> None:
        first = first_start.ensure_first_administrator(email="admin@meterbook.example", at=AT)
        second = first_start.ensure_first_administrator(email="ignored@meterbook.example", at=AT)

        user = models.User.objects.get()
        assert first is not None
        assert second is not None
        assert (second.email, user.email) == ("admin@meterbook.example", "admin@meterbook.example")
        assert not user.check_password(first.password)
        assert user.check_password(second.password)

    def test_gets_another_password_after_the_sign_in_was_broken_off(self, empty_database: str) -> None:
        first_start.ensure_first_administrator(email="admin@meterbook.example", at=AT)
        user = models.User.objects.get()
        sign_in.use_one_time_password(user_id=user.pk, password_hash=user.password)

        made = first_start.ensure_first_administrator(email="admin@meterbook.example", at=AT)

        user.refresh_from_db()
        assert made is not None
        assert user.check_password(made.password)

    def test_is_left_alone_once_a_password_was_chosen(self, empty_database: str) -> None:
        first_start.ensure_first_administrator(email="admin@meterbook.example", at=AT)
        user = models.User.objects.get()
        sign_in.set_password(actor=identity.actor(user), at=AT, user_id=user.pk, password=identity.PASSWORD)

        assert first_start.ensure_first_administrator(email="admin@meterbook.example", at=AT) is None

        user.refresh_from_db()
        assert user.check_password(identity.PASSWORD)

    def test_administers_the_organization_that_was_named(self, empty_database: str) -> None:
        identity.organization(name="First")
        wanted = identity.organization(name="Demo")

        first_start.ensure_first_administrator(email="admin@meterbook.example", at=AT, organization_id=wanted.id)

        assert queries.organization_ids_of(user_id=models.User.objects.get().pk, at=AT) == (wanted.id,)


class TestOneTimePassword:
    def test_is_spent_by_the_first_of_two(self) -> None:
        user = identity.user(organization=identity.organization(), has_chosen_password=False)

        first = sign_in.use_one_time_password(user_id=user.pk, password_hash=user.password)
        second = sign_in.use_one_time_password(user_id=user.pk, password_hash=user.password)

        assert first is not None
        assert second is None

    def test_replaced_by_a_chosen_one_is_recorded_in_each_organization(self) -> None:
        first, second = identity.organization(), identity.organization()
        user = identity.user(organization=first, role=RoleCode.MONITOR, has_chosen_password=False)
        identity.user(organization=second, role=RoleCode.MONITOR, email=user.email, has_chosen_password=False)

        sign_in.set_password(actor=identity.actor(user), at=AT, user_id=user.pk, password=identity.PASSWORD)

        user.refresh_from_db()
        assert (user.has_one_time_password, user.must_change_password) == (False, False)
        assert [trails.actions(each)[0] for each in (first, second)] == ["identity:set_password"] * 2

    def test_signing_in_is_recorded(self) -> None:
        organization = identity.organization()
        user = identity.user(organization=organization)

        sign_in.note_sign_in(actor=identity.actor(user), at=AT, user_id=user.pk)

        assert trails.actions(organization)[0] == "identity:sign_in"
