"""Who may do what, where and when."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, connections
from django.db.utils import IntegrityError

from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.identity import operations, queries, registry, values
from meterbook.identity.values import RoleCode
from meterbook.kernel.actor import Actor
from tests.factories import identity, sites
from tests.support import trails

AT = datetime(2026, 3, 1, 5, 0, tzinfo=UTC)
LATER = AT + timedelta(days=30)
VIEW_USERS, VIEW_SITES = "identity:view_users", "sites:view"


def access(organization: identity_models.Organization, user: identity_models.User, at: datetime = AT) -> values.Access:
    with scoping.scope([organization.id], actor=identity.ACTOR):
        return queries.access_of(user_id=user.pk, at=at)


def grant(
    organization: identity_models.Organization,
    user: identity_models.User,
    permission: str,
    *,
    actor: Actor = identity.ACTOR,
    site_id: int | None = None,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
) -> uuid.UUID:
    with scoping.scope([organization.id], actor=actor):
        return operations.grant_action(
            actor=actor,
            at=AT,
            user_id=user.pk,
            permission=permission,
            site_id=site_id,
            starts_at=starts_at,
            ends_at=ends_at,
        )


def revoke(
    organization: identity_models.Organization,
    public_id: uuid.UUID,
    *,
    at: datetime = AT,
    actor: Actor = identity.ACTOR,
) -> None:
    with scoping.scope([organization.id], actor=actor):
        operations.revoke_grant(actor=actor, at=at, public_id=public_id, reason="left")


def grants(organization: identity_models.Organization) -> dict[int, uuid.UUID]:
    """The grant of each user, by the user's id."""
    with scoping.scope([organization.id], actor=identity.ACTOR):
        return {each.user.id: each.public_id for each in queries.list_grants()}


class TestAccess:
    def test_without_a_grant_is_empty(self) -> None:
        organization = identity.organization()
        user = identity.user(organization=organization, role=None)

        assert access(organization, user) == values.Access()

    def test_of_a_built_in_role_is_what_the_registry_says(self) -> None:
        organization = identity.organization()
        user = identity.user(organization=organization, role=RoleCode.OPERATOR)

        assert access(organization, user).permissions() == registry.of_role(RoleCode.OPERATOR)

    @pytest.mark.parametrize(
        ("moment", "is_allowed"),
        [
            (AT - timedelta(microseconds=1), False),
            (AT, True),
            (LATER - timedelta(microseconds=1), True),
            (LATER, False),
        ],
    )
    def test_lasts_from_its_start_until_just_before_its_end(self, moment: datetime, is_allowed: bool) -> None:
        organization = identity.organization()
        user = identity.user(organization=organization, role=None)

        grant(organization, user, VIEW_USERS, starts_at=AT, ends_at=LATER)

        assert access(organization, user, moment).allows(VIEW_USERS) is is_allowed
        assert (queries.organization_ids_of(user_id=user.pk, at=moment) == (organization.id,)) is is_allowed

    def test_reaches_only_the_site_that_was_named(self) -> None:
        organization = identity.organization()
        here, elsewhere = sites.site(organization=organization), sites.site(organization=organization)
        user = identity.user(organization=organization, role=None)

        grant(organization, user, VIEW_SITES, site_id=here.pk)

        found = access(organization, user)
        assert found.allows(VIEW_SITES, here.pk)
        assert not found.allows(VIEW_SITES, elsewhere.pk)
        assert not found.allows(VIEW_SITES)
        assert found.sites(VIEW_SITES) == frozenset({here.pk})

    def test_adds_up_the_grants(self) -> None:
        organization = identity.organization()
        user = identity.user(organization=organization, role=None, permissions=[VIEW_USERS, VIEW_SITES])

        assert access(organization, user).permissions() == frozenset({VIEW_USERS, VIEW_SITES})

    @pytest.mark.spec("X-05/1")
    def test_in_another_organization_counts_for_nothing_here(self) -> None:
        organization, foreign = identity.organization(), identity.organization()
        user = identity.user(organization=organization)

        assert access(foreign, user) == values.Access()
        with scoping.scope([foreign.id], actor=identity.ACTOR):
            found = queries.permissions_of(user_id=user.pk, organization_id=organization.id, at=AT)
        assert found == frozenset()


