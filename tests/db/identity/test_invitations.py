"""Invitations: whoever holds the link may take what the sender may give, once."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connections

from meterbook.foundation import scoping
from meterbook.identity import invitations, models, operations, queries, tokens, values
from meterbook.identity.values import RoleCode
from meterbook.kernel.actor import Actor
from tests.factories import identity, sites
from tests.support import trails

AT = datetime(2026, 3, 1, 5, 0, tzinfo=UTC)
SECRET = "three-words-and-a-dash"


def invite(
    organization: models.Organization,
    *,
    by: models.User | None = None,
    role: RoleCode | uuid.UUID = RoleCode.MONITOR,
    email: str = "",
    site_id: int | None = None,
    ends_at: datetime | None = None,
) -> tuple[invitations.InvitationRow, str]:
    sender = identity.actor(by or identity.user(organization=organization))
    with scoping.scope([organization.pk], actor=sender):
        return invitations.invite(
            actor=sender,
            at=AT,
            email=email or f"{uuid.uuid4()}@meterbook.example",
            role=role,
            site_id=site_id,
            ends_at=ends_at,
        )


def join(token: str, at: datetime = AT) -> queries.UserRow:
    return invitations.accept_as_new(
        token=token, at=at, name="Nora Stone", password=SECRET, language="es", source="198.51.100.7"
    )


def access(organization: models.Organization, user_id: int, at: datetime = AT) -> values.Access:
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        return queries.access_of(user_id=user_id, at=at)


def shut_out(organization: models.Organization, user: models.User) -> None:
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        for each in queries.list_grants():
            if each.user.id == user.pk:
                operations.revoke_grant(actor=identity.ACTOR, at=AT, public_id=each.public_id, reason="left")


class TestInvite:
    def test_keeps_only_a_digest_of_a_token_of_256_bits(self) -> None:
        organization = identity.organization()

        row, token = invite(organization)

        with scoping.scope([organization.pk], actor=identity.ACTOR):
            (stored,) = models.Invitation.objects.filter(organization_id=organization.pk, public_id=row.public_id)
        assert len(token) == 43
        assert stored.token_hash == tokens.digest(token)
        assert token not in str(vars(stored))
        assert token not in str(trails.entries(organization))

    def test_never_gives_more_than_the_sender_holds(self) -> None:
        organization = identity.organization()
        sender = identity.user(organization=organization, role=None, permissions=["identity:edit_users", "sites:view"])

        with pytest.raises(operations.GrantExceedsOwn):
            invite(organization, by=sender, role=RoleCode.MANAGER)

    def test_is_recorded_with_what_it_gives(self) -> None:
        organization = identity.organization()

        row, _token = invite(organization)

        entry = trails.latest(organization)
        assert (entry.action, entry.subject_label) == ("identity:invite", row.email)

    def test_is_made_by_people_only(self) -> None:
        organization = identity.organization()

        with scoping.scope([organization.pk], actor=identity.ACTOR), pytest.raises(invitations.OnlyPeopleInvite):
            invitations.invite(actor=identity.ACTOR, at=AT, email="a@b.example", role=RoleCode.MONITOR)

    def test_refuses_an_end_that_has_passed(self) -> None:
        organization = identity.organization()

        with pytest.raises(operations.GrantEndsBeforeStart):
            invite(organization, ends_at=AT)


class TestAccepting:
    def test_makes_an_account_with_the_role_and_says_who_gave_it(self) -> None:
        organization = identity.organization()
        sender = identity.user(organization=organization, name="Maria Ortega")
        row, token = invite(organization, by=sender)

        user = join(token)

        assert (user.email, user.name, user.language) == (row.email, "Nora Stone", "es")
        assert access(organization, user.id).roles == {"MONITOR"}
        assert models.User.objects.get(pk=user.id).check_password(SECRET)
        made_by = {each.action: each.actor_label for each in trails.entries(organization)[:3]}
        assert made_by == {
            "identity:accept_invitation": "Nora Stone",
            "identity:grant": "Maria Ortega",
            "identity:create_user": "Nora Stone",
        }

    def test_works_once(self) -> None:
        _row, token = invite(identity.organization())
        join(token)

        with pytest.raises(invitations.InvitationUnusable):
            join(token)
        with pytest.raises(invitations.InvitationUnusable):
            invitations.find(token=token, at=AT)

    def test_of_two_at_once_one_is_refused(self) -> None:
        organization = identity.organization()
        _row, token = invite(organization)

        def attempt(_number: int) -> str:
            try:
                return join(token).name
            except (invitations.InvitationUnusable, invitations.AccountExists):
                return "refused"
            finally:
                connections.close_all()

        with ThreadPoolExecutor(2) as pool:
            answers = sorted(pool.map(attempt, range(2)))

        assert answers == ["Nora Stone", "refused"]

    @pytest.mark.parametrize("days", [7, 8])
    def test_ends_after_seven_days(self, days: int) -> None:
        _row, token = invite(identity.organization())
        assert invitations.find(token=token, at=AT + timedelta(days=7) - timedelta(seconds=1))

        with pytest.raises(invitations.InvitationUnusable):
            join(token, AT + timedelta(days=days))

    def test_ends_with_taking_it_back(self) -> None:
        organization = identity.organization()
        row, token = invite(organization)

        with scoping.scope([organization.pk], actor=identity.ACTOR):
            invitations.revoke_invitation(actor=identity.ACTOR, at=AT, public_id=row.public_id)

        with pytest.raises(invitations.InvitationUnusable):
            join(token)
        assert trails.latest(organization).action == "identity:revoke_invitation"

    def test_gives_nothing_when_the_sender_has_left_or_may_no_longer_give_it(self) -> None:
        organization = identity.organization()
        identity.user(organization=organization)
        sender = identity.user(organization=organization)
        _row, token = invite(organization, by=sender)

        shut_out(organization, sender)

        with pytest.raises(invitations.InvitationUnusable):
            join(token)

    def test_counts_only_at_the_site_until_the_end_that_was_named(self) -> None:
        organization = identity.organization()
        site = sites.site(organization=organization)
        _row, token = invite(organization, site_id=site.pk, ends_at=AT + timedelta(days=30))

        user = join(token)

        assert access(organization, user.id).sites("sites:view") == {site.pk}
        assert access(organization, user.id, AT + timedelta(days=30)) == values.Access()

    def test_of_a_person_of_another_organization_adds_the_role_to_the_account(self) -> None:
        organization, other = identity.organization(), identity.organization()
        known = identity.user(organization=other, role=RoleCode.MONITOR)
        _row, token = invite(organization, email=known.email)
        with pytest.raises(invitations.AccountExists):
            join(token)

        joined = invitations.accept(actor=identity.actor(known), at=AT, token=token)

        assert joined.id == organization.pk
        assert access(organization, known.pk).roles == {"MONITOR"}
        assert models.User.objects.get(pk=known.pk).check_password(identity.PASSWORD)

    def test_is_only_for_the_person_who_was_invited(self) -> None:
        organization = identity.organization()
        other = identity.user(organization=identity.organization())
        _row, token = invite(organization)

        with pytest.raises(invitations.InvitationUnusable):
            invitations.accept(actor=identity.actor(other), at=AT, token=token)
        assert access(organization, other.pk) == values.Access()


class TestWaiting:
    def test_to_the_same_address_end_when_one_is_accepted(self) -> None:
        organization, other = identity.organization(), identity.organization()
        email, admin = "twice@meterbook.example", identity.user(organization=organization)
        _first, first_token = invite(organization, by=admin, email=email)
        _second, token = invite(organization, by=admin, email=email, role=RoleCode.CASHIER)
        tenant, _token = invite(organization, by=admin, email=email, role=RoleCode.TENANT)
        foreign, _token = invite(other, email=email)
        somebody, _token = invite(organization, by=admin)

        user = join(token)

        def waiting(of: models.Organization) -> set[uuid.UUID]:
            with scoping.scope([of.pk], actor=identity.ACTOR):
                return {each.public_id for each in invitations.list_waiting(at=AT)}

        assert waiting(organization) == {tenant.public_id, somebody.public_id}
        assert waiting(other) == {foreign.public_id}
        with pytest.raises(invitations.InvitationUnusable):
            invitations.accept(actor=Actor.user(user.id, "Nora"), at=AT, token=first_token)
        assert trails.latest(organization).action == "identity:revoke_invitation"

    def test_are_shown_only_to_their_organization(self) -> None:
        organization, other = identity.organization(), identity.organization()
        row, _token = invite(organization)

        def waiting(of: models.Organization, at: datetime = AT) -> list[uuid.UUID]:
            with scoping.scope([of.pk], actor=identity.ACTOR):
                return [each.public_id for each in invitations.list_waiting(at=at)]

        assert waiting(organization) == [row.public_id]
        assert waiting(organization, AT + timedelta(days=8)) == []
        assert waiting(other) == []

    def test_cannot_be_taken_back_by_another_organization(self) -> None:
        row, token = invite(identity.organization())
        other = identity.organization()

        with (
            scoping.scope([other.pk], actor=identity.ACTOR),
            pytest.raises(invitations.InvitationNotFound),
        ):
            invitations.revoke_invitation(actor=identity.ACTOR, at=AT, public_id=row.public_id)
        assert invitations.find(token=token, at=AT)
