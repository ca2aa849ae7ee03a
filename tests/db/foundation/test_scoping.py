"""A scope is the only door to tenant rows."""

import pytest
from django.db import DatabaseError, connection, connections
from django.db.utils import IntegrityError, ProgrammingError

from meterbook.foundation import scoping
from meterbook.kernel.actor import Actor
from meterbook.sites import models as site_models
from tests.factories import identity as identity_factory
from tests.factories import sites as site_factory

ACTOR = Actor.system("test")


@pytest.mark.spec("X-05/1")
class TestScope:
    def test_outside_it_no_tenant_row_is_seen(self) -> None:
        organization = identity_factory.organization()
        site_factory.site(organization=organization)

        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM sites_site")
            assert cursor.fetchone() == (0,)

    def test_shows_the_rows_of_its_organizations_only(self) -> None:
        mine, other = identity_factory.organization(), identity_factory.organization()
        site = site_factory.site(organization=mine)
        site_factory.site(organization=other)

        with scoping.scope([mine.id], actor=ACTOR):
            assert list(site_models.Site.objects.values_list("id", flat=True)) == [site.pk]

    def test_shows_nothing_when_it_names_no_organization(self) -> None:
        site_factory.site(organization=identity_factory.organization())

        with scoping.scope([], actor=ACTOR):
            assert not site_models.Site.objects.exists()

    def test_refuses_a_row_for_another_organization(self) -> None:
        mine, other = identity_factory.organization(), identity_factory.organization()

        with (
            pytest.raises(ProgrammingError, match="row-level security"),
            scoping.scope([mine.id], actor=ACTOR),
        ):
            site_models.Site.objects.create(
                organization_id=other.id, code="X", name="X", time_zone="UTC", currency="EUR", language="en"
            )

    def test_refuses_a_row_that_points_into_another_organization(self) -> None:
        mine, other = identity_factory.organization(), identity_factory.organization()
        foreign = site_factory.site(organization=other)

        with pytest.raises(IntegrityError, match="same_org"), scoping.scope([mine.id], actor=ACTOR):
            site_models.SiteNode.objects.create(
                organization_id=mine.id, site_id=foreign.pk, kind="UNIT", code="1", name="1"
            )

    def test_cannot_be_opened_inside_another(self) -> None:
        with (
            pytest.raises(scoping.NestedScope),
            scoping.scope([], actor=ACTOR),
            scoping.scope([], actor=ACTOR),
        ):
            pass

    def test_leaves_no_rights_behind_on_the_connection(self) -> None:
        organization = identity_factory.organization()
        site_factory.site(organization=organization)
        with scoping.scope([organization.id], actor=ACTOR):
            assert site_models.Site.objects.exists()

        assert not site_models.Site.objects.exists()

    def test_undoes_everything_when_its_body_fails(self) -> None:
        organization = identity_factory.organization()

        def fail_half_way() -> None:
            with scoping.scope([organization.id], actor=ACTOR):
                site_models.Site.objects.create(
                    organization_id=organization.id, code="X", name="X", time_zone="UTC", currency="EUR", language="en"
                )
                raise RuntimeError("half way")

        with pytest.raises(RuntimeError, match="half way"):
            fail_half_way()

        with scoping.scope([organization.id], actor=ACTOR):
            assert not site_models.Site.objects.exists()


class TestAllOrganizations:
    def test_sees_every_organization_and_is_written_down(self) -> None:
        mine, other = identity_factory.organization(), identity_factory.organization()

        with scoping.all_organizations("a test of the platform view", actor=ACTOR) as scope:
            assert {mine.id, other.id} <= set(scope.organizations)

        with connections["owner"].cursor() as cursor:
            cursor.execute("SELECT reason, actor FROM foundation_platformaccess ORDER BY id DESC LIMIT 1")
            assert cursor.fetchone() == ("a test of the platform view", "test")


class TestOperation:
    def test_is_refused_outside_a_scope(self) -> None:
        from meterbook.kernel import clock
        from meterbook.sites import operations

        with pytest.raises(scoping.OutsideScope):
            operations.create_site(actor=ACTOR, at=clock.now(), code="A", name="A", time_zone="UTC", currency="EUR")


class TestAppRole:
    def test_cannot_change_the_walls(self) -> None:
        with pytest.raises(DatabaseError), connection.cursor() as cursor:
            cursor.execute("ALTER TABLE sites_site DISABLE ROW LEVEL SECURITY")

    def test_cannot_change_an_append_only_row(self) -> None:
        with pytest.raises(DatabaseError), connection.cursor() as cursor:
            cursor.execute("UPDATE foundation_platformaccess SET reason = 'nothing'")

    def test_owner_cannot_change_an_append_only_row_either(self) -> None:
        with scoping.all_organizations("so that there is a row", actor=ACTOR):
            pass

        with pytest.raises(DatabaseError, match="never changed"), connections["owner"].cursor() as cursor:
            cursor.execute("UPDATE foundation_platformaccess SET reason = 'nothing'")

    def test_login_may_not_bypass_row_security(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT rolbypassrls, rolsuper FROM pg_roles WHERE rolname = current_user")
            assert cursor.fetchone() == (False, False)
