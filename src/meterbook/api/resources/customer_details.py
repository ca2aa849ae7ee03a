"""What belongs to a customer: contacts, consents, papers, and who must not be without supply."""

from __future__ import annotations

import uuid
from typing import Annotated

from django.http import HttpResponse
from ninja import File, Router
from ninja.files import UploadedFile
from pydantic import Field

from meterbook.api import entry, problems, values
from meterbook.api.endpoints import endpoint
from meterbook.api.resources import customer_shapes as shapes
from meterbook.customers import lookups, permissions, protection, records
from meterbook.customers import values as customer_values
from meterbook.documents import attachments
from meterbook.identity.values import Module

router = Router(tags=["Customers"])


class NewContact(values.Given):
    """Somebody to ask about a customer."""

    name: values.Name
    roles: Annotated[list[customer_values.ContactRole], Field(max_length=10)] = Field([])
    email: values.MaybeEmail = ""
    phone: shapes.MaybePhone = ""
    messaging: shapes.MaybeMessaging = ""


class NewConsent(values.Given):
    """To what a customer agrees, in which version of the words, such as 2026-1."""

    kind: customer_values.ConsentKind
    text_version: values.Code


class NewProtection(values.Given):
    """Through which day a customer must not be without supply, and why."""

    until_date: values.DayGiven
    reason: values.Note
    is_medical: bool = False


@endpoint(
    router,
    "POST",
    "/customers/{uuid:customer}/contacts",
    permission=permissions.MANAGE_CUSTOMER,
    module=Module.BILLING,
    by_site=True,
    answers=shapes.CustomerRecord,
    status=201,
)
def add_contact(request: entry.Request, customer: uuid.UUID, given: NewContact) -> shapes.CustomerRecord:
    """This will add somebody to ask about a customer."""
    caller = request.caller
    roles = list(dict.fromkeys(given.roles))
    facts = records.ContactFacts(given.name, roles, given.email, given.phone, given.messaging)
    records.add_contact(actor=caller.actor, at=caller.at, customer=customer, facts=facts)
    return shapes.read(request, customer)


@endpoint(
    router,
    "POST",
    "/customers/{uuid:customer}/contacts/{uuid:contact}/remove",
    permission=permissions.MANAGE_CUSTOMER,
    module=Module.BILLING,
    by_site=True,
    answers=shapes.CustomerRecord,
)
def remove_contact(request: entry.Request, customer: uuid.UUID, contact: uuid.UUID) -> shapes.CustomerRecord:
    """This will remove a contact."""
    caller, found = request.caller, lookups.get_customer(public_id=customer)
    _require(contact in {each.public_id for each in found.contacts})
    records.remove_contact(actor=caller.actor, at=caller.at, customer=customer, contact=contact)
    return shapes.read(request, customer)


@endpoint(
    router,
    "POST",
    "/customers/{uuid:customer}/consents",
    permission=permissions.MANAGE_CUSTOMER,
    module=Module.BILLING,
    by_site=True,
    answers=shapes.CustomerRecord,
    status=201,
)
def give_consent(request: entry.Request, customer: uuid.UUID, given: NewConsent) -> shapes.CustomerRecord:
    """This will note to what a customer agreed."""
    caller = request.caller
    records.give_consent(
        actor=caller.actor, at=caller.at, customer=customer, kind=given.kind, text_version=given.text_version
    )
    return shapes.read(request, customer)


@endpoint(
    router,
    "POST",
    "/customers/{uuid:customer}/consents/{uuid:consent}/withdraw",
    permission=permissions.MANAGE_CUSTOMER,
    module=Module.BILLING,
    by_site=True,
    answers=shapes.CustomerRecord,
)
def withdraw_consent(request: entry.Request, customer: uuid.UUID, consent: uuid.UUID) -> shapes.CustomerRecord:
    """This will end a consent from now on."""
    caller, found = request.caller, lookups.get_customer(public_id=customer)
    _require(consent in {each.public_id for each in found.consents})
    records.withdraw_consent(actor=caller.actor, at=caller.at, customer=customer, consent=consent)
    return shapes.read(request, customer)


