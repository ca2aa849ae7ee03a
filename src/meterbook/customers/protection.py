"""Who must not be without supply, and until when. Needs a running scope."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from meterbook.customers import models
from meterbook.foundation import scoping


@dataclass(frozen=True)
class VulnerabilityRow:
    """That a customer must not be without supply; it holds through the day `until_date`."""

    is_medical: bool
    reason: str
    until_date: date
    noted_by: str
    noted_at: datetime


def vulnerability_of(*, customer_id: int) -> VulnerabilityRow | None:
    """This will return why a customer must not be without supply, or None; ask only for those who may know."""
    found = models.Vulnerability.objects.filter(
        organization_id=scoping.current().organization_id, customer_id=customer_id
    ).first()
    if found is None:
        return None
    return VulnerabilityRow(found.is_medical, found.reason, found.until_date, found.noted_by, found.noted_at)


def protected_until(*, customer_ids: Iterable[int]) -> dict[int, date]:
    """This will return until which day customers must not be without supply, by internal id; no reasons."""
    found = models.Vulnerability.objects.filter(
        organization_id=scoping.current().organization_id, customer_id__in=list(customer_ids)
    )
    return dict(found.values_list("customer_id", "until_date"))
