"""Issued documents as anybody may check them, the chain of days, templates of bills, and the signing certificate."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Annotated

from ninja import Router
from pydantic import Field

from meterbook.api import entry, paging, problems, values
from meterbook.api.endpoints import endpoint
from meterbook.api.resources import reach
from meterbook.documents import certificates, chain, codes, permissions, register_queries, registering, templates
from meterbook.documents import values as document_values
from meterbook.documents.rendering import looks
from meterbook.identity.values import Module

router = Router(tags=["Issued documents"])
MOST_ROOTS = 400
Text = Annotated[dict[Annotated[str, Field(max_length=5)], Annotated[values.Words, Field(max_length=400)]], Field()]


class IssuedDocument(values.Told):
    """A document with a number. `code` leads to its public page, /v/<code>; `other` took it back."""

    id: uuid.UUID
    kind: document_values.DocumentKind
    number: str
    document_date: date
    currency: str
    total: str
    digest: str
    code: str
    registered_at: values.InstantTold
    has_file: bool
    is_hidden: bool
    is_taken_back: bool
    other: str


class PublicView(values.Given):
    """Whether the public page answers as if there were no such document, and why."""

    is_hidden: bool
    reason: Annotated[values.Words, Field(min_length=1, max_length=document_values.REASON_LENGTH)]


class Root(values.Told):
    """A link of the chain: `root` follows from `previous`, the day (UTC) and its documents."""

    day: date
    documents: int
    previous: str
    root: str
    sealed_at: values.InstantTold


class Chain(values.Told):
    """The newest links first; `broken` is the first day whose root does not follow from what is there."""

    items: list[Root]
    links: int
    documents: int
    broken: date | None


class Look(values.Given):
    """What a template says, as in the pages; texts are by language ("en", "es"). What is left out is as usual."""

    title: Text = Field(default_factory=dict)
    notice: Text = Field(default_factory=dict)
    dispute: Text = Field(default_factory=dict)
    hours: Text = Field(default_factory=dict)
    average_cost: Text = Field(default_factory=dict)
    payment: Text = Field(default_factory=dict)
    legal: Text = Field(default_factory=dict)
    credit_title: Text = Field(default_factory=dict)
    credit_notice: Text = Field(default_factory=dict)
    payee: Annotated[values.Words, Field(max_length=templates.PAYEE_LENGTH)] = ""
    iban: Annotated[values.Words, Field(max_length=34)] = ""
    bic: Annotated[values.Words, Field(max_length=11)] = ""
    accent: Annotated[values.Words, Field(max_length=7)] = looks.ACCENT
    logo: looks.LogoPlace = looks.LogoPlace.ORGANIZATION
    paper: looks.Paper = looks.Paper.A4
    shows_boxes: bool = True
    shows_comparison: bool = True
    shows_payment_code: bool = True


class TemplateVersion(values.Told):
    """A version of a template, of a site or of all (null). `look` is null where a site went back to that of all."""

    id: uuid.UUID
    site: uuid.UUID | None
    version: int
    look: dict[str, object] | None
    digest: str
    active_from: values.InstantTold
    activated_by: str


class TemplateVersions(values.Told):
    """All versions, the newest first."""

    items: list[TemplateVersion]


class TemplateOf(values.Given):
    """Whose template: a site's, or that of all sites."""

    site: uuid.UUID | None = None


class NewDraft(TemplateOf):
    """A template as it is written; nothing is printed by it before it is put in force."""

    look: Look


class Draft(values.Told):
    """A template that is being written."""

    site: uuid.UUID | None
    look: dict[str, object]


class Certificate(values.Told):
    """The certificate that signs; null where nothing was signed yet. Its key is never told."""

    subject: str | None
    issuer: str | None
    digest: str | None
    valid_until: values.InstantTold | None
    is_self_signed: bool | None


class NewCertificate(values.Given):
    """Nothing more to say."""


@endpoint(
    router,
    "GET",
    "/documents",
    permission=permissions.VIEW_DOCUMENT,
    module=Module.BILLING,
    answers=paging.Page[IssuedDocument],
)
def list_documents(
    request: entry.Request, cursor: values.Cursor | None = None, limit: values.Limit = paging.LIMIT
) -> paging.Page[IssuedDocument]:
    """This will return issued documents in the order of their registration."""
    rows = register_queries.documents_after(after_id=paging.after(request, cursor), limit=limit + 1)
    return paging.page(request, [(each.id, each) for each in rows], limit, _document)


