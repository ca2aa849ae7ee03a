"""Forget who a customer was. Accounts, postings and issued bills stay as they are: the law asks for both."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.utils.translation import gettext as _

from meterbook.audit import operations as audit_operations
from meterbook.customers import models, records, values
from meterbook.foundation import operation
from meterbook.kernel.actor import Actor
from meterbook.ledger import operations as ledger_operations


class StillCustomer(ValueError):
    """A contract runs or is to begin; end it first."""


@operation.operation
def anonymize(*, actor: Actor, at: datetime, customer: uuid.UUID) -> models.Customer:
    """This will replace what tells who a customer was, also in records that were merged into it. For ever.

    Whoever calls it has made sure that no balance is open (`journeys.privacy`).

    :raises StillCustomer: when a contract of an account of the customer runs or is to begin
    :raises records.CustomerNotThere: when the organization has no such customer
    :raises records.CustomerClosed: when it was merged or erased already
    """
    found = records.find(customer)
    organization_id = found.organization_id
    contracts = models.Contract.objects.filter(organization_id=organization_id, account__customer=found)
    if contracts.exclude(during__endswith__lte=at).exists():
        raise StillCustomer(_("A contract of this customer runs or is to begin; end it first."))
    for each in (
        *models.Customer.objects.select_for_update(of=("self",)).filter(
            organization_id=organization_id, merged_into=found
        ),
        found,
    ):
        _forget(each, at)
        accounts = models.Account.objects.filter(organization_id=organization_id, customer=each)
        for receivable_id in accounts.order_by("pk").values_list("receivable_id", flat=True):
            ledger_operations.forget_name(actor=actor, at=at, account_id=receivable_id)
    audit_operations.record(
        actor=actor,
        at=at,
        action="customers:erase_customer",
        subject=found,
        before={"state": values.CustomerState.ACTIVE},
        after={"state": values.CustomerState.ERASED},
    )
    return found


def _forget(customer: models.Customer, at: datetime) -> None:
    organization_id = customer.organization_id
    blank = records.Facts(name=customer.code, language=customer.language).plain()
    for key, value in blank.items():
        setattr(customer, key, value)
    changed = [*blank]
    if customer.state == values.CustomerState.ACTIVE:
        customer.state, customer.closed_at = values.CustomerState.ERASED.value, at
        changed += ["state", "closed_at"]
    customer.save(update_fields=changed)
    for model in (models.Contact, models.Vulnerability, models.Consent, models.CustomerFile):
        model._default_manager.filter(organization_id=organization_id, customer=customer).delete()