class TestGrant:
    @pytest.mark.spec("X-11/2")
    def test_is_recorded_with_its_reach_and_dates(self) -> None:
        organization = identity.organization()
        user = identity.user(organization=organization, role=None)

        public_id = grant(organization, user, VIEW_USERS, ends_at=LATER)

        entry = trails.latest(organization)
        assert (entry.action, entry.subject_id, entry.at) == ("identity:grant", public_id, AT)
        assert isinstance(entry.after, dict)
        assert (entry.after["gives"], entry.after["scope"]) == (VIEW_USERS, "ORGANIZATION")
        assert entry.after["ends_at"] == "2026-03-31T05:00:00.000000Z"

    def test_must_end_after_it_starts(self) -> None:
        organization = identity.organization()
        user = identity.user(organization=organization, role=None)

        with pytest.raises(operations.GrantEndsBeforeStart):
            grant(organization, user, VIEW_USERS, starts_at=LATER, ends_at=LATER)

    def test_of_what_no_domain_declares_is_refused(self) -> None:
        organization = identity.organization()
        user = identity.user(organization=organization, role=None)

        with pytest.raises(registry.PermissionUnknown):
            grant(organization, user, "metering:fly")

    @pytest.mark.spec("X-12/1")
    def test_of_more_than_the_giver_holds_is_refused(self) -> None:
        organization = identity.organization()
        giver = identity.user(organization=organization, role=None, permissions=["identity:edit_users"])

        with pytest.raises(operations.GrantExceedsOwn, match=VIEW_USERS):
            grant(organization, giver, VIEW_USERS, actor=identity.actor(giver))

        assert trails.actions(organization).count("identity:grant") == 1

    @pytest.mark.spec("X-12/1")
    def test_of_the_whole_organization_by_someone_of_one_site_is_refused(self) -> None:
        organization = identity.organization()
        here, elsewhere = sites.site(organization=organization), sites.site(organization=organization)
        giver = identity.user(organization=organization, site_id=here.pk)
        taker = identity.user(organization=organization, role=None)

        for site_id in (None, elsewhere.pk):
            with pytest.raises(operations.GrantExceedsOwn):
                grant(organization, taker, VIEW_SITES, actor=identity.actor(giver), site_id=site_id)

        assert grant(organization, taker, VIEW_SITES, actor=identity.actor(giver), site_id=here.pk)


class TestOwnRole:
    def test_gives_what_it_lists(self) -> None:
        organization = identity.organization()
        user = identity.user(organization=organization, role=None)
        with scoping.scope([organization.id], actor=identity.ACTOR):
            role = operations.create_role(
                actor=identity.ACTOR, at=AT, name="Porter", permissions=[VIEW_SITES, VIEW_USERS]
            )
            operations.grant_role(actor=identity.ACTOR, at=AT, user_id=user.pk, role=role)

        assert access(organization, user).permissions() == frozenset({VIEW_SITES, VIEW_USERS})
        assert trails.actions(organization)[:2] == ["identity:grant", "identity:create_role"]

    def test_of_another_organization_is_not_found(self) -> None:
        organization, foreign = identity.organization(), identity.organization()
        user = identity.user(organization=organization, role=None)
        with scoping.scope([foreign.id], actor=identity.ACTOR):
            role = operations.create_role(actor=identity.ACTOR, at=AT, name="Porter", permissions=[VIEW_SITES])

        with scoping.scope([organization.id], actor=identity.ACTOR), pytest.raises(operations.RoleNotFound):
            operations.grant_role(actor=identity.ACTOR, at=AT, user_id=user.pk, role=role)


