"""What several journeys begin with."""

from __future__ import annotations

import pytest
from django.urls import reverse

from meterbook.billing import queries as billing_queries
from meterbook.foundation import scoping
from tests.factories import billing, identity


@pytest.fixture(scope="module")
def closed(database: str) -> tuple[billing.Place, str]:
    """A place whose February is billed, and the path of its bakery's bill."""
    made = billing.place(code="HR")
    billing.shop(made, name="Calder Bakery", days=billing.FEBRUARY)
    run = billing.issued(made, first_day=billing.FEBRUARY.first_day, until_day=billing.FEBRUARY.until_day)
    with scoping.scope([made.organization.pk], actor=identity.ACTOR):
        (row,) = billing_queries.run_bills(run_public_id=run.public_id).rows
    return made, reverse("bill", args=[made.organization.public_id, row.bill_public_id])
