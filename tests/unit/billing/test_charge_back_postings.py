"""What a cost center is charged is credited to recovery, service by service, and to nothing else (M-063)."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given as examples
from hypothesis import strategies as st

from meterbook.billing.content import posting, shared_costs
from tests.unit.billing.test_services_of_a_bill import charges

SERVICES = ("ELECTRICITY", "COLD_WATER", "HEATING", "COOLING")
AMOUNTS = st.dictionaries(st.sampled_from(SERVICES), st.integers(-90_000, 90_000), min_size=1)


@pytest.mark.spec("M-063")
@examples(cents=AMOUNTS, shared=st.integers(-5_000, 5_000))
def test_credits_by_service_balance_the_charge(cents: dict[str, int], shared: int) -> None:
    amounts = {service: Decimal(each).scaleb(-2) for service, each in cents.items()}
    tax = {"code": "vat", "rate": "0.21", "text": {"en": "VAT"}}
    borne = shared_costs.untaxed([{"pool": {"code": "lift"}, "amount": str(Decimal(shared).scaleb(-2)), "tax": tax}])

    found = dict(posting.postings(charges(amounts), borne, [], "EUR", is_internal=True))

    assert shared_costs.taxes(borne, "EUR") == []
    assert sum(found.values()) == -sum(cents.values()) - shared
    expected = {f"REC-EUR-{service}": -each for service, each in cents.items()} | {"REC-EUR-POOL": -shared}
    assert found == {code: minor for code, minor in expected.items() if minor}
