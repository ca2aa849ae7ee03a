"""Customers by what documents know of them: for the picture of a company at the head of its bills."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from meterbook.customers import models
from meterbook.foundation import scoping


@dataclass(frozen=True)
class Named:
    """A customer by public id, code and name."""

    public_id: uuid.UUID
    code: str
    name: str


def customer_of(*, account: uuid.UUID) -> uuid.UUID | None:
    """This will return the public id of an account's customer; None where there is no such account."""
    organization_id = scoping.current().organization_id
    found = models.Account.objects.filter(organization_id=organization_id, public_id=account)
    return found.values_list("customer__public_id", flat=True).first()


def find_by_code(*, code: str) -> Named | None:
    """This will return a customer by its code, or None."""
    organization_id = scoping.current().organization_id
    found = models.Customer.objects.filter(organization_id=organization_id, code=code, merged_into=None).first()
    return None if found is None else Named(found.public_id, found.code, found.name)


def named(*, public_ids: Iterable[uuid.UUID]) -> list[Named]:
    """This will return customers by code, as far as they are there."""
    organization_id = scoping.current().organization_id
    found = models.Customer.objects.filter(organization_id=organization_id, public_id__in=list(public_ids))
    return [Named(each.public_id, each.code, each.name) for each in found.order_by("code", "id")]
