"""Drafts whose inputs changed after they were calculated: what was read, corrected, priced or is printed."""

from __future__ import annotations

import itertools

from meterbook.billing import models
from meterbook.billing.calculating import drafting, facts, pool_standing, settling

ACCOUNTS_AT_ONCE = 1_000


def stale_accounts(run: models.BillRun) -> list[int]:
    """This will return the accounts of a run (with its site) whose drafts would not be calculated from the same now.

    In the order of the bills. A thousand accounts take a fixed number of queries; nothing is rated.
    """
    drafts = models.BillDraft.objects.filter(organization_id=run.organization_id, run=run)
    kept = iter(drafts.order_by("position").values_list("account_id", "inputs_stamp"))
    calculator, shifted = drafting.Calculator(facts.run_of(run)), pool_standing.affected(run)
    stale: list[int] = []
    while piece := dict(itertools.islice(kept, ACCOUNTS_AT_ONCE)):
        now = calculator.inputs(list(piece))
        for account_id, section in settling.of(run, now).sections.items():
            now[account_id] = settling.stamp(now[account_id], section)
        stale += [
            account_id for account_id, stamp in piece.items() if now.get(account_id) != stamp or account_id in shifted
        ]
    return stale
