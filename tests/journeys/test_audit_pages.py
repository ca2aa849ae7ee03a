"""The audit trail through HTTP: listed, narrowed, read in words, exported, checked; only by those who may."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime, timedelta

import openpyxl
import pytest
from django.test import Client
from django.urls import reverse

from meterbook.audit import chain, checks
from meterbook.audit import operations as audit_operations
from meterbook.audit import queries as audit_queries
from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.identity.values import RoleCode
from meterbook.kernel.actor import Actor
from tests.factories import audit, identity, metering, sites
from tests.support import pages

NOON = datetime(2026, 6, 16, 10, 20, tzinfo=UTC)
UNKNOWN = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def organization() -> identity_models.Organization:
    return identity.organization()


@pytest.fixture
def client(organization: identity_models.Organization) -> Client:
    return pages.signed_in(organization, RoleCode.AUDITOR)


def record(
    organization: identity_models.Organization,
    *,
    actor: Actor = audit.ACTOR,
    at: datetime = NOON,
    action: str = "sites:create_site",
    label: str = "Harbor Mall",
    before: dict[str, object] | None = None,
    after: dict[str, object] | None = None,
    reason: str = "",
) -> str:
    with scoping.scope([organization.pk], actor=actor):
        subject = audit_operations.values.Subject(kind="sites.site", public_id=None, label=label)
        made = audit_operations.record(
            actor=actor, at=at, action=action, subject=subject, before=before, after=after, reason=reason
        )
    return str(made)


def rows(page: str) -> list[str]:
    body = re.sub(r"(?s)^.*?<tbody>|</tbody>.*$", "", page) if "<tbody>" in page else ""
    return [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in body.split("</tr>") if row.strip()]


@pytest.mark.spec("M-108")
class TestTrail:
    def test_lists_the_newest_first_in_words(self, client: Client, organization: identity_models.Organization) -> None:
        record(organization, label="Old House")
        record(
            organization,
            label="Harbor Mall",
            action="identity:rename_organization",
            before={"name": "Harbour"},
            after={"name": "Harbor"},
            reason="a typing mistake",
        )

        found = rows(pages.page(client, "audit", organization, kind="sites.site"))

        assert len(found) == 2
        assert "Renamed the organization" in found[0]
        assert "Name: Harbour → Harbor" in found[0]
        assert "a typing mistake" in found[0]
        assert "Old House" in found[1]

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ({"who": "fields"}, {"One", "Two"}),
            ({"who": "clara"}, {"Three"}),
            ({"about": "two"}, {"Two"}),
            ({"action": "sites:create_node"}, {"Two"}),
            ({"from": "2026-06-17"}, {"Three"}),
            ({"until": "2026-06-15"}, {"One"}),
            ({"from": "2026-06-16", "until": "2026-06-16"}, {"Two"}),
            ({"from": "2026-06-17", "until": "2026-06-01"}, set()),
        ],
    )
    def test_is_narrowed(
        self, client: Client, organization: identity_models.Organization, query: dict[str, str], found: set[str]
    ) -> None:
        record(organization, label="One", at=NOON - timedelta(days=1))
        record(organization, label="Two", action="sites:create_node")
        record(organization, label="Three", at=NOON + timedelta(days=1), actor=Actor.user(8, "Clara Reyes"))

        listed = rows(pages.page(client, "audit", organization, kind="sites.site", **query))

        assert {each for each in ("One", "Two", "Three") if any(each in row for row in listed)} == found

    def test_is_narrowed_to_what_belongs_to_a_site(
        self, client: Client, organization: identity_models.Organization
    ) -> None:
        ours, theirs = (sites.site(organization=organization, name=name) for name in ("Ours", "Theirs"))
        for site in (ours, theirs):
            metering.installed_meter(organization=organization, site=site, name=f"Meter of {site.name}")

        page = pages.page(client, "audit", organization, site=str(ours.public_id))
        listed = " ".join(rows(page))

        assert "Meter of Ours" in listed
        assert "Added a site" in listed
        assert "Meter of Theirs" not in listed

    def test_goes_on_to_older_entries(self, client: Client, organization: identity_models.Organization) -> None:
        for number in range(60):
            record(organization, label=f"Thing {number:02}")

        first = pages.page(client, "audit", organization, kind="sites.site")
        older = re.search(r'href="\?([^"]*before=\d+)"', first)
        assert older is not None
        second = client.get(f"{reverse('audit', args=[organization.public_id])}?{older[1].replace('&amp;', '&')}")

        assert (len(rows(first)), len(rows(second.content.decode()))) == (50, 10)
        assert "Thing 59" in rows(first)[0]
        assert "Thing 09" in rows(second.content.decode())[0]

    @pytest.mark.parametrize(
        "query",
        [
            {"from": "2026-02-30", "until": "x", "before": "x", "object": "x", "site": "x"},
            {"from": "9999-12-31", "before": "9" * 40, "action": "%", "kind": "'"},
            {"who": "%", "about": "_\\", "before": "-1", "site": UNKNOWN, "object": UNKNOWN},
        ],
    )
    def test_takes_any_query(
        self, client: Client, organization: identity_models.Organization, query: dict[str, str]
    ) -> None:
        record(organization)

        pages.page(client, "audit", organization, **query)

    def test_says_on_whose_behalf_a_program_acted(
        self, client: Client, organization: identity_models.Organization
    ) -> None:
        owner = identity.user(organization=organization, name="Olga Owner")
        made = record(organization, actor=Actor.api_key(owner.pk, "Cash system"), label="By a key")

        listed = rows(pages.page(client, "audit", organization, about="by a key"))
        shown = pages.page(client, "audit_entry", organization, made)

        assert "Cash system on behalf of Olga Owner" in listed[0]
        assert "Olga Owner" in shown

    @pytest.mark.parametrize("role", [RoleCode.CASHIER, RoleCode.BILLING_CLERK, RoleCode.OPERATOR])
    def test_is_closed_to_others(self, organization: identity_models.Organization, role: RoleCode) -> None:
        made = record(organization)
        client = pages.signed_in(organization, role)

        for route, more in (("audit", ()), ("audit_file", ()), ("audit_entry", (made,)), ("audit_check", ())):
            assert client.get(reverse(route, args=[organization.public_id, *more])).status_code == 403


@pytest.mark.spec("M-108")
class TestEntry:
    def test_shows_before_and_after_field_by_field(
        self, client: Client, organization: identity_models.Organization
    ) -> None:
        made = record(
            organization,
            before={"is_on": True, "kept": 1, "roles": ["MANAGER"], "ends_at": None},
            after={"is_on": False, "kept": 1, "roles": ["MANAGER", "AUDITOR"], "ends_at": NOON},
        )

        listed = rows(pages.page(client, "audit_entry", organization, made))

        assert listed == [
            "Switched on yes no",
            "Roles Manager Manager, Auditor",
            "Until – 16 Jun 2026 10:20 UTC",
        ]

    def test_leads_to_the_object(self, organization: identity_models.Organization) -> None:
        site = sites.site(organization=organization, name="Ours")
        administrator = pages.signed_in(organization)
        with scoping.scope([organization.pk], actor=identity.ACTOR):
            (made,) = audit_queries.list_entries(subject_id=site.public_id)

        shown = pages.page(administrator, "audit_entry", organization, made.public_id)

        assert reverse("site_tree", args=[organization.public_id, site.public_id]) in shown

    def test_of_another_organization_is_not_found(
        self, client: Client, organization: identity_models.Organization
    ) -> None:
        theirs = record(identity.organization())

        for entry in (theirs, UNKNOWN):
            assert client.get(reverse("audit_entry", args=[organization.public_id, entry])).status_code == 404


@pytest.mark.spec("M-108")
class TestFile:
    def test_holds_what_the_list_shows(self, client: Client, organization: identity_models.Organization) -> None:
        record(organization, label="=1+1", after={"name": "Ärger"})
        record(organization, label="Other", action="sites:create_node")
        href = reverse("audit_file", args=[organization.public_id])
        asked = {"kind": "sites.site", "action": "sites:create_site"}

        text = client.get(href, {**asked, "kind_of_file": "csv"}).content.decode("utf-8-sig")
        book = client.get(href, {**asked, "kind_of_file": "xlsx"}).content

        listed = list(csv.reader(io.StringIO(text)))
        sheet = openpyxl.load_workbook(io.BytesIO(book)).active
        assert sheet is not None
        assert len(listed) == 2
        assert listed[1][7] == "'=1+1"
        assert listed[1][11] == '{"name": "Ärger"}'
        assert [each[6] for each in sheet.iter_rows(values_only=True)][1:] == ["sites:create_site"]


@pytest.mark.spec("M-108")
class TestCheck:
    def test_is_asked_for_on_the_page_and_shown_when_it_is_made(
        self, client: Client, organization: identity_models.Organization
    ) -> None:
        record(organization)
        audit.seal(organization)
        href = reverse("audit_check", args=[organization.public_id])

        asked = client.post(href, follow=True).content.decode()
        with scoping.scope([organization.pk], actor=identity.ACTOR):
            check = checks.latest_check()
            assert check is not None
            checks.make_check(actor=identity.ACTOR, at=NOON, check_id=check.public_id)
            head = audit_operations._head(organization.pk, organization.public_id)[1].hex()
        part = client.get(href, headers={"X-Requested-With": "fetch"}).content.decode()

        assert "Checking the chain" in asked
        assert "The trail is complete and unaltered" in part
        assert head in part
        assert chain.genesis(organization.public_id).hex() not in part
        assert "<html" not in part
