"""What stands in paths and is sent to operations about shared costs, for the walks over all of them."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from meterbook.identity.models import Organization
from tests.factories import pools
from tests.support import routes

NAMES = ("pool", "pool_entry", "sheet")
ARGUMENTS = {
    "pool": routes.Argument(make=lambda o: pools.divided(o).pool.public_id, is_owned=True),
    "pool_entry": routes.Argument(make=lambda o: pools.divided(o).entry.public_id, is_owned=True),
    "sheet": routes.Argument(make=lambda o: pools.divided(o).sheet.public_id, is_owned=True),
}
BODIES: dict[str, Callable[[Organization], Any]] = {
    "create_pool": lambda o: {
        "site": str(pools.divided(o).place.site.public_id),
        "code": uuid.uuid4().hex[:8],
        "starts_day": "2027-01-01",
        "document": pools.document(),
    },
    "change_pool": lambda _o: {"document": pools.document(parts=[{"key": "AREA"}], stage=2)},
    "end_pool": lambda _o: {"ended_day": None},
    "enter_pool_amount": lambda _o: {
        "first_day": "2027-01-01",
        "until_day": "2027-02-01",
        "amount": "12.50",
        "text": "Maintenance",
    },
}