@endpoint(
    router,
    "POST",
    "/documents/{uuid:document}/public-view",
    permission=permissions.MANAGE_REGISTER,
    module=Module.BILLING,
    answers=IssuedDocument,
)
def set_public_view(request: entry.Request, document: uuid.UUID, given: PublicView) -> IssuedDocument:
    """This will withdraw a document from the public page, or show it there again."""
    known = register_queries.find_document(source_id=document)
    if known is None:
        raise problems.not_found()
    if known.is_hidden != given.is_hidden:
        registering.mark(
            actor=request.caller.actor,
            at=request.caller.at,
            source_id=document,
            mark=document_values.Mark.HIDDEN if given.is_hidden else document_values.Mark.SHOWN,
            reason=given.reason,
        )
    after = register_queries.find_document(source_id=document)
    return _document(after or known)


@endpoint(
    router,
    "GET",
    "/documents/chain",
    permission=permissions.VIEW_DOCUMENT,
    module=Module.BILLING,
    answers=Chain,
)
def get_document_chain(request: entry.Request) -> Chain:
    """This will make every root anew from the documents that are there, and return the newest 400."""
    report = chain.check()
    roots = [
        Root(
            day=each.day,
            documents=each.documents,
            previous=each.previous,
            root=each.root,
            sealed_at=values.instant(each.sealed_at),
        )
        for each in chain.list_roots(most=MOST_ROOTS)
    ]
    return Chain(items=roots, links=report.links, documents=report.documents, broken=report.broken)


@endpoint(
    router,
    "GET",
    "/bill-templates",
    permission=permissions.EDIT_LETTERHEAD,
    module=Module.BILLING,
    answers=TemplateVersions,
)
def list_bill_templates(request: entry.Request) -> TemplateVersions:
    """This will return all versions of templates, the newest first."""
    return TemplateVersions(items=[_version(each) for each in templates.list_versions()])


@endpoint(
    router,
    "PUT",
    "/bill-templates/draft",
    permission=permissions.EDIT_LETTERHEAD,
    module=Module.BILLING,
    answers=Draft,
)
def draft_bill_template(request: entry.Request, given: NewDraft) -> Draft:
    """This will keep a template that is being written. Faults are told by field."""
    caller, look = request.caller, templates.read(given.look.model_dump(mode="json"))
    templates.save_draft(actor=caller.actor, at=caller.at, site_id=_site(request, given.site), look=look)
    return Draft(site=given.site, look=templates.plain(look))


@endpoint(
    router,
    "POST",
    "/bill-templates/activate",
    permission=permissions.EDIT_LETTERHEAD,
    module=Module.BILLING,
    answers=TemplateVersion,
)
def activate_bill_template(request: entry.Request, given: TemplateOf) -> TemplateVersion:
    """This will put the draft in force for bills that are issued from now on; issued bills keep theirs."""
    caller = request.caller
    return _version(templates.activate(actor=caller.actor, at=caller.at, site_id=_site(request, given.site)))


@endpoint(
    router,
    "GET",
    "/signing-certificate",
    permission=permissions.MANAGE_CERTIFICATE,
    module=Module.BILLING,
    answers=Certificate,
)
def get_signing_certificate(request: entry.Request) -> Certificate:
    """This will return the certificate that signs documents."""
    return _certificate()


@endpoint(
    router,
    "POST",
    "/signing-certificate/self-signed",
    permission=permissions.MANAGE_CERTIFICATE,
    module=Module.BILLING,
    answers=Certificate,
)
def make_signing_certificate(request: entry.Request, given: NewCertificate) -> Certificate:
    """This will sign with a new self-signed certificate from now on. One's own is taken in the pages."""
    certificates.make_self_signed(actor=request.caller.actor, at=request.caller.at)
    return _certificate()


def _site(request: entry.Request, public_id: uuid.UUID | None) -> uuid.UUID | None:
    return None if public_id is None else reach.site(request, public_id, permissions.EDIT_LETTERHEAD).public_id


def _document(row: register_queries.DocumentRow) -> IssuedDocument:
    return IssuedDocument(
        id=row.source_id,
        kind=row.kind,
        number=row.number,
        document_date=row.document_date,
        currency=row.currency,
        total=f"{row.total.normalize():f}",
        digest=row.digest,
        code=codes.written(row.code),
        registered_at=values.instant(row.registered_at),
        has_file=row.has_file,
        is_hidden=row.is_hidden,
        is_taken_back=row.is_taken_back,
        other=row.other,
    )


def _version(row: templates.VersionRow) -> TemplateVersion:
    return TemplateVersion(
        id=row.public_id,
        site=row.site_id,
        version=row.version,
        look=None if row.look is None else templates.plain(row.look),
        digest=row.digest,
        active_from=values.instant(row.active_from),
        activated_by=row.activated_by,
    )


def _certificate() -> Certificate:
    found = certificates.find()
    if found is None:
        return Certificate(subject=None, issuer=None, digest=None, valid_until=None, is_self_signed=None)
    return Certificate(
        subject=found.subject,
        issuer=found.issuer,
        digest=found.digest,
        valid_until=values.instant(found.valid_until),
        is_self_signed=found.is_self_signed,
    )