class TestRevokeGrant:
    def test_ends_the_access_at_that_instant_and_keeps_the_past(self) -> None:
        organization = identity.organization()
        user = identity.user(organization=organization, role=None)
        public_id = grant(organization, user, VIEW_USERS)

        revoke(organization, public_id, at=LATER)

        assert access(organization, user, LATER - timedelta(seconds=1)).allows(VIEW_USERS)
        assert not access(organization, user, LATER).allows(VIEW_USERS)
        entry = trails.latest(organization)
        assert (entry.action, entry.subject_id) == ("identity:revoke_grant", public_id)
        assert entry.after == {"ends_at": "2026-03-31T05:00:00.000000Z", "reason": "left"}

    def test_changes_nothing_the_second_time(self) -> None:
        organization = identity.organization()
        public_id = grant(organization, identity.user(organization=organization, role=None), VIEW_USERS)
        revoke(organization, public_id)

        revoke(organization, public_id, at=LATER)

        assert trails.actions(organization).count("identity:revoke_grant") == 1

    def test_of_a_grant_that_has_not_begun_makes_it_never_begin(self) -> None:
        organization = identity.organization()
        user = identity.user(organization=organization, role=None)
        public_id = grant(organization, user, VIEW_USERS, starts_at=LATER)

        revoke(organization, public_id)

        assert not access(organization, user, LATER).allows(VIEW_USERS)

    @pytest.mark.spec("X-05/1")
    def test_of_another_organization_is_not_found(self) -> None:
        organization, foreign = identity.organization(), identity.organization()
        public_id = grant(foreign, identity.user(organization=foreign, role=None), VIEW_USERS)

        with pytest.raises(operations.GrantNotFound):
            revoke(organization, public_id)

    def test_cannot_take_the_last_administrator_away(self) -> None:
        organization = identity.organization()
        last = identity.user(organization=organization)

        with pytest.raises(operations.LastAdministrator):
            revoke(organization, grants(organization)[last.pk])

        assert access(organization, last).allows("identity:edit_users")

    def test_takes_an_administrator_away_when_another_stays(self) -> None:
        organization = identity.organization()
        leaving, staying = identity.user(organization=organization), identity.user(organization=organization)

        revoke(organization, grants(organization)[leaving.pk])

        assert not access(organization, leaving).allows("identity:edit_users")
        assert access(organization, staying).allows("identity:edit_users")

    def test_does_not_count_an_administrator_whose_time_runs_out(self) -> None:
        organization = identity.organization()
        lasting = identity.user(organization=organization)
        identity.user(organization=organization, ends_at=LATER)

        with pytest.raises(operations.LastAdministrator):
            revoke(organization, grants(organization)[lasting.pk])

    def test_does_not_count_an_administrator_of_one_site(self) -> None:
        organization = identity.organization()
        last = identity.user(organization=organization)
        identity.user(organization=organization, site_id=sites.site(organization=organization).pk)

        with pytest.raises(operations.LastAdministrator):
            revoke(organization, grants(organization)[last.pk])


@pytest.mark.spec("X-05/1")
class TestIsolation:
    @pytest.mark.parametrize("table", ["identity_grant", "identity_role"])
    def test_shows_another_organization_no_row(self, table: str) -> None:
        organization, foreign = identity.organization(), identity.organization()
        user = identity.user(organization=organization)
        with scoping.scope([organization.id], actor=identity.ACTOR):
            operations.create_role(actor=identity.ACTOR, at=AT, name="Porter", permissions=[VIEW_SITES])
        assert user.pk in grants(organization)

        with scoping.scope([foreign.id], actor=identity.ACTOR), connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {table} WHERE organization_id = %s", [organization.id])  # noqa: S608
            assert cursor.fetchone() == (0,)

    def test_lists_only_grants_of_the_scope(self) -> None:
        organization, foreign = identity.organization(), identity.organization()
        identity.user(organization=foreign)

        assert grants(organization) == {}

    def test_takes_no_role_of_another_organization_even_from_the_owner_of_the_tables(self) -> None:
        organization, foreign = identity.organization(), identity.organization()
        user = identity.user(organization=organization, role=None)
        with scoping.scope([foreign.id], actor=identity.ACTOR):
            public_id = operations.create_role(actor=identity.ACTOR, at=AT, name="Porter", permissions=[VIEW_SITES])

        with pytest.raises(IntegrityError), connections["owner"].cursor() as cursor:
            cursor.execute(
                "INSERT INTO identity_grant (organization_id, public_id, user_id, role_code, role_id, action,"
                " scope_kind, starts_at) SELECT %s, gen_random_uuid(), %s, '', id, '', 'ORGANIZATION', now()"
                " FROM identity_role WHERE public_id = %s",
                [organization.id, user.pk, public_id],
            )
