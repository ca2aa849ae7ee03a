"""Issued documents: registered when issued, signed once, made again in the same bytes, chained, checked by anybody."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import uuid
from datetime import timedelta

import pytest
from asn1crypto import x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.status import PdfSignatureStatus
from pyhanko_certvalidator import ValidationContext

from meterbook.billing import operations as billing_operations
from meterbook.billing import queries as billing_queries
from meterbook.documents import certificates, chain, codes, issuing, models, publishing, registering, templates
from meterbook.documents import queries as document_queries
from meterbook.documents.rendering import looks
from meterbook.documents.values import Mark
from meterbook.foundation import scoping
from meterbook.kernel.actor import Actor
from tests.factories import billing, everything, issued

ACTOR = Actor.system("test")
AT = everything.END + timedelta(days=5)


@pytest.fixture
def place() -> billing.Place:
    made = billing.place()
    days = billing.Days(everything.FIRST, everything.UNTIL)
    billing.shop(made, name="Shop 12", days=days)
    billing.issued(made, first_day=days.first_day, until_day=days.until_day)
    return made


def bill_of(place: billing.Place) -> uuid.UUID:
    found = models.IssuedDocument.objects.get(organization_id=place.organization.pk)
    return found.source_id


def file_of(bill: uuid.UUID) -> tuple[document_queries.IssuedFileRow, bytes]:
    row = billing_operations.issue_pdf(actor=ACTOR, at=AT, bill=bill)
    assert row is not None
    return document_queries.file_content(public_id=row.public_id)


def looked_at(pdf: bytes) -> PdfSignatureStatus:
    signature = PdfFileReader(io.BytesIO(pdf)).embedded_signatures[0]
    roots = [x509.Certificate.load(signature.signer_cert.dump())]
    return validate_pdf_signature(signature, ValidationContext(trust_roots=roots, moment=AT))


class TestIssuedDocument:
    def test_is_registered_as_it_is_issued(self, place: billing.Place) -> None:
        with scoping.scope([place.organization.pk], actor=ACTOR):
            found = models.IssuedDocument.objects.get(organization_id=place.organization.pk)
            bill = billing_queries.get_bill(public_id=found.source_id)

        assert (found.number, found.digest, found.document_date) == (bill.number, bill.digest, bill.bill_date)
        assert str(found.total.normalize()) == str(found.total.__class__(bill.content["total"]).normalize())
        assert codes.read(codes.printed(found.code).lower()) == found.code

    @pytest.mark.spec("M-083/1")
    def test_is_signed_once_and_every_byte_counts(self, place: billing.Place) -> None:
        with scoping.scope([place.organization.pk], actor=ACTOR):
            bill = bill_of(place)
            row, content = file_of(bill)
            again, _content = file_of(bill)
            certificate = certificates.find()
        place_of_byte = content.index(b"/Type/Pages") + 2
        altered = content[:place_of_byte] + b"X" + content[place_of_byte + 1 :]

        status = looked_at(content)

        assert certificate is not None
        assert certificate.is_self_signed
        assert status.bottom_line
        assert status.coverage.name == "ENTIRE_FILE"
        assert again == row
        assert row.digest == hashlib.sha256(content).hexdigest()
        assert not _is_intact(altered)

    @pytest.mark.spec("M-083/2")
    def test_is_made_again_in_the_same_bytes(self, place: billing.Place) -> None:
        with scoping.scope([place.organization.pk], actor=ACTOR):
            bill = bill_of(place)
            file_of(bill)

            is_same = billing_operations.is_reproduced(bill=bill)

        assert is_same

    @pytest.mark.spec("M-082/1")
    def test_keeps_the_template_that_it_was_issued_with(self, place: billing.Place) -> None:
        """The template is changed between issue and the making of the file, and once more after it."""
        with scoping.scope([place.organization.pk], actor=ACTOR):
            bill = bill_of(place)
            for each in ("#7a1f5c", "#1d3b8b"):
                templates.save_draft(actor=ACTOR, at=AT, site_id=None, look=looks.Look(accent=each))
                templates.activate(actor=ACTOR, at=AT + timedelta(days=1), site_id=None)
            row, _content = file_of(bill)
            kept = models.IssuedFile.objects.get(organization_id=place.organization.pk, public_id=row.public_id)
            templates.save_draft(actor=ACTOR, at=AT, site_id=place.site.public_id, look=looks.Look(accent="#5a2d0c"))
            templates.activate(actor=ACTOR, at=AT + timedelta(days=2), site_id=place.site.public_id)

            after, _content = file_of(bill)
            is_same = billing_operations.is_reproduced(bill=bill)

        assert kept.facts["template"] == ""
        assert after.digest == row.digest
        assert is_same


def _is_intact(pdf: bytes) -> bool:
    try:
        return bool(looked_at(pdf).bottom_line)
    except Exception:  # the reader refuses damaged files in many ways
        return False


class TestPublicPage:
    def test_tells_nothing_personal_and_needs_no_scope(self, place: billing.Place) -> None:
        with scoping.scope([place.organization.pk], actor=ACTOR):
            known = models.IssuedDocument.objects.get(organization_id=place.organization.pk)
            _row, content = file_of(known.source_id)

        found = publishing.find_public(code=known.code)

        assert found is not None
        assert set(dataclasses.asdict(found)) == {
            "kind",
            "number",
            "document_date",
            "currency",
            "total",
            "digest",
            "issuer",
            "file_digest",
            "marks",
            "other",
            "organization",
            "source_id",
        }
        assert (found.number, found.digest) == (known.number, known.digest)
        assert found.file_digest == hashlib.sha256(content).hexdigest()

    def test_answers_alike_for_unknown_and_hidden(self, place: billing.Place) -> None:
        with scoping.scope([place.organization.pk], actor=ACTOR):
            known = models.IssuedDocument.objects.get(organization_id=place.organization.pk)
            registering.mark(actor=ACTOR, at=AT, source_id=known.source_id, mark=Mark.CREDITED, number="HR-CN-1")
        credited = publishing.find_public(code=known.code)
        with scoping.scope([place.organization.pk], actor=ACTOR):
            registering.mark(actor=ACTOR, at=AT, source_id=known.source_id, mark=Mark.HIDDEN, reason="asked for")
        hidden = publishing.find_public(code=known.code)
        with scoping.scope([place.organization.pk], actor=ACTOR):
            registering.mark(actor=ACTOR, at=AT, source_id=known.source_id, mark=Mark.SHOWN)

        assert credited is not None
        assert credited.is_taken_back
        assert credited.other == "HR-CN-1"
        assert hidden is None
        assert publishing.find_public(code=uuid.uuid4()) is None
        assert publishing.find_public(code=known.code) is not None


class TestChain:
    @pytest.mark.spec("B-72/1")
    def test_of_days_can_be_made_again_from_its_export(self, place: billing.Place) -> None:
        with scoping.scope([place.organization.pk], actor=ACTOR):
            first = chain.seal_days(at=AT)
            again = chain.seal_days(at=AT)
            nothing_new = chain.seal_days(at=AT + timedelta(days=1))
            report = chain.check()
            lines = [json.loads(each) for each in chain.export()]

        head, link = lines
        assert (first, again, nothing_new) == (True, False, False)
        assert (report.links, report.documents, report.broken) == (1, 1, None)
        assert link["previous"] == head["start"]
        told = {key: link[key] for key in ("day", "documents", "previous")}
        text = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert link["root"] == hashlib.sha256(text.encode()).hexdigest() == report.root


class TestCreditNote:
    def test_is_rendered_by_the_same_way(self, place: billing.Place) -> None:
        content = issued.credit_note_content(site_id=str(place.site.public_id))
        source_id = uuid.uuid4()
        with scoping.scope([place.organization.pk], actor=ACTOR):
            registering.register(at=AT, documents=[issued.new_document(source_id)])

            row = issuing.issue_file(
                actor=ACTOR, at=AT, source_id=source_id, content=content, code="DMWD-DIBA-NRBP", language="es"
            )
            _row, pdf = document_queries.file_content(public_id=row.public_id)

        assert row.name == "HR-CN-2026-000001.pdf"
        assert looked_at(pdf).bottom_line
