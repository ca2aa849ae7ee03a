"""Files of issued documents: rendered from their content by the template of their day, signed, kept for ever."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import override

from meterbook.documents import certificates, codes, logos, models, operations, queries, registering, signing, templates
from meterbook.documents.rendering import bills, looks, page, paying, words
from meterbook.documents.values import DOCUMENT_KIND_CAPTIONS, DocumentKind
from meterbook.foundation import operation
from meterbook.installation import queries as installation_queries
from meterbook.kernel.actor import Actor

PDF = "application/pdf"
CHECKED_AT = "v"  # path of the public page, below the public address
LOOPBACK = ("://127.", "://localhost", "://[::1]")

Content = Mapping[str, Any]


@dataclass(frozen=True)
class Facts:
    """What a rendering takes beside the content and the register: kept with the file, so that it can be made again.

    :param address: the public address that its code leads to, empty where none was set
    :param logo: checksum of the picture at its head
    :param template: public id of the version, empty for the look of a document without a template
    """

    language: str
    address: str
    logo: str
    template: str
    balance: tuple[str, str, str] | None

    def plain(self) -> dict[str, Any]:
        """This will return it as JSON."""
        return {
            "language": self.language,
            "address": self.address,
            "logo": self.logo,
            "template": self.template,
            "balance": None if self.balance is None else list(self.balance),
        }

    @classmethod
    def read(cls, plain: Mapping[str, Any]) -> Facts:
        """This will read what `plain` wrote."""
        balance = plain["balance"]
        kept = None if balance is None else (str(balance[0]), str(balance[1]), str(balance[2]))
        return cls(plain["language"], plain["address"], plain["logo"], plain["template"], kept)


@operation.operation
def issue_file(
    *,
    actor: Actor,
    at: datetime,
    source_id: uuid.UUID,
    content: Content,
    code: str,
    language: str,
    balance: bills.Balance | None = None,
    customer_id: uuid.UUID | None = None,
) -> queries.IssuedFileRow:
    """This will return the file of a registered document: rendered, signed and kept when it is first asked for.

    :param content: in a form that `rendering.bills` knows
    :param code: fingerprint of the content, as it is printed in the foot
    :param customer_id: public id of the customer, whose own picture may stand at the head
    :raises registering.DocumentUnknown: when it was not registered
    """
    document = _document(source_id)
    kind = DocumentKind(document.kind)
    known = queries.find_file(source_id=source_id, kind=kind)
    if known is not None:
        return known
    facts = _facts(document, content, language, balance, customer_id)
    unsigned = render(document, content, code, facts)
    certificate = certificates.ensure(actor=actor, at=at)
    with override(words.of(facts.language).code):
        reason = _("%(document)s issued") % {"document": DOCUMENT_KIND_CAPTIONS[kind]}
    signed = signing.sign(unsigned, certificates.credential_of(certificate), reason=reason, at=at)
    operations.file_document(
        actor=actor,
        at=at,
        kind=kind,
        source_id=source_id,
        name=f"{document.number}.pdf",
        media_type=PDF,
        content=signed,
        unsigned_digest=hashlib.sha256(unsigned).hexdigest(),
        facts=facts.plain(),
        certificate=certificate.digest,
    )
    made = queries.find_file(source_id=source_id, kind=kind)
    if made is None:
        raise queries.IssuedFileNotFound(_("There is no such file."))
    return made


def is_reproduced(*, source_id: uuid.UUID, content: Content, code: str) -> bool:
    """This will tell whether a document rendered again has the bytes that were signed then (B-73).

    :raises registering.DocumentUnknown: when it was not registered
    :raises queries.IssuedFileNotFound: when no file was made yet, or before renderings were kept with their facts
    """
    document = _document(source_id)
    found = models.IssuedFile.objects.filter(
        organization_id=document.organization_id, source_id=source_id, kind=document.kind
    )
    kept = found.values_list("unsigned_digest", "facts").first()
    if kept is None or not kept[0]:
        raise queries.IssuedFileNotFound(_("There is no such file."))
    again = render(document, content, code, Facts.read(kept[1]))
    return hashlib.sha256(again).hexdigest() == kept[0]


def render(document: models.IssuedDocument, content: Content, code: str, facts: Facts) -> bytes:
    """This will set a document, not yet signed: the same facts give the same bytes."""
    logo = logos.find_content(digest=facts.logo)
    look = templates.look_of(facts.template)
    checked = _proof(document.code, facts.address)
    if content["format"] == bills.CREDIT_FORMAT:
        return bills.render_credit_note(
            content,
            number=document.number,
            note_date=document.document_date,
            sha256=document.digest,
            code=code,
            language=facts.language,
            logo=logo,
            look=look,
            checked=checked,
        )
    return bills.render_bill(
        content,
        number=document.number,
        bill_date=document.document_date,
        due_date=document.due_date or document.document_date,
        sha256=document.digest,
        code=code,
        language=facts.language,
        balance=None if facts.balance is None else bills.Balance(*facts.balance),
        logo=logo,
        look=look,
        checked=checked,
    )


def preview(*, content: Content, issue: page.Issue, look: looks.Look, language: str, logo: str) -> bytes:
    """This will set a bill as a template would have it; nothing is kept and nothing signed.

    :param logo: checksum of the picture at its head
    """
    return bills.render_bill(
        content,
        number=issue.number,
        bill_date=issue.bill_date,
        due_date=issue.due_date,
        sha256=issue.sha256,
        code=issue.code,
        language=language,
        logo=logos.find_content(digest=logo),
        look=look,
        checked=_proof(uuid.UUID(int=0), public_address()),
    )


def public_address() -> str:
    """This will return the address that strangers reach, empty where nobody set one."""
    address = installation_queries.public_address()
    return "" if any(each in address for each in LOOPBACK) else address


def _proof(code: uuid.UUID, address: str) -> paying.Proof:
    where = f"{address}/{CHECKED_AT}" if address else ""
    return paying.Proof(codes.printed(code), f"{where}/{codes.written(code)}" if where else "", where)


def _document(source_id: uuid.UUID) -> models.IssuedDocument:
    document = registering.find(source_id=source_id)
    if document is None:
        raise registering.DocumentUnknown(_("There is no such document."))
    return document


def _facts(
    document: models.IssuedDocument,
    content: Content,
    language: str,
    balance: bills.Balance | None,
    customer_id: uuid.UUID | None,
) -> Facts:
    """By the template that was in force when the document was issued, not when its file is first asked for."""
    at = document.registered_at
    site_id = uuid.UUID(content["site"]["public_id"])
    version = templates.in_force(site_id=site_id, at=at)
    look = looks.Look() if version is None else templates.read(version.facts or {})
    return Facts(
        language=language,
        address=public_address(),
        logo=logos.at_head(
            place=look.logo,
            of_organization=str(content["organization"].get("logo", "")),
            site_id=site_id,
            customer_id=customer_id,
            at=at,
        ),
        template="" if version is None else str(version.public_id),
        balance=None if balance is None else (balance.previous, balance.since, balance.due),
    )