@endpoint(
    router,
    "POST",
    "/customers/{uuid:customer}/papers",
    permission=permissions.MANAGE_CUSTOMER,
    module=Module.BILLING,
    by_site=True,
    answers=shapes.CustomerRecord,
    status=201,
    most_bytes=entry.MOST_UPLOAD_BYTES,
)
def add_paper(
    request: entry.Request, customer: uuid.UUID, file: Annotated[UploadedFile, File()]
) -> shapes.CustomerRecord:
    """This will keep a PDF or a picture with a customer; pictures are written anew as JPEG."""
    caller = request.caller
    name = values.file_name(file.name or "document", 150)
    records.add_file(
        actor=caller.actor,
        at=caller.at,
        customer=customer,
        name=name,
        content=file.read(attachments.MOST_BYTES + 1),
    )
    return shapes.read(request, customer)


@endpoint(
    router,
    "GET",
    "/customers/{uuid:customer}/papers/{uuid:paper}",
    permission=permissions.VIEW_CUSTOMER,
    module=Module.BILLING,
    by_site=True,
    answers=None,
)
def get_paper(request: entry.Request, customer: uuid.UUID, paper: uuid.UUID) -> HttpResponse:
    """This will return a document of a customer."""
    row, content = lookups.file_content(customer=customer, file=paper)
    headers = {"Content-Disposition": f'attachment; filename="{row.public_id}"', "X-Content-Type-Options": "nosniff"}
    return HttpResponse(content, content_type=row.media_type, headers=headers)


@endpoint(
    router,
    "POST",
    "/customers/{uuid:customer}/papers/{uuid:paper}/remove",
    permission=permissions.MANAGE_CUSTOMER,
    module=Module.BILLING,
    by_site=True,
    answers=shapes.CustomerRecord,
)
def remove_paper(request: entry.Request, customer: uuid.UUID, paper: uuid.UUID) -> shapes.CustomerRecord:
    """This will remove a document of a customer."""
    caller, found = request.caller, lookups.get_customer(public_id=customer)
    _require(paper in {each.public_id for each in found.files})
    records.remove_file(actor=caller.actor, at=caller.at, customer=customer, file=paper)
    return shapes.read(request, customer)


@endpoint(
    router,
    "GET",
    "/customers/{uuid:customer}/protection",
    permission=permissions.KNOW_VULNERABILITY,
    module=Module.BILLING,
    by_site=True,
    answers=shapes.Protection,
)
def get_protection(request: entry.Request, customer: uuid.UUID) -> shapes.Protection:
    """This will return whether and why a customer must not be without supply."""
    return _protection(customer)


@endpoint(
    router,
    "POST",
    "/customers/{uuid:customer}/protection",
    permission=permissions.KNOW_VULNERABILITY,
    module=Module.BILLING,
    by_site=True,
    answers=shapes.Protection,
)
def note_protection(request: entry.Request, customer: uuid.UUID, given: NewProtection) -> shapes.Protection:
    """This will note through which day a customer must not be without supply."""
    caller = request.caller
    records.note_vulnerability(actor=caller.actor, at=caller.at, customer=customer, **given.model_dump())
    return _protection(customer)


@endpoint(
    router,
    "POST",
    "/customers/{uuid:customer}/protection/end",
    permission=permissions.KNOW_VULNERABILITY,
    module=Module.BILLING,
    by_site=True,
    answers=shapes.Protection,
)
def end_protection(request: entry.Request, customer: uuid.UUID) -> shapes.Protection:
    """This will end the protection of a customer."""
    records.clear_vulnerability(actor=request.caller.actor, at=request.caller.at, customer=customer)
    return _protection(customer)


def _protection(customer: uuid.UUID) -> shapes.Protection:
    found = lookups.get_customer(public_id=customer)
    return shapes.protected(protection.vulnerability_of(customer_id=found.id))


def _require(is_there: bool) -> None:
    if not is_there:
        raise problems.not_found()
