"""Later bills that go on from one that is corrected: which, by what, and in which order (B-76, B-77)."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from meterbook.billing import models
from meterbook.billing import queries as billing_queries
from meterbook.billing.correcting import depending
from meterbook.billing.correction_values import CorrectionState, Dependence, Mode, Outcome
from meterbook.billing.operations import recomputing
from meterbook.billing.queries import amounts
from meterbook.foundation import scoping
from meterbook.kernel.money import Money

MOST = 24  # later bills that are looked at: two years of months


class EarlierFirst(ValueError):
    """A correction of an earlier bill waits, and this bill goes on from that one."""


@dataclass(frozen=True)
class Link:
    """A later bill that rests on an earlier one; `now` None: what it should be is not known.

    `is_next`: it is the one to be corrected now; those behind it wait, because it moves them too.
    """

    public_id: uuid.UUID
    number: str
    first_day: date
    why: tuple[Dependence, ...]
    outcome: Outcome
    before: Money
    now: Money | None
    is_proposed: bool
    is_next: bool

    @property
    def is_different(self) -> bool:
        """Whether it would come out as another bill."""
        return self.outcome is Outcome.DIFFERENT


def chain_of(*, bill: uuid.UUID) -> list[Link]:
    """This will return the later bills that rest on a bill, in order, each calculated from what is known now.

    They are those that stand, `MOST` at most. While the bill itself waits for its correction, what they come to is
    what they come to without it.

    :param bill: one that stands, or that was credited
    :raises meterbook.billing.queries.BillNotFound: when the organization has no such bill
    """
    own = _find(bill)
    rows = models.Bill.objects.filter(
        organization_id=own.organization_id,
        account_id=own.account_id,
        run__days__startswith__gte=own.run.days.upper,
        credit_note__isnull=True,
    )
    later = list(rows.select_related("draft", "run__site").order_by("run__days", "id")[:MOST])
    why = {each.pk: _why(own, each) for each in later}
    resting = [each for each in later if why[each.pk]]
    results = recomputing.compute(resting, Mode.CORRECT) if resting else {}
    proposed = _proposed([each.pk for each in resting])
    found: list[Link] = []
    for each in resting:
        result, currency = results[each.pk], each.draft.currency
        is_open = any(link.is_different for link in found)
        found.append(
            Link(
                public_id=each.public_id,
                number=each.number,
                first_day=each.run.days.lower,
                why=why[each.pk],
                outcome=result.outcome,
                before=amounts.money(each.draft.total, currency),
                now=None if result.total is None else amounts.money(result.total, currency),
                is_proposed=each.pk in proposed,
                is_next=result.outcome is Outcome.DIFFERENT and not is_open,
            )
        )
    return found


def require_order(bill: models.Bill) -> None:
    """This will make sure that no earlier bill, from which this one (with draft and run) goes on, waits for approval.

    :raises EarlierFirst: naming that bill
    """
    waiting = models.Bill.objects.filter(
        organization_id=bill.organization_id,
        account_id=bill.account_id,
        run__days__endswith__lte=bill.run.days.lower,
        credit_note__isnull=True,
        corrections__state=CorrectionState.PROPOSED,
    )
    for each in waiting.select_related("draft").order_by("run__days", "id"):
        if _why(each, bill):
            words = _("A correction of %(number)s waits, and this bill goes on from that one. Decide about it first.")
            raise EarlierFirst(words % {"number": each.number})


def _why(earlier: models.Bill, later: models.Bill) -> tuple[Dependence, ...]:
    found = depending.dependence(_content(earlier), _content(later))
    settled = models.TrueUp.objects.filter(
        organization_id=earlier.organization_id, bill=earlier, draft_id=later.draft_id
    )
    return (*found, Dependence.SETTLEMENT) if settled.exists() else found


def _content(bill: models.Bill) -> dict[str, object]:
    found: dict[str, object] = json.loads(bytes(bill.draft.content))
    return found


def _proposed(bill_ids: Sequence[int]) -> set[int]:
    rows = models.Correction.objects.filter(
        organization_id=scoping.current().organization_id, bill_id__in=bill_ids, state=CorrectionState.PROPOSED
    )
    return set(rows.values_list("bill_id", flat=True))


def _find(public_id: uuid.UUID) -> models.Bill:
    bills = models.Bill.objects.filter(organization_id=scoping.current().organization_id, public_id=public_id)
    found = bills.select_related("draft", "run").first()
    if found is None:
        raise billing_queries.BillNotFound(_("There is no such bill."))
    return found
