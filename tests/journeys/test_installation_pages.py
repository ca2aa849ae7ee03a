"""The pages of the settings that are about the whole installation, and who may change what on them."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from meterbook.audit import queries as audit_queries
from meterbook.foundation import scoping
from meterbook.foundation.backup import dump
from meterbook.foundation.server import errors
from meterbook.foundation.tls import authority
from meterbook.identity import models as identity_models
from meterbook.identity.values import RoleCode
from meterbook.installation import operations as installation_operations
from meterbook.installation import queries as installation_queries
from meterbook.kernel import clock
from tests.factories import acquisition, identity, sites
from tests.support import pages, processes


@pytest.fixture
def organization(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> identity_models.Organization:
    """The operator, on an installation with an empty data folder."""
    made = identity.organization()
    settings.OPERATOR = str(made.public_id)
    settings.IS_PUBLIC_ADDRESS_FIXED = False
    settings.DATA_DIR = tmp_path
    monkeypatch.setenv("MB_DATA_DIR", str(tmp_path))
    return made


def actions(organization: identity_models.Organization) -> list[str]:
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        return [each.action for each in audit_queries.list_entries(limit=20) if "installation" in each.action]


def old_backup(folder: Path, *, days: float) -> Path:
    path = dump.default_target(folder, clock.real_now() - timedelta(days=days))
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"x" * 2_500_000)
    return path


class TestIndex:
    def test_shows_each_person_what_that_person_may_open(self, organization: identity_models.Organization) -> None:
        admin = pages.page(pages.signed_in(organization), "settings_index", organization)
        manager = pages.page(pages.signed_in(organization, RoleCode.MANAGER), "settings_index", organization)
        cashier = pages.page(pages.signed_in(organization, RoleCode.CASHIER), "settings_index", organization)

        for route in ("letterhead", "bill_numbers", "settings", "public_address", "https", "backups", "privacy"):
            assert reverse(route, args=[organization.public_id]) in admin
        assert reverse("letterhead", args=[organization.public_id]) in manager
        assert reverse("privacy", args=[organization.public_id]) not in cashier
        assert reverse("backups", args=[organization.public_id]) not in manager
        assert reverse("letterhead", args=[organization.public_id]) not in cashier
        assert reverse("own_messages", args=[organization.public_id]) in cashier

    def test_finds_a_section_by_other_words_and_without_accents(
        self, organization: identity_models.Organization
    ) -> None:
        client = pages.signed_in(organization)

        found = pages.page(client, "settings_index", organization, q="TLS certificate")
        nothing = pages.page(client, "settings_index", organization, q="zebra")

        assert "settings-list" in found
        assert "Encryption" in found
        assert "Where I am signed in" not in found
        assert "Nothing with these words" in nothing

    def test_hides_the_installation_from_administrators_of_other_organizations(
        self, organization: identity_models.Organization
    ) -> None:
        other = identity.organization()

        assert reverse("backups", args=[other.public_id]) not in pages.page(
            pages.signed_in(other), "settings_index", other
        )


class TestOthers:
    def test_see_how_things_stand_and_change_nothing(
        self, organization: identity_models.Organization, tmp_path: Path
    ) -> None:
        other = identity.organization()
        client = pages.signed_in(other)
        before = installation_queries.public_address()

        sent = [
            client.post(reverse("public_address", args=[other.public_id]), {"address": "http://localhost:1"}),
            client.post(reverse("public_address_test", args=[other.public_id])),
            client.post(reverse("backups", args=[other.public_id]), {"time_of_day": "03:00", "keep": 2}),
            client.post(reverse("back_up_now", args=[other.public_id])),
        ]

        assert [each.status_code for each in sent] == [302] * 4
        assert installation_queries.public_address() == before
        assert installation_queries.backup_plan().keep == 14
        assert actions(other) == []
        shown = pages.page(client, "backups", other)
        assert "organization that runs this installation" in shown
        assert str(tmp_path) not in shown


class TestAddress:
    @pytest.mark.spec("X-22")
    def test_is_changed_warned_of_and_what_links_begin_with(
        self, organization: identity_models.Organization, settings: Settings
    ) -> None:
        settings.ALLOWED_HOSTS = ["testserver", "meters.example"]
        client = pages.signed_in(organization)
        href = reverse("public_address", args=[organization.public_id])

        open_ = client.post(href, {"address": "http://meters.example"}, follow=True).content.decode()
        closed = client.post(href, {"address": "https://Meters.example/"}, follow=True).content.decode()

        assert "It is not encrypted" in open_
        assert "It is not encrypted" not in closed
        assert installation_queries.public_address() == "https://meters.example"
        assert actions(organization) == ["installation:set_public_address"] * 2

    @pytest.mark.parametrize(
        ("address", "words"),
        [
            ("meters.example", "Write the whole address"),
            ("https://stranger.example", "Add it to MB_ALLOWED_HOSTS"),
            ("", "This field is required"),
        ],
    )
    def test_is_refused_beside_the_field_and_nothing_is_lost(
        self, organization: identity_models.Organization, settings: Settings, address: str, words: str
    ) -> None:
        settings.ALLOWED_HOSTS = ["testserver", "meters.example"]

        refused = pages.signed_in(organization).post(
            reverse("public_address", args=[organization.public_id]), {"address": address}
        )

        assert refused.status_code == 422
        assert words in refused.content.decode()
        assert f'value="{address}"' in refused.content.decode()

    def test_of_the_environment_is_shown_and_not_changed(
        self, organization: identity_models.Organization, settings: Settings
    ) -> None:
        settings.IS_PUBLIC_ADDRESS_FIXED, settings.PUBLIC_ADDRESS = True, "http://localhost"
        client = pages.signed_in(organization)

        refused = client.post(reverse("public_address", args=[organization.public_id]), {"address": "http://127.0.0.1"})

        assert refused.status_code == 422
        assert "MB_PUBLIC_ADDRESS" in refused.content.decode()
        assert installation_queries.public_address() == "http://localhost"

    def test_is_tested_and_the_page_says_what_came_of_it(
        self, organization: identity_models.Organization, settings: Settings
    ) -> None:
        settings.IS_PUBLIC_ADDRESS_FIXED = True
        settings.PUBLIC_ADDRESS = f"http://127.0.0.1:{processes.free_port()}"
        client = pages.signed_in(organization)

        tested = client.post(reverse("public_address_test", args=[organization.public_id]), follow=True)

        assert "Nobody answers there" in tested.content.decode()


class TestBackups:
    def test_are_listed_with_age_and_size_and_the_plan_is_kept(
        self, organization: identity_models.Organization, tmp_path: Path
    ) -> None:
        path = old_backup(tmp_path, days=1)
        client = pages.signed_in(organization)
        href = reverse("backups", args=[organization.public_id])
        folder = tmp_path.parent / f"{tmp_path.name}_elsewhere"
        folder.mkdir()

        shown = client.get(href).content.decode()
        client.post(href, {"time_of_day": "03:30", "keep": "7", "folder": str(folder)})

        assert path.name in shown
        assert ">2.5<" in shown
        plan = installation_queries.backup_plan()
        assert (plan.time_of_day.isoformat(), plan.keep, plan.folder) == ("03:30:00", 7, str(folder))
        assert actions(organization) == ["installation:set_backup_plan"]
        client.post(href, {"time_of_day": "02:00", "keep": "14", "folder": ""})

    @pytest.mark.parametrize(
        ("field", "value", "words"),
        [
            ("folder", "relative/folder", "begins with a slash"),
            ("folder", "/nowhere/at/all", "There is no such folder"),
            ("folder", "/" + "a" * 300, "There is no such folder"),
            ("folder", "DATA/postgres", "inside the data folder"),
            ("keep", "1", "greater than or equal to 2"),
            ("time_of_day", "25:00", "Enter a valid time"),
        ],
    )
    def test_refuse_a_plan_that_cannot_be_carried_out(
        self, organization: identity_models.Organization, tmp_path: Path, field: str, value: str, words: str
    ) -> None:
        (tmp_path / "postgres").mkdir()
        given = {"time_of_day": "02:00", "keep": "14", "folder": "", field: value.replace("DATA", str(tmp_path))}

        refused = pages.signed_in(organization).post(reverse("backups", args=[organization.public_id]), given)

        assert refused.status_code == 422
        assert words in refused.content.decode()
        assert installation_queries.backup_plan().keep == 14

    def test_that_are_too_old_are_told_at_home_and_among_the_work(
        self, organization: identity_models.Organization, tmp_path: Path
    ) -> None:
        acquisition.installed_meter(organization=organization, site=sites.site(organization=organization))
        old_backup(tmp_path, days=2.1)
        client, manager = pages.signed_in(organization), pages.signed_in(organization, RoleCode.MANAGER)
        late = "more than two days old"

        assert late in pages.page(client, "work", organization)
        assert late in pages.page(client, "home", organization)
        assert late not in pages.page(manager, "work", organization)
        old_backup(tmp_path, days=1)
        assert late not in pages.page(client, "work", organization)

    def test_are_asked_for_once_however_often_somebody_clicks(self, organization: identity_models.Organization) -> None:
        client = pages.signed_in(organization)

        for _each in range(2):
            answer = client.post(reverse("back_up_now", args=[organization.public_id]), follow=True)

        assert "A backup is being written" in answer.content.decode()
        assert actions(organization) == ["installation:ask_for_backup"] * 2

    def test_that_fail_leave_the_older_ones_and_words_on_the_page(
        self, organization: identity_models.Organization, tmp_path: Path
    ) -> None:
        kept = old_backup(tmp_path, days=1)
        at = clock.real_now()
        taken = dump.default_target(tmp_path, at)
        taken.write_bytes(b"")

        with pytest.raises(errors.ServerError):
            installation_operations.back_up(environ=os.environ, real_at=at)

        assert kept.exists()
        assert "exists already" in pages.page(pages.signed_in(organization), "backups", organization)


class TestEncryption:
    def test_that_is_lacking_is_told_with_what_to_do(self, organization: identity_models.Organization) -> None:
        shown = pages.page(pages.signed_in(organization), "https", organization)

        assert "not encrypted" in shown
        assert "meterbook serve --https" in shown

    def test_of_our_own_shows_certificate_fingerprint_and_how_phones_trust_it(
        self, organization: identity_models.Organization, settings: Settings, tmp_path: Path
    ) -> None:
        settings.IS_HTTPS, settings.IS_CERTIFICATE_GIVEN = True, False
        authority.ensure(tmp_path, ["meters.example"], at=clock.real_now())

        shown = pages.page(pages.signed_in(organization), "https", organization)
        given = Client().get(reverse("root_certificate"))

        assert "meters.example" in shown
        assert "Certificate Trust Settings" in shown
        assert shown.count(":") > 32
        assert b"".join(given.streaming_content) == authority.root_path(tmp_path).read_bytes()
        assert given.headers["Content-Type"] == "application/x-x509-ca-cert"


class TestSignInRules:
    def test_are_shown_with_the_way_to_the_second_step(self, organization: identity_models.Organization) -> None:
        shown = pages.page(pages.signed_in(organization, RoleCode.MANAGER), "sign_in_rules", organization)

        assert "At least 12 characters; 8 for who signs in with a second step." in shown
        assert "Signed out after 8 h without a click" in shown
        assert reverse("roles", args=[organization.public_id]) in shown


class TestNumbers:
    def test_of_the_next_year_are_set_and_shown_as_they_will_be_printed(
        self, organization: identity_models.Organization
    ) -> None:
        site = sites.site(organization=organization)
        client, year = pages.signed_in(organization), clock.now().year + 1
        href, code = reverse("bill_numbers", args=[organization.public_id]), f"{site.code}:{year}"

        form = client.get(href, {"series": code}).content.decode()
        wrong = client.post(href, {"series": code, "series_prefix": "A/B", "first_number": "7"})
        right = client.post(href, {"series": code, "series_prefix": "MALL-27", "first_number": "7"}, follow=True)

        assert f"{site.code}-{year}-000001" in form
        assert wrong.status_code == 422
        assert 'value="A/B"' in wrong.content.decode()
        assert "MALL-27-000007" in right.content.decode()

    @pytest.mark.parametrize("series", ["", "nonsense", "X:2020", "HR:9999999999", "\x00"])
    def test_answer_a_bad_address_with_the_page(self, organization: identity_models.Organization, series: str) -> None:
        client, href = pages.signed_in(organization), reverse("bill_numbers", args=[organization.public_id])

        assert client.get(href, {"series": series}).status_code == 200
        assert client.post(href, {"series": series}).status_code == 200
