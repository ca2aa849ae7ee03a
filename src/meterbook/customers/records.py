"""Changes of a customer's record: who it is, whom to ask, what it agreed to, which papers there are."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from meterbook.audit import operations as audit_operations
from meterbook.customers import models, values
from meterbook.documents import attachments
from meterbook.foundation import operation, scoping
from meterbook.kernel.actor import Actor

# What the trail names as changed without repeating it: the trail is kept for ever, a person may ask to be forgotten.
PRIVATE = frozenset({"email", "emails", "phones", "messaging", "notes", "occupants", "custom", "address"})


class CustomerNotThere(LookupError):
    """The organization has no such customer."""


class CustomerClosed(ValueError):
    """The record was merged into another, or erased; change the other one."""


class ConsentPresent(ValueError):
    """The customer agreed to that already; withdraw it first."""


class CustomerCodeTaken(ValueError):
    """There is a customer of that code already."""


@dataclass(frozen=True)
class Facts:
    """What is known of a customer. Empty: not known."""

    name: str
    kind: values.CustomerKind = values.CustomerKind.PERSON
    legal_name: str = ""
    tax_number: str = ""
    email: str = ""
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    messaging: tuple[str, ...] = ()
    address: str = ""
    language: str = "en"
    occupants: int | None = None
    notes: str = ""
    custom: Mapping[str, str] = field(default_factory=dict)

    def plain(self) -> dict[str, object]:
        """This will return the facts as the table holds them."""
        listed = {key: list(getattr(self, key)) for key in ("emails", "phones", "messaging")}
        return {**asdict(self), "kind": self.kind.value, "custom": dict(self.custom), **listed}


@dataclass(frozen=True)
class ContactFacts:
    """Somebody to ask about a customer."""

    name: str
    roles: Sequence[values.ContactRole] = ()
    email: str = ""
    phone: str = ""
    messaging: str = ""


def find(customer: uuid.UUID, *, for_change: bool = True) -> models.Customer:
    """This will return a customer of the running scope, locked.

    :param for_change: refuse records that were merged or erased
    :raises CustomerNotThere: when the organization has none of that id
    :raises CustomerClosed: when it was merged or erased
    """
    customers = models.Customer.objects.select_for_update(of=("self",)).filter(
        organization_id=scoping.current().organization_id, public_id=customer
    )
    found = customers.first()
    if found is None:
        raise CustomerNotThere(_("There is no such customer."))
    if for_change and found.state != values.CustomerState.ACTIVE:
        raise CustomerClosed(_("This record was merged into another or erased, and can no longer be changed."))
    return found


@operation.operation
def create_record(*, actor: Actor, at: datetime, code: str, facts: Facts) -> models.Customer:
    """This will add a customer with all that is known of it.

    :raises CustomerCodeTaken: when the organization has a customer of that code
    """
    try:
        with scoping.unlimited(), transaction.atomic():
            customer = models.Customer.objects.create(
                organization_id=scoping.current().organization_id, code=code, **facts.plain()
            )
        scoping.widen(customers=[customer.pk])
    except IntegrityError as error:
        raise CustomerCodeTaken(
            _("There is a customer “%(code)s” already; take another code.") % {"code": code}
        ) from error
    after = {"code": code, **_shown(facts.plain())}
    audit_operations.record(
        actor=actor, at=at, action="customers:create_customer", subject=customer, before=None, after=after
    )
    return customer


@operation.operation
def change_record(*, actor: Actor, at: datetime, customer: uuid.UUID, facts: Facts) -> models.Customer:
    """This will change what is known of a customer; bills already issued keep what they say.

    :raises CustomerNotThere: when the organization has no such customer
    :raises CustomerClosed: when it was merged or erased
    """
    found = find(customer)
    after = facts.plain()
    before = {key: getattr(found, key) for key in after}
    changed = [key for key in after if after[key] != before[key]]
    if not changed:
        return found
    for key in changed:
        setattr(found, key, after[key])
    found.save(update_fields=changed)
    audit_operations.record(
        actor=actor,
        at=at,
        action="customers:change_customer",
        subject=found,
        before=_shown({key: before[key] for key in changed}),
        after=_shown({key: after[key] for key in changed}),
    )
    return found


@operation.operation
def change_address(*, actor: Actor, at: datetime, customer: uuid.UUID, address: str) -> models.Customer:
    """This will set where letters to a customer go from now on.

    :raises CustomerNotThere: when the organization has no such customer
    :raises CustomerClosed: when it was merged or erased
    """
    facts = replace(facts_of(find(customer)), address=address)
    return change_record(actor=actor, at=at, customer=customer, facts=facts)


def facts_of(customer: models.Customer) -> Facts:
    """This will return what is known of a customer."""
    return Facts(
        name=customer.name,
        kind=values.CustomerKind(customer.kind),
        legal_name=customer.legal_name,
        tax_number=customer.tax_number,
        email=customer.email,
        emails=tuple(customer.emails),
        phones=tuple(customer.phones),
        messaging=tuple(customer.messaging),
        address=customer.address,
        language=customer.language,
        occupants=customer.occupants,
        notes=customer.notes,
        custom=dict(customer.custom),
    )


@operation.operation
def add_contact(*, actor: Actor, at: datetime, customer: uuid.UUID, facts: ContactFacts) -> models.Contact:
    """This will add somebody to ask about a customer.

    :raises CustomerNotThere: when the organization has no such customer
    :raises CustomerClosed: when it was merged or erased
    """
    found = find(customer)
    contact = models.Contact.objects.create(
        organization_id=found.organization_id,
        customer=found,
        name=facts.name,
        roles=[each.value for each in facts.roles],
        email=facts.email,
        phone=facts.phone,
        messaging=facts.messaging,
    )
    _record(actor, at, "customers:add_contact", found, None, {"roles": contact.roles})
    return contact


@operation.operation
def remove_contact(*, actor: Actor, at: datetime, customer: uuid.UUID, contact: uuid.UUID) -> None:
    """This will remove a contact; who removed it stays in the trail. Removing it again changes nothing.

    :raises CustomerNotThere: when the organization has no such customer
    :raises CustomerClosed: when it was merged or erased
    """
    found = find(customer)
    gone, _each = models.Contact.objects.filter(
        organization_id=found.organization_id, customer=found, public_id=contact
    ).delete()
    if gone:
        _record(actor, at, "customers:remove_contact", found, {"contact": str(contact)}, None)


@operation.operation
def note_vulnerability(
    *, actor: Actor, at: datetime, customer: uuid.UUID, is_medical: bool, reason: str, until_date: date
) -> models.Vulnerability:
    """This will note that a customer must not be without supply until a day; the trail does not repeat why.

    :raises CustomerNotThere: when the organization has no such customer
    :raises CustomerClosed: when it was merged or erased
    """
    found = find(customer)
    noted, is_new = models.Vulnerability.objects.update_or_create(
        organization_id=found.organization_id,
        customer=found,
        defaults={
            "is_medical": is_medical,
            "reason": reason,
            "until_date": until_date,
            "noted_by": actor.label[:200],
            "noted_at": at,
        },
    )
    _record(actor, at, "customers:note_vulnerability", found, None, {"until_date": until_date, "is_new": is_new})
    return noted


@operation.operation
def clear_vulnerability(*, actor: Actor, at: datetime, customer: uuid.UUID) -> None:
    """This will end what was noted. Clearing it again changes nothing.

    :raises CustomerNotThere: when the organization has no such customer
    :raises CustomerClosed: when it was merged or erased
    """
    found = find(customer)
    gone, _each = models.Vulnerability.objects.filter(organization_id=found.organization_id, customer=found).delete()
    if gone:
        _record(actor, at, "customers:clear_vulnerability", found, None, None)


@operation.operation
def give_consent(
    *, actor: Actor, at: datetime, customer: uuid.UUID, kind: values.ConsentKind, text_version: str
) -> models.Consent:
    """This will note to what a customer agreed, and in which version of the words.

    :raises ConsentPresent: when that is in force already
    :raises CustomerNotThere: when the organization has no such customer
    :raises CustomerClosed: when it was merged or erased
    """
    found = find(customer)
    try:
        with transaction.atomic():
            consent = models.Consent.objects.create(
                organization_id=found.organization_id,
                customer=found,
                kind=kind.value,
                text_version=text_version,
                given_at=at,
            )
    except IntegrityError as error:
        raise ConsentPresent(_("The customer agreed to that already; withdraw it first.")) from error
    _record(actor, at, "customers:give_consent", found, None, {"kind": kind, "text_version": text_version})
    return consent


@operation.operation
def withdraw_consent(*, actor: Actor, at: datetime, customer: uuid.UUID, consent: uuid.UUID) -> None:
    """This will end a consent from now on. Withdrawing it again changes nothing.

    :raises CustomerNotThere: when the organization has no such customer
    :raises CustomerClosed: when it was merged or erased
    """
    found = find(customer)
    present = models.Consent.objects.filter(
        organization_id=found.organization_id, customer=found, public_id=consent, withdrawn_at__isnull=True
    ).first()
    if present is None:
        return
    present.withdrawn_at = at
    present.save(update_fields=["withdrawn_at"])
    _record(actor, at, "customers:withdraw_consent", found, {"kind": present.kind}, {"withdrawn_at": at})


@operation.operation
def add_file(*, actor: Actor, at: datetime, customer: uuid.UUID, name: str, content: bytes) -> models.CustomerFile:
    """This will keep a PDF or a picture with a customer; pictures are written anew. The same bytes again answer it.

    :raises uploads.UploadRefused: when the file is neither
    :raises CustomerNotThere: when the organization has no such customer
    :raises CustomerClosed: when it was merged or erased
    """
    found = find(customer)
    sound = attachments.require_attachment(content)
    digest = hashlib.sha256(sound.content).hexdigest()
    present = models.CustomerFile.objects.filter(
        organization_id=found.organization_id, customer=found, digest=digest
    ).first()
    if present is not None:
        return present
    stem = name.rpartition(".")[0] or name or "document"
    added = models.CustomerFile.objects.create(
        organization_id=found.organization_id,
        customer=found,
        name=f"{stem[-150:]}.{sound.extension}",
        media_type=sound.media_type,
        content=sound.content,
        size=len(sound.content),
        digest=digest,
        author=actor.label[:200],
        added_at=at,
    )
    _record(actor, at, "customers:add_file", found, None, {"digest": digest, "size": added.size})
    return added


@operation.operation
def remove_file(*, actor: Actor, at: datetime, customer: uuid.UUID, file: uuid.UUID) -> None:
    """This will remove a document of a customer. Removing it again changes nothing.

    :raises CustomerNotThere: when the organization has no such customer
    :raises CustomerClosed: when it was merged or erased
    """
    found = find(customer)
    files = models.CustomerFile.objects.filter(organization_id=found.organization_id, customer=found, public_id=file)
    present = files.defer("content").first()
    if present is not None:
        files.delete()
        _record(actor, at, "customers:remove_file", found, {"digest": present.digest, "size": present.size}, None)


def _shown(facts: Mapping[str, object]) -> dict[str, object]:
    """What goes into the trail: of what is private only that it is there."""
    return {key: (bool(value) if key in PRIVATE else value) for key, value in facts.items()}


def _record(
    actor: Actor,
    at: datetime,
    action: str,
    customer: models.Customer,
    before: Mapping[str, object] | None,
    after: Mapping[str, object] | None,
) -> None:
    audit_operations.record(actor=actor, at=at, action=action, subject=customer, before=before, after=after)
