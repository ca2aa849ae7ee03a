"""What the walk over endpoints sends to calendars, bills by hand and runs that lack readings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from meterbook.identity.models import Organization
from tests.factories import sites
from tests.journeys import walk_arguments

TERMS = {"name": "Monthly", "starts_on": "2100-01-01", "cutoff_day": 15}
BODIES: dict[str, Callable[[Organization], Any]] = {
    "create_billing_calendar": lambda o: {**TERMS, "site": str(sites.site(organization=o).public_id)},
    "change_billing_calendar": lambda _o: TERMS,
    "switch_billing_calendar": lambda _o: {"is_active": False},
    "preview_manual_bill": lambda o: _manual(o),
    "plan_manual_bill": lambda o: _manual(o),
    "estimate_in_run": lambda o: {"accounts": [str(walk_arguments.billed_account(o))], "reason": "no reading"},
    "wait_in_run": lambda o: {"accounts": [str(walk_arguments.billed_account(o))]},
}


def _manual(organization: Organization) -> dict[str, Any]:
    account = str(walk_arguments.billed_account(organization))
    return {"account": account, "start": "2020-01-01T00:00:00Z", "end": "2020-02-01T00:00:00Z"}
