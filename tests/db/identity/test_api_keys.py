"""Keys of programs: who may give what to one, how it is found and counted, exchanged and revoked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from meterbook.audit import queries as audit_queries
from meterbook.foundation import scoping
from meterbook.identity import api_access, api_keys, models, operations, registry
from meterbook.identity.values import RoleCode, ScopeKind, Single
from tests.factories import api, identity, sites

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
VIEW, EDIT = "sites:view", "sites:edit"


@pytest.fixture(scope="module")
def organization(database: str) -> models.Organization:
    return identity.organization()


def use(token: str, *, address: str = "192.0.2.7", at: datetime = NOW, real_at: datetime = NOW) -> api_access.Admitted:
    found = api_access.find_secret(token=token)
    with scoping.scope([found.organization_id], actor=identity.ACTOR):
        return api_access.use_key(token=token, secret_id=found.secret_id, address=address, at=at, real_at=real_at)


@pytest.mark.spec("X-07/1")
class TestMaking:
    def test_returns_a_secret_that_is_kept_nowhere(self, organization: models.Organization) -> None:
        made = api.key(organization=organization, permissions=[VIEW])

        prefix, _line, secret = made.token.removeprefix("mb_").partition("_")
        with scoping.scope([organization.pk], actor=identity.ACTOR):
            (kept,) = models.ApiSecret.objects.filter(organization_id=organization.pk, prefix=prefix).values()
            (entry,) = audit_queries.list_entries(subject_id=made.row.public_id)
        assert len(secret) == 64
        assert secret not in repr(kept)
        assert secret not in repr(entry)
        assert secret not in repr(made)

    def test_gives_nothing_that_the_person_lacks(self, organization: models.Organization) -> None:
        viewer = identity.user(organization=organization, role=None, permissions=[VIEW])

        with pytest.raises(operations.GrantExceedsOwn):
            api.key(organization=organization, owner=viewer, permissions=[VIEW, EDIT])

    def test_gives_nothing_at_a_site_where_the_person_lacks_it(self, organization: models.Organization) -> None:
        here, there = sites.site(organization=organization), sites.site(organization=organization)
        viewer = identity.user(organization=organization, role=None, permissions=[VIEW], site_id=here.pk)

        made = api.key(organization=organization, owner=viewer, permissions=[VIEW], site_ids=[here.pk])

        assert made.row.site_ids == {here.pk}
        with pytest.raises(operations.GrantExceedsOwn):
            api.key(organization=organization, owner=viewer, permissions=[VIEW], site_ids=[here.pk, there.pk])

    @pytest.mark.parametrize(
        "wrong",
        [
            {"name": " "},
            {"permissions": []},
            {"site_ids": []},
            {"networks": ["300.1.2.3"]},
            {"networks": [f"192.0.2.{each}" for each in range(21)]},
            {"expires_at": identity.LONG_AGO},
        ],
    )
    def test_refuses_what_is_of_no_use(self, organization: models.Organization, wrong: dict[str, object]) -> None:
        with pytest.raises(api_keys.KeyUnusable):
            api.key(organization=organization, **wrong)  # type: ignore[arg-type]

    def test_refuses_a_permission_that_nobody_declares(self, organization: models.Organization) -> None:
        with pytest.raises(registry.PermissionUnknown):
            api.key(organization=organization, permissions=["sites:burn"])

    def test_is_for_people(self, organization: models.Organization) -> None:
        with scoping.scope([organization.pk], actor=identity.ACTOR), pytest.raises(api_keys.OnlyPeople):
            api_keys.create_key(actor=identity.ACTOR, at=NOW, name="Robot", permissions=[VIEW])


@pytest.mark.spec("X-07/1")
class TestUsing:
    def test_admits_to_what_it_was_given(self, organization: models.Organization) -> None:
        admitted = use(api.key(organization=organization, permissions=[VIEW]).token)

        assert admitted.access.permissions() == {VIEW}

    def test_notes_when_and_from_where(self, organization: models.Organization) -> None:
        made = api.key(organization=organization, permissions=[VIEW])

        use(made.token, at=NOW)

        with scoping.scope([organization.pk], actor=identity.ACTOR):
            row = api_keys.get_key(public_id=made.row.public_id, at=NOW)
        assert (row.used_at, row.used_from) == (NOW, "192.0.2.7")

    def test_ends_with_the_rights_of_its_owner(self, organization: models.Organization) -> None:
        owner = identity.user(
            organization=organization, role=None, permissions=[VIEW], ends_at=NOW + timedelta(hours=1)
        )
        token = api.key(organization=organization, owner=owner, permissions=[VIEW]).token

        assert use(token, at=NOW).access.allows(VIEW)
        assert not use(token, at=NOW + timedelta(hours=1)).access.allows(VIEW)

    def test_reaches_only_its_sites(self, organization: models.Organization) -> None:
        here, there = sites.site(organization=organization), sites.site(organization=organization)

        access = use(api.key(organization=organization, permissions=[VIEW], site_ids=[here.pk]).token).access

        assert access.allows(VIEW, here.pk)
        assert not access.allows(VIEW, there.pk)
        assert not access.allows(VIEW)

    def test_reaches_only_its_meters_and_accounts(self, organization: models.Organization) -> None:
        site = sites.site(organization=organization).pk
        here, there = Single(ScopeKind.METER, 7, site), Single(ScopeKind.METER, 8, site)
        account = Single(ScopeKind.ACCOUNT, 7, site)

        made = api.key(organization=organization, permissions=[VIEW], singles=[here, account])
        access = use(made.token).access

        assert set(made.row.singles) == {here, account}
        assert not access.allows_somewhere(VIEW)
        assert (access.meters(VIEW), access.accounts(VIEW)) == ({7}, {7})
        assert not access.over(there)

    def test_ends_over_a_meter_with_the_rights_of_its_owner_there(self, organization: models.Organization) -> None:
        here, there = sites.site(organization=organization), sites.site(organization=organization)
        until = NOW + timedelta(hours=1)
        owner = identity.user(organization=organization, role=None, permissions=[VIEW], site_id=here.pk, ends_at=until)
        single = Single(ScopeKind.METER, 7, here.pk)
        elsewhere = Single(ScopeKind.METER, 8, there.pk)

        token = api.key(organization=organization, owner=owner, permissions=[VIEW], singles=[single]).token

        assert use(token, at=NOW).access.meters(VIEW) == {7}
        assert use(token, at=until, real_at=until).access.meters(VIEW) == frozenset()
        with pytest.raises(operations.GrantExceedsOwn):
            api.key(organization=organization, owner=owner, permissions=[VIEW], singles=[single, elsewhere])

    def test_of_somebody_with_single_meters_reaches_those(self, organization: models.Organization) -> None:
        owner = identity.user(organization=organization, role=None)
        single = Single(ScopeKind.METER, 7, sites.site(organization=organization).pk)
        with scoping.scope([organization.pk], actor=identity.ACTOR):
            operations.grant_role(
                actor=identity.ACTOR,
                at=identity.LONG_AGO,
                user_id=owner.pk,
                role=RoleCode.MONITOR,
                single=(single.kind, single.id),
            )

        limited = use(api.key(organization=organization, owner=owner, permissions=[VIEW], singles=[single]).token)
        whole = use(api.key(organization=organization, owner=owner, permissions=[VIEW]).token)

        assert (limited.access.meters(VIEW), whole.access.meters(VIEW)) == ({7}, {7})
        assert not whole.access.allows_somewhere(VIEW)

    def test_reaches_no_further_than_an_owner_of_one_site(self, organization: models.Organization) -> None:
        here, there = sites.site(organization=organization), sites.site(organization=organization)
        owner = identity.user(organization=organization, role=RoleCode.MANAGER, site_id=here.pk)

        access = use(api.key(organization=organization, owner=owner, permissions=[VIEW]).token).access

        assert access.allows(VIEW, here.pk)
        assert not access.allows(VIEW, there.pk)

    @pytest.mark.parametrize("address", ["192.0.2.7", "192.0.2.255"])
    def test_lets_in_from_its_networks(self, organization: models.Organization, address: str) -> None:
        token = api.key(organization=organization, permissions=[VIEW], networks=["192.0.2.0/24"]).token

        assert use(token, address=address).access.allows(VIEW)

    @pytest.mark.parametrize("address", ["192.0.3.1", "2001:db8::1", "", "nonsense"])
    def test_refuses_other_addresses(self, organization: models.Organization, address: str) -> None:
        token = api.key(organization=organization, permissions=[VIEW], networks=["192.0.2.0/24"]).token

        with pytest.raises(api_access.AddressRefused):
            use(token, address=address)

    def test_ends_on_its_last_day(self, organization: models.Organization) -> None:
        token = api.key(organization=organization, permissions=[VIEW], expires_at=NOW).token

        assert use(token, at=NOW - timedelta(seconds=1))
        with pytest.raises(api_access.KeyRefused):
            use(token, at=NOW)

    def test_refuses_another_secret_under_the_same_prefix(self, organization: models.Organization) -> None:
        token = api.key(organization=organization, permissions=[VIEW]).token
        other = token[:-1] + ("0" if token[-1] != "0" else "1")

        with pytest.raises(api_access.KeyRefused):
            use(other)

    @pytest.mark.parametrize("token", ["", "mb_", "mb_0123456789ab_" + "0" * 64, "mb_x_y", "é" * 80])
    def test_refuses_what_is_no_key(self, organization: models.Organization, token: str) -> None:
        with pytest.raises(api_access.KeyRefused):
            api_access.find_secret(token=token)

    def test_ends_with_the_person_who_may_no_longer_sign_in(self, organization: models.Organization) -> None:
        owner = identity.user(organization=organization)
        token = api.key(organization=organization, owner=owner, permissions=[VIEW]).token
        models.User.objects.filter(pk=owner.pk).update(is_active=False)

        with pytest.raises(api_access.KeyRefused):
            use(token)


@pytest.mark.spec("X-07/1")
class TestCounting:
    def test_refuses_more_than_its_allowance_and_says_how_long_to_wait(
        self, organization: models.Organization, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(api_access, "A_MINUTE", 60)
        monkeypatch.setattr(api_access, "AT_ONCE", 2)
        token = api.key(organization=organization, permissions=[VIEW]).token
        for _each in range(3):
            use(token)

        with pytest.raises(api_access.TooManyRequests) as caught:
            use(token)

        assert caught.value.retry_after == 1
        assert use(token, real_at=NOW + timedelta(seconds=1))


@pytest.mark.spec("X-07/1")
class TestExchanging:
    @pytest.fixture
    def made(self, organization: models.Organization) -> api_keys.MadeKey:
        return api.key(organization=organization, permissions=[VIEW])

    def rotate(
        self,
        organization: models.Organization,
        made: api_keys.MadeKey,
        overlap: timedelta,
        user: models.User | None = None,
    ) -> api_keys.MadeKey:
        actor = identity.actor(user or identity.user(organization=organization))
        with scoping.scope([organization.pk], actor=identity.ACTOR):
            return api_keys.rotate_key(actor=actor, at=NOW, public_id=made.row.public_id, overlap=overlap)

    def test_lets_both_secrets_work_for_the_overlap(
        self, organization: models.Organization, made: api_keys.MadeKey
    ) -> None:
        fresh = self.rotate(organization, made, timedelta(hours=1))

        assert use(fresh.token)
        assert use(made.token)
        later = NOW + timedelta(hours=1)
        assert use(fresh.token, at=later)
        with pytest.raises(api_access.KeyRefused):
            use(made.token, at=later)

    def test_without_an_overlap_ends_the_former_at_once(
        self, organization: models.Organization, made: api_keys.MadeKey
    ) -> None:
        self.rotate(organization, made, timedelta(0))

        with pytest.raises(api_access.KeyRefused):
            use(made.token)

    def test_makes_who_did_it_answer_for_the_key(
        self, organization: models.Organization, made: api_keys.MadeKey
    ) -> None:
        other = identity.user(organization=organization, name="Berta Novak")

        fresh = self.rotate(organization, made, timedelta(0), user=other)

        assert fresh.row.owner == "Berta Novak"
        assert use(fresh.token).owner_id == other.pk

    def test_gives_no_secret_to_who_lacks_what_it_may_do(
        self, organization: models.Organization, made: api_keys.MadeKey
    ) -> None:
        nobody = identity.user(organization=organization, role=None, permissions=["identity:manage_api_keys"])

        with pytest.raises(operations.GrantExceedsOwn):
            self.rotate(organization, made, timedelta(0), user=nobody)

    @pytest.mark.parametrize("overlap", [timedelta(seconds=-1), timedelta(days=7, seconds=1)])
    def test_refuses_an_overlap_without_end(
        self, organization: models.Organization, made: api_keys.MadeKey, overlap: timedelta
    ) -> None:
        with pytest.raises(api_keys.KeyUnusable):
            self.rotate(organization, made, overlap)


@pytest.mark.spec("X-07/1")
class TestRevoking:
    def test_ends_every_secret_and_is_recorded(self, organization: models.Organization) -> None:
        made = api.key(organization=organization, permissions=[VIEW])

        with scoping.scope([organization.pk], actor=identity.ACTOR):
            api_keys.revoke_key(actor=identity.ACTOR, at=NOW, public_id=made.row.public_id, reason="lost")
            api_keys.revoke_key(actor=identity.ACTOR, at=NOW, public_id=made.row.public_id)
            entries = audit_queries.list_entries(subject_id=made.row.public_id)
        with pytest.raises(api_access.KeyRefused):
            use(made.token)
        with scoping.scope([organization.pk], actor=identity.ACTOR), pytest.raises(api_keys.KeyRevoked):
            api_keys.rotate_key(actor=identity.ACTOR, at=NOW, public_id=made.row.public_id, overlap=timedelta(0))
        assert [each.action for each in entries] == ["identity:revoke_api_key", "identity:create_api_key"]

    def test_does_not_reach_keys_of_others(self, organization: models.Organization) -> None:
        theirs = api.key(organization=identity.organization(), permissions=[VIEW])

        with scoping.scope([organization.pk], actor=identity.ACTOR), pytest.raises(api_keys.KeyNotFound):
            api_keys.revoke_key(actor=identity.ACTOR, at=NOW, public_id=theirs.row.public_id)
