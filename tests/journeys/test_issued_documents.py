"""Documents on the screen: checked by anybody, withdrawn, chained, by templates, signed with one's own certificate."""

from __future__ import annotations

import io
import uuid
from datetime import timedelta

import pypdf
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from meterbook.billing import operations as billing_operations
from meterbook.documents import certificates, chain, codes, models, signing
from meterbook.foundation import scoping
from meterbook.identity.values import RoleCode
from meterbook.kernel import clock
from tests.factories import billing, customers, everything, identity
from tests.support import pages

AT = everything.END + timedelta(days=5)


@pytest.fixture(scope="module")
def place(database: str) -> billing.Place:
    """Two shops of one site, billed for a day; nobody has asked for a PDF."""
    made = billing.place()
    days = billing.Days(everything.FIRST, everything.UNTIL)
    for name in ("Shop 1", "Shop 2"):
        billing.shop(made, name=name, days=days)
    billing.issued(made, first_day=days.first_day, until_day=days.until_day)
    return made


def issued(place: billing.Place) -> list[models.IssuedDocument]:
    return list(models.IssuedDocument.objects.filter(organization_id=place.organization.pk).order_by("id"))


def all_of(place: billing.Place) -> list[models.IssuedDocument]:
    with scoping.scope([place.organization.pk], actor=identity.ACTOR):
        return issued(place)


def made(place: billing.Place, bill: uuid.UUID) -> str:
    with scoping.scope([place.organization.pk], actor=identity.ACTOR):
        row = billing_operations.issue_pdf(actor=identity.ACTOR, at=AT, bill=bill)
    assert row is not None
    return row.digest


def picture() -> ContentFile[bytes]:
    written = io.BytesIO()
    Image.new("RGB", (64, 64), "navy").save(written, "PNG")
    return ContentFile(written.getvalue(), "logo.png")


class TestPublicPage:
    @pytest.mark.spec("M-083/1")
    def test_tells_strangers_what_was_issued_and_leads_them_on(self, place: billing.Place) -> None:
        first = all_of(place)[0]
        digest = made(place, first.source_id)
        stranger, href = Client(), reverse("verify", args=[codes.written(first.code)])

        shown = stranger.get(href)
        spanish = stranger.get(href, headers={"accept-language": "es"}).content.decode()
        led = stranger.get(reverse("verify_open", args=[codes.written(first.code)]))
        manager = pages.signed_in(place.organization, RoleCode.MANAGER)
        opened = manager.get(reverse("verify_open", args=[codes.written(first.code)]))

        text = shown.content.decode()
        assert shown.status_code == 200
        assert all(each in text for each in (first.number, first.digest, digest, place.organization.name))
        assert not any(each in text for each in ("Shop 1", "Shop 2", str(first.source_id)))
        assert shown.headers["X-Robots-Tag"] == "noindex"
        assert 'lang="es"' in spanish
        assert led.status_code == 302
        assert reverse("account_login") in led.url  # type: ignore[attr-defined]
        assert opened.url == reverse("bill", args=[place.organization.public_id, first.source_id])  # type: ignore[attr-defined]

    def test_answers_alike_for_unknown_and_withdrawn_codes(self, place: billing.Place) -> None:
        second = all_of(place)[1]
        code, stranger = codes.written(second.code), Client()
        admin = pages.signed_in(place.organization)
        view = reverse("issued_document_view", args=[place.organization.public_id, second.source_id])

        refused = admin.post(view, {"reason": ""})
        admin.post(view, {"reason": "The tenant asked for it"})
        withdrawn = stranger.get(reverse("verify", args=[code]))
        unknown = stranger.get(reverse("verify", args=["A" * 26]))
        listed = admin.get(reverse("issued_documents", args=[place.organization.public_id])).content.decode()
        admin.post(view, {"reason": "Again"})

        assert refused.status_code == 422
        assert withdrawn.status_code == unknown.status_code == 404
        assert _without(withdrawn, code) == _without(unknown, "A" * 26)
        assert "withdrawn from view" in listed
        assert stranger.get(reverse("verify", args=[code])).status_code == 200

    def test_reads_typed_codes_and_stops_guessing(self, place: billing.Place) -> None:
        first = all_of(place)[0]
        stranger, enter = Client(REMOTE_ADDR="203.0.113.9"), reverse("verify_enter")

        wrong = stranger.get(enter, {"code": "ABC"})
        right = stranger.get(enter, {"code": codes.printed(first.code).lower()})
        statuses = [stranger.get(reverse("verify", args=["B" * 25 + "A"])).status_code for _each in range(61)]

        assert "26 letters and digits" in wrong.content.decode()
        assert 'value="ABC"' in wrong.content.decode()
        assert right.url == reverse("verify", args=[codes.written(first.code)])  # type: ignore[attr-defined]
        assert statuses == [404] * 60 + [429]


def _without(response: object, code: str) -> str:
    """The page without what was asked for and without what is drawn anew for each page."""
    text = response.content.decode().replace(code, "")  # type: ignore[attr-defined]
    return "\n".join(line for line in text.splitlines() if "csrf" not in line and "data-now" not in line)


