"""Records that are probably of one customer. Needs a running scope."""

from __future__ import annotations

from dataclasses import dataclass

from meterbook.customers import likeness, lookups, models, values
from meterbook.foundation import scoping


@dataclass(frozen=True)
class Likely:
    """Two records that are probably of one customer."""

    first: lookups.CustomerRow
    second: lookups.CustomerRow
    why: likeness.Why


def likely_duplicates() -> list[Likely]:
    """This will return the pairs of records in use that are probably of one customer, the surest first."""
    found = models.Customer.objects.filter(
        organization_id=scoping.current().organization_id, state=values.CustomerState.ACTIVE.value
    )
    compared = [
        likeness.Record(pk, name, tax_number, tuple(each for each in (email, *emails) if each))
        for pk, name, tax_number, email, emails in found.order_by("id").values_list(
            "id", "name", "tax_number", "email", "emails"
        )
    ]
    pairs = likeness.pairs(compared)
    rows = lookups.customers_by_id(ids={each for pair in pairs for each in (pair.first_id, pair.second_id)})
    order = list(likeness.Why)
    listed = [Likely(rows[pair.first_id], rows[pair.second_id], pair.why) for pair in pairs]
    return sorted(listed, key=lambda each: (order.index(each.why), each.first.name.lower(), each.first.id))
