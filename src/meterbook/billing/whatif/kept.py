"""Reads of what-ifs that jobs made, or are making. Needs a running scope."""

from __future__ import annotations

import enum
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Count, Max, Q, QuerySet, Sum
from django.db.models.functions import Abs
from django.utils.translation import gettext as _

from meterbook.billing import models
from meterbook.billing.queries.amounts import money
from meterbook.billing.whatif import asked as asking
from meterbook.billing.whatif import sums
from meterbook.customers import models as customer_models
from meterbook.customers import queries as customer_queries
from meterbook.foundation import many, queue, scoping

PRICE = "billing.price_what_if"  # the job
_SHOWN = {
    asking.TariffEffect.LOSES: Q(change__gt=0),
    asking.TariffEffect.WINS: Q(change__lt=0),
    asking.TariffEffect.SAME: Q(change=0),
}


class WhatIfNotFound(LookupError):
    """There is no such what-if in this organization, or it is about accounts that the reader does not see."""


class WhatIfNotDone(ValueError):
    """Not all accounts are priced yet; wait, or go on with it."""


class WhatIfState(enum.StrEnum):
    """How far a what-if in the background is. FAILED: nothing works on it any more."""

    WAITING = "WAITING"
    RUNNING = "RUNNING"
    DONE = "DONE"
    FAILED = "FAILED"
    CANCELED = "CANCELED"


@dataclass(frozen=True)
class WhatIfRow:
    """`done` of `accounts` are priced; days [first_day, until_day); without `prices_text`: as contracts say."""

    id: int
    public_id: uuid.UUID
    first_day: date
    until_day: date
    prices_text: str
    currency: str
    asked_at: datetime
    asked_by: str
    accounts: int
    done: int
    state: WhatIfState
    keep_until: datetime

    @property
    def is_at_work(self) -> bool:
        """Whether a job waits or runs for it."""
        return self.state in (WhatIfState.WAITING, WhatIfState.RUNNING)


def missing() -> str:
    """This will say that there is none."""
    return _("There is no such what-if, or its time is over.")


def list_what_ifs(*, site_ids: Collection[int] | None = None, limit: int = 50) -> list[WhatIfRow]:
    """This will return what-ifs, the newest first.

    :param site_ids: only those that are about nothing but these sites; None: all
    """
    rows = [each for each in _within(site_ids).order_by("-asked_at", "-id")[:limit] if _is_reached(each)]
    open_ones = [str(each.public_id) for each in rows if _is_open(each)]
    at_work = queue.at_work(PRICE, organization_id=scoping.current().organization_id, by="what_if_id", wanted=open_ones)
    return [_row(each, is_at_work=str(each.public_id) in at_work) for each in rows]


def get_what_if(*, public_id: uuid.UUID, site_ids: Collection[int] | None = None) -> WhatIfRow:
    """This will return one.

    :param site_ids: see `list_what_ifs`
    :raises WhatIfNotFound: when it is not there, or not all of it is to be seen
    """
    found = _within(site_ids).filter(public_id=public_id).first()
    if found is None or not _is_reached(found):
        raise WhatIfNotFound(missing())
    owner = found.organization_id
    at_work = queue.at_work(PRICE, organization_id=owner, by="what_if_id", wanted=[str(public_id)])
    return _row(found, is_at_work=bool(at_work))


def result_of(*, what_if: WhatIfRow) -> asking.Result:
    """This will return what came out, as `comparing.compare` returns it; all accounts of it.

    :raises WhatIfNotDone: while accounts are missing
    """
    totals = totals_of(what_if=what_if)
    return asking.Result(
        currency=totals.currency,
        accounts=tuple(accounts_of(what_if=what_if)),
        months=totals.months,
        lines=totals.lines,
        elsewhere=totals.elsewhere,
        services=totals.services,
        counts=totals.counts,
    )