class TestTemplate:
    @pytest.mark.spec("M-082/1")
    def test_is_written_looked_at_and_put_in_force(self, place: billing.Place) -> None:
        organization = place.organization
        first = all_of(place)[0]
        digest = made(place, first.source_id)
        manager = pages.signed_in(organization, RoleCode.MANAGER)
        href = {
            name: reverse(name, args=[organization.public_id])
            for name in ("bill_templates", "bill_template", "bill_template_preview", "bill_template_activate")
        }
        given = {
            "accent": "#7A1F5C",
            "logo": "SITE",
            "paper": "us-letter",
            "title_en": "Energy statement",
            "title_es": "Recibo",
            "iban": "de89 3704 0044 0532 0130 00",
            "shows_boxes": "on",
        }

        refused = manager.post(href["bill_template"], {**given, "accent": "#ffcc00", "iban": "DE00"})
        nothing = manager.post(href["bill_template_activate"], follow=True).content.decode()
        kept = manager.post(href["bill_template"], given, follow=True).content.decode()
        preview = manager.get(href["bill_template_preview"], {"bill": str(first.source_id)})
        active = manager.post(href["bill_template_activate"], follow=True).content.decode()

        assert refused.status_code == 422
        assert "Take a darker one" in refused.content.decode()
        assert "its check digits do not fit" in refused.content.decode()
        assert 'value="Energy statement"' in refused.content.decode()
        assert "There is no draft." in nothing
        assert "The draft was saved" in kept
        assert preview.headers["Content-Type"] == "application/pdf"
        page = pypdf.PdfReader(io.BytesIO(preview.content)).pages[0]
        assert "Energy statement" in page.extract_text()
        assert round(page.mediabox.width) == 612
        assert "Version 1 holds for bills that are issued from now on" in active
        assert made(place, first.source_id) == digest

    def test_of_a_site_goes_before_that_of_all(self, place: billing.Place) -> None:
        organization, site = place.organization, str(place.site.public_id)
        manager = pages.signed_in(organization, RoleCode.MANAGER)
        edit = reverse("bill_template", args=[organization.public_id])
        activate = reverse("bill_template_activate", args=[organization.public_id])
        given = {"site": site, "accent": "#1d3b8b", "logo": "ORGANIZATION", "paper": "a4"}

        manager.post(edit, given)
        manager.post(activate, {"site": site})
        manager.post(edit, {**given, "accent": "#5a2d0c"})
        discarded = manager.post(edit, {"site": site, "act": "discard"}, follow=True).content.decode()
        given_up = manager.post(activate, {"site": site, "act": "give_up"}, follow=True).content.decode()
        foreign = manager.get(edit, {"site": str(uuid.uuid4())})

        assert "The draft was thrown away" in discarded
        assert 'value="#1d3b8b"' in discarded
        assert "as for all sites again" in given_up
        assert foreign.status_code == 404

    def test_takes_pictures_of_sites_and_companies(self, place: billing.Place) -> None:
        organization = place.organization
        manager = pages.signed_in(organization, RoleCode.MANAGER)
        href = reverse("bill_pictures", args=[organization.public_id])
        account = customers.account(organization=organization, site=place.site, name="Bakery")

        site = {"act": "site", "site": str(place.site.public_id), "picture": picture()}
        of_site = manager.post(href, site, follow=True).content.decode()
        code = account.customer.code
        company = {"act": "customer", "customer": code, "company_picture": picture()}
        of_company = manager.post(href, company, follow=True).content.decode()
        unknown = manager.post(href, {"act": "customer", "customer": "nobody", "company_picture": picture()})
        gone = {"act": "remove", "owner": "SITE", "owner_id": str(place.site.public_id)}
        after = manager.post(href, gone, follow=True).content.decode()

        assert of_site.count('class="logo-picture"') == 1
        assert f"{code}, Bakery" in of_company
        assert unknown.status_code == 422
        assert after.count('class="logo-picture"') == 1


class TestCertificate:
    def test_of_ones_own_is_taken_and_its_key_never_shown(self, place: billing.Place) -> None:
        organization = place.organization
        admin = pages.signed_in(organization)
        href = reverse("signing_certificate", args=[organization.public_id])
        own = signing.make_self_signed("Harbor Row Utilities", at=clock.now())
        key = serialization.load_pem_private_key(own.key.encode(), None)
        protected = serialization.BestAvailableEncryption(b"quay")
        packed = pkcs12.serialize_key_and_certificates(b"x", key, own.certificate, None, protected)  # type: ignore[arg-type]

        new = admin.post(href, {"act": "new"}, follow=True).content.decode()
        wrong = admin.post(href, {"file": ContentFile(packed, "own.p12"), "password": "key"})
        taken = admin.post(href, {"file": ContentFile(packed, "own.p12"), "password": "quay"}, follow=True)
        with scoping.scope([organization.pk], actor=identity.ACTOR):
            found = certificates.find()
            sealed = models.SigningCertificate.objects.filter(organization_id=organization.pk)
            kept = list(sealed.order_by("id").values_list("sealed_key", flat=True))

        shown = taken.content.decode()
        assert "self-signed" in new
        assert wrong.status_code == 422
        assert "Is the password right" in wrong.content.decode()
        assert "CN=Harbor Row Utilities" in shown
        assert found is not None
        assert found.sealed_key not in shown
        assert "PRIVATE KEY" not in found.sealed_key
        assert [bool(each) for each in kept] == [False] * (len(kept) - 1) + [True]


class TestChainPage:
    @pytest.mark.spec("B-72/1")
    def test_shows_roots_and_gives_them_out(self, place: billing.Place) -> None:
        organization = place.organization
        client = pages.signed_in(organization, RoleCode.AUDITOR)
        href = reverse("document_chain", args=[organization.public_id])

        empty = client.get(href).content.decode()
        with scoping.scope([organization.pk], actor=identity.ACTOR):
            chain.seal_days(at=AT)
            (root,) = chain.list_roots()
        shown = client.get(href).content.decode()
        exported = client.get(reverse("document_chain_export", args=[organization.public_id])).content.decode()

        assert "No day was sealed yet" in empty
        assert "nothing was changed" in shown
        assert root.root in shown
        assert root.root in exported
        assert all(each.digest in exported for each in all_of(place))
