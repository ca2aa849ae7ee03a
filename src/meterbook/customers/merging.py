"""Make one record of two that are of the same customer. Accounts keep their numbers, their books and their bills."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import connection
from django.utils.translation import gettext as _

from meterbook.audit import operations as audit_operations
from meterbook.customers import models, records, values
from meterbook.foundation import operation, scoping
from meterbook.kernel.actor import Actor

# Of these the survivor takes what it does not have itself.
FILLED = ("legal_name", "tax_number", "email", "address", "occupants")
LISTED = ("emails", "phones", "messaging")


class CannotMerge(ValueError):
    """A record cannot be merged into itself."""


@operation.operation
def merge_customers(*, actor: Actor, at: datetime, survivor: uuid.UUID, merged: uuid.UUID) -> models.Customer:
    """This will move accounts, contacts, consents and documents of one record to another, and close the first.

    What the survivor does not know is filled in. The accounts stay two, each with its ledger account and history. The
    same merge again changes nothing.

    :raises CannotMerge: when both are one record
    :raises records.CustomerNotThere: when the organization has no such customer
    :raises records.CustomerClosed: when one of them was merged elsewhere, or erased
    """
    if survivor == merged:
        raise CannotMerge(_("Take two different records."))
    kept, gone = _both(survivor, merged)
    if gone.merged_into_id == kept.pk:
        return kept
    kept = records.find(survivor)
    gone = records.find(merged)
    accounts = models.Account.objects.filter(organization_id=gone.organization_id, customer=gone)
    numbers = list(accounts.order_by("number", "id").values_list("number", flat=True))
    accounts.update(customer=kept)
    _fill(kept, gone)
    _move(kept, gone)
    gone.state, gone.merged_into, gone.closed_at = values.CustomerState.MERGED.value, kept, at
    gone.save(update_fields=["state", "merged_into", "closed_at"])
    models.Customer.objects.filter(organization_id=gone.organization_id, merged_into=gone).update(merged_into=kept)
    audit_operations.record(
        actor=actor,
        at=at,
        action="customers:merge_customers",
        subject=kept,
        before=None,
        after={"merged": gone.code, "accounts": numbers},
    )
    audit_operations.record(
        actor=actor,
        at=at,
        action="customers:merge_customers",
        subject=gone,
        before={"state": values.CustomerState.ACTIVE},
        after={"state": values.CustomerState.MERGED, "into": kept.code},
    )
    return kept


def _both(survivor: uuid.UUID, merged: uuid.UUID) -> tuple[models.Customer, models.Customer]:
    """Both rows locked in one order, so that two people who merge the same two cannot lock each other out."""
    wanted = models.Customer.objects.filter(
        organization_id=scoping.current().organization_id, public_id__in=[survivor, merged]
    )
    found = {each.public_id: each for each in wanted.select_for_update(of=("self",)).order_by("id")}
    if len(found) < 2:
        raise records.CustomerNotThere(_("There is no such customer."))
    return found[survivor], found[merged]


def _fill(kept: models.Customer, gone: models.Customer) -> None:
    for name in FILLED:
        if getattr(kept, name) in ("", None):
            setattr(kept, name, getattr(gone, name))
    for name in LISTED:
        both = [*getattr(kept, name), *getattr(gone, name)]
        setattr(kept, name, list(dict.fromkeys(both)))
    if gone.email and gone.email.lower() != kept.email.lower() and gone.email not in kept.emails:
        kept.emails = [*kept.emails, gone.email]
    kept.notes = "\n".join(each for each in (kept.notes, gone.notes) if each)
    kept.custom = {**gone.custom, **kept.custom}
    kept.save(update_fields=[*FILLED, *LISTED, "notes", "custom"])


def _move(kept: models.Customer, gone: models.Customer) -> None:
    organization_id = gone.organization_id
    models.Contact.objects.filter(organization_id=organization_id, customer=gone).update(customer=kept)
    models.CustomerFile.objects.filter(organization_id=organization_id, customer=gone).update(customer=kept)
    # Of two consents in force the earlier one goes on; the other ended with the merge.
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE customers_consent gone SET withdrawn_at = greatest(gone.given_at, kept.given_at)"
            " FROM customers_consent kept"
            " WHERE gone.organization_id = %s AND gone.customer_id = %s AND gone.withdrawn_at IS NULL"
            " AND kept.organization_id = %s AND kept.customer_id = %s AND kept.withdrawn_at IS NULL"
            " AND kept.kind = gone.kind",
            [organization_id, gone.pk, organization_id, kept.pk],
        )
    models.Consent.objects.filter(organization_id=organization_id, customer=gone).update(customer=kept)
    own = models.Vulnerability.objects.filter(organization_id=organization_id, customer=kept).first()
    other = models.Vulnerability.objects.filter(organization_id=organization_id, customer=gone).first()
    if other is None:
        return
    if own is None:
        other.customer = kept
        other.save(update_fields=["customer"])
        return
    # Protection is never lost by a merge: the later end holds, medical if one was.
    own.until_date = max(own.until_date, other.until_date)
    own.is_medical = own.is_medical or other.is_medical
    own.save(update_fields=["until_date", "is_medical"])
    other.delete()