def totals_of(*, what_if: WhatIfRow) -> asking.Totals:
    """This will return what all accounts come to together, in two queries.

    :raises WhatIfNotDone: while accounts are missing
    """
    if what_if.state is not WhatIfState.DONE:
        raise WhatIfNotDone(_("Not all accounts are priced yet."))
    owner, currency = scoping.current().organization_id, what_if.currency
    rows = models.WhatIfAccount.objects.filter(organization_id=owner, what_if_id=what_if.id)
    told = rows.aggregate(
        before=Sum("before", default=0),
        after=Sum("after", default=0),
        accounts=Count("id"),
        untouched=Count("id", filter=Q(is_touched=False)),
        troubled=Count("id", filter=~Q(troubles=[])),
        most=Max(Abs("change"), default=Decimal(0)),
        **{each.value: Count("id", filter=_SHOWN[each]) for each in asking.TariffEffect},
    )
    summary = models.WhatIf.objects.filter(organization_id=owner, pk=what_if.id).values_list("summary", flat=True).get()
    added = merged(what_if.id) if summary is None else sums.Sums.merged([summary])
    return asking.Totals(
        currency=currency,
        before=money(told["before"], currency),
        after=money(told["after"], currency),
        accounts=told["accounts"],
        untouched=told["untouched"],
        troubled=told["troubled"],
        most=told["most"],
        counts={each: told[each.value] for each in asking.TariffEffect if told[each.value]},
        months=added.months(currency),
        lines=added.lines(currency),
        elsewhere=added.elsewhere,
        services=added.services,
    )


def accounts_of(
    *, what_if: WhatIfRow, show: asking.TariffEffect | None = None, is_troubled: bool = False, part: slice = slice(None)
) -> list[asking.AccountResult]:
    """This will return accounts of a what-if, those who lose the most first; of those who win, who wins the most.

    :param show: only those who lose, win or pay the same
    :param is_troubled: only those with time that cannot be priced
    :param part: of their list
    """
    rows = models.WhatIfAccount.objects.filter(organization_id=scoping.current().organization_id, what_if_id=what_if.id)
    rows = rows if show is None else rows.filter(_SHOWN[show])
    rows = rows.exclude(troubles=[]) if is_troubled else rows
    order = ("change", "-account__number") if show is asking.TariffEffect.WINS else ("-change", "account__number")
    listed = list(rows.order_by(*order)[part])
    accounts = customer_queries.accounts_by_id(ids=[each.account_id for each in listed])
    return [sums.account_result(accounts[each.account_id], _account(each), what_if.currency) for each in listed]


def merged(what_if_id: int) -> sums.Sums:
    """This will put the parts of a what-if together, without their accounts."""
    parts = models.WhatIfPart.objects.filter(organization_id=scoping.current().organization_id, what_if_id=what_if_id)
    return sums.Sums.merged(each.found for each in parts.order_by("id") if each.found is not None)


def _account(row: models.WhatIfAccount) -> sums.Account:
    troubles = sums.troubles_of(row.troubles)
    return sums.Account(row.bills, row.months, row.before, row.after, row.is_touched, troubles)


def _within(site_ids: Collection[int] | None) -> QuerySet[models.WhatIf]:
    rows = models.WhatIf.objects.filter(organization_id=scoping.current().organization_id).defer("document", "summary")
    return rows if site_ids is None else rows.filter(site_ids__contained_by=list(site_ids))


def _is_reached(found: models.WhatIf) -> bool:
    """Whether each account is within reach: sums over others would tell about them."""
    if scoping.reach() is None:
        return True
    parts = models.WhatIfPart.objects.filter(organization_id=found.organization_id, what_if=found)
    ids = [each for part in parts.order_by("id").values_list("account_ids", flat=True) for each in part]
    accounts = customer_models.Account.objects.filter(organization_id=found.organization_id)
    return accounts.filter(many.among("pk", ids)).count() == len(ids)


def _is_open(found: models.WhatIf) -> bool:
    return found.canceled_at is None and found.done < found.accounts


def _row(found: models.WhatIf, *, is_at_work: bool) -> WhatIfRow:
    if found.canceled_at is not None:
        state = WhatIfState.CANCELED
    elif found.done >= found.accounts:
        state = WhatIfState.DONE
    elif not is_at_work:
        state = WhatIfState.FAILED
    else:
        state = WhatIfState.RUNNING if found.done else WhatIfState.WAITING
    return WhatIfRow(
        id=found.pk,
        public_id=found.public_id,
        first_day=found.first_day,
        until_day=found.until_day,
        prices_text=found.prices_text,
        currency=found.currency,
        asked_at=found.asked_at,
        asked_by=found.asked_by,
        accounts=found.accounts,
        done=found.done,
        state=state,
        keep_until=found.keep_until,
    )
