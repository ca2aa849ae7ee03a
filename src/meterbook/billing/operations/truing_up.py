"""Settle estimated bills on the drafts of a run: their contents, the digests of their inputs, and which they settle."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from meterbook.billing import models
from meterbook.billing.calculating import chunks, settling
from meterbook.billing.content import settlements


@dataclass(frozen=True)
class Settled:
    """Which bills the drafts of accounts settle, with what each comes to before taxes."""

    bills: Mapping[int, Sequence[tuple[int, Decimal]]] = field(default_factory=dict)


def settled(run: models.BillRun, outcome: chunks.Outcome) -> tuple[chunks.Outcome, Settled]:
    """This will add to the contents of accounts what their bills settle of earlier ones."""
    found = settling.of(run, list(outcome.contents))
    if not found.sections:
        return outcome, Settled()
    contents, inputs = dict(outcome.contents), dict(outcome.inputs)
    is_netted = settling.is_netted(run)
    bills: dict[int, list[tuple[int, Decimal]]] = {}
    for account_id, section in found.sections.items():
        said = section
        if is_netted:
            now = json.loads(contents[account_id].data)
            said = [settlements.netted(each, now) for each in section]
        nets = [Decimal(each["net"]) for each in said]
        bills[account_id] = list(zip(found.bills[account_id], nets, strict=True))
        contents[account_id] = settlements.settle(contents[account_id], said)
        inputs[account_id] = settling.stamp(inputs[account_id], section)
    return replace(outcome, contents=contents, inputs=inputs), Settled(bills)


def record(run: models.BillRun, found: Settled) -> None:
    """This will keep which bills the drafts of a run settle; a bill that another draft settles refuses."""
    drafts = models.BillDraft.objects.filter(
        organization_id=run.organization_id, run=run, account_id__in=list(found.bills)
    )
    by_account = dict(drafts.values_list("account_id", "id"))
    models.TrueUp.objects.bulk_create(
        models.TrueUp(
            organization_id=run.organization_id,
            draft_id=by_account[account_id],
            bill_id=bill_id,
            account_id=account_id,
            net=net,
        )
        for account_id, bills in sorted(found.bills.items())
        for bill_id, net in bills
    )
