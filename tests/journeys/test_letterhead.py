"""How an organization names itself on bills, changed on its page."""

from __future__ import annotations

import io
import uuid
from datetime import date
from zoneinfo import ZoneInfo

import pypdf
import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from meterbook.billing import operations as billing_operations
from meterbook.billing import queries as billing_queries
from meterbook.documents import logos as document_logos
from meterbook.documents import numbering as document_numbering
from meterbook.documents import queries as document_queries
from meterbook.documents.values import DocumentKind, LetterheadFacts
from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.identity.values import RoleCode
from meterbook.kernel import civil, clock
from meterbook.kernel.actor import Actor
from tests.factories import billing, customers, identity
from tests.support import pages


def kept(organization: identity_models.Organization) -> LetterheadFacts:
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        return document_queries.letterhead(organization_id=organization.pk)


class TestLetterhead:
    @pytest.mark.spec("B-70/1")
    def test_is_kept_and_shown_as_it_is_printed(self) -> None:
        organization = identity.organization()
        client = pages.signed_in(organization, RoleCode.MANAGER)
        href = reverse("letterhead", args=[organization.public_id])
        before = client.get(href).content.decode()
        given = {"tax_number": " B-1 ", "address": " Quay 1 \r\n\r\n08039 Barcelona", "contact": "+34 900"}

        after = client.post(href, given, follow=True).content.decode()

        assert "must also hold your tax number" in before
        assert "The bill head was changed" in after
        assert "<br>Quay 1<br>08039 Barcelona<br>Tax number B-1</p>" in after
        assert kept(organization) == LetterheadFacts("B-1", "Quay 1\n08039 Barcelona", "+34 900")

    def test_loses_nothing_that_was_typed_when_the_address_is_too_long(self) -> None:
        organization = identity.organization()
        href = reverse("letterhead", args=[organization.public_id])

        refused = pages.signed_in(organization).post(href, {"tax_number": "B-1", "address": "a\nb\nc\nd\ne"})

        assert refused.status_code == 422
        shown = refused.content.decode()
        assert "Write it in four lines at most." in shown
        assert 'value="B-1"' in shown
        assert kept(organization) == LetterheadFacts()

    def test_is_found_from_the_runs_by_who_may_change_it(self) -> None:
        organization = identity.organization()
        href = reverse("letterhead", args=[organization.public_id])

        def runs(client: Client) -> str:
            return client.get(reverse("runs", args=[organization.public_id])).content.decode()

        assert href in runs(pages.signed_in(organization, RoleCode.MANAGER))
        assert href not in runs(pages.signed_in(organization, RoleCode.BILLING_CLERK))


def picture() -> bytes:
    drawn = io.BytesIO()
    Image.new("RGB", (300, 90), "#0f766e").save(drawn, "PNG")
    return drawn.getvalue()


class TestLogo:
    def test_is_taken_kept_beside_the_other_facts_and_removed(self) -> None:
        organization = identity.organization()
        client = pages.signed_in(organization, RoleCode.MANAGER)
        href, head = (reverse(name, args=[organization.public_id]) for name in ("logo", "letterhead"))

        taken = client.post(href, {"picture": io.BytesIO(picture())}, follow=True).content.decode()
        client.post(head, {"tax_number": "B-1"})
        known = kept(organization)
        removed = client.post(href, {"act": "remove"}, follow=True).content.decode()

        assert "data:image/png;base64," in taken
        assert (known.tax_number, len(known.logo)) == ("B-1", 64)
        assert "data:image/png" not in removed
        assert kept(organization) == LetterheadFacts("B-1")

    @pytest.mark.parametrize("content", [b"", b"<svg xmlns='http://www.w3.org/2000/svg'/>"], ids=["nothing", "svg"])
    def test_is_refused_beside_the_field(self, content: bytes) -> None:
        organization = identity.organization()
        href = reverse("logo", args=[organization.public_id])

        refused = pages.signed_in(organization).post(href, {"picture": ContentFile(content, name="a.png")})

        assert refused.status_code == 422
        assert 'class="problem"' in refused.content.decode()
        assert kept(organization).logo == ""

    @pytest.mark.spec("B-70/1")
    def test_stands_on_bills_calculated_since_and_stays_there(self) -> None:
        place = billing.place(raw={**billing.document(), "code": f"T{uuid.uuid4().hex[:8]}"})
        point, zone = billing.metered(place), ZoneInfo(place.site.time_zone)
        starts_at, ends_at = (civil.start_of_day(date(2026, 2, day), zone) for day in (1, 2))
        billing.count(point.energy, starts_at, ends_at)
        account = customers.account(organization=place.organization, site=place.site)
        customers.contract(account=account, point=point.point, tariff=place.tariff, starts_at=starts_at)
        with scoping.scope([place.organization.pk], actor=identity.ACTOR):
            digest = document_logos.set_logo(actor=identity.ACTOR, at=clock.now(), content=picture())
            document_numbering.plan_series(
                actor=identity.ACTOR,
                at=clock.now(),
                kind=DocumentKind.BILL,
                place=place.site.code,
                year=clock.now().year,
                prefix="MALL",
                first_number=7,
            )

        run = billing.advance(billing.plan(place, first_day=date(2026, 2, 1), until_day=date(2026, 2, 2)))
        run = billing.advance(billing.approve(run, actor=Actor.user(0, "approver", source="")))

        with scoping.scope([place.organization.pk], actor=identity.ACTOR):
            document_logos.remove_logo(actor=identity.ACTOR, at=clock.now())
            (row,) = billing_queries.run_bills(run_public_id=run.public_id).rows
            assert row.bill_public_id is not None
            bill = billing_queries.get_bill(public_id=row.bill_public_id)
            file = billing_operations.issue_pdf(actor=identity.ACTOR, at=clock.now(), bill=row.bill_public_id)
            assert file is not None
            _row, pdf = document_queries.file_content(public_id=file.public_id)
        assert bill.content["organization"]["logo"] == digest
        assert bill.number == "MALL-000007"
        assert len(pypdf.PdfReader(io.BytesIO(pdf)).pages[0].images) == 1
