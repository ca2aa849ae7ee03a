"""Estimated bills whose readings have come since: what a later bill of the account settles of them (B-22, B-23)."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q

from meterbook.billing import models, values
from meterbook.billing.calculating import bundling, drafting, facts
from meterbook.billing.content import digests, settlements
from meterbook.customers import models as customer_models
from meterbook.foundation import many
from meterbook.kernel import civil

LOOKED_BACK = timedelta(days=750)  # two years and a bit: later ones are corrected by credit notes


@dataclass(frozen=True)
class Settled:
    """What accounts settle: `sections` as their bills say it, `bills` the rows of what is settled, by account."""

    sections: Mapping[int, list[Mapping[str, Any]]] = field(default_factory=dict)
    bills: Mapping[int, list[int]] = field(default_factory=dict)


def of(run: models.BillRun, account_ids: Iterable[int]) -> Settled:
    """This will return what the bills of accounts in a run (with its site) settle.

    Each estimated bill is calculated again from the readings that are there now. It is settled when nothing of it is
    estimated any more, once, unless it was credited. Bills of those who have left are settled with the landlord
    (B-23), never with who came after them.
    """
    payers = _payers(run, set(account_ids))
    sections: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    bills: dict[int, list[int]] = defaultdict(list)
    by_run: dict[int, list[models.Bill]] = defaultdict(list)
    for bill in _estimated(run, payers):
        by_run[bill.run_id].append(bill)
    for own in by_run.values():
        again = drafting.Calculator(facts.run_of(own[0].run)).calculate([each.account_id for each in own]).contents
        for bill in own:
            made = again.get(bill.account_id)
            if made is None or made.is_estimated:
                continue
            before = json.loads(bytes(bill.draft.content))
            found = settlements.difference(before, json.loads(made.data))
            if found is not None:
                payer = payers[bill.account_id]
                sections[payer].append(_head(bill, before, is_other=payer != bill.account_id) | found)
                bills[payer].append(bill.pk)
    return Settled(dict(sections), dict(bills))


def left(
    organization_id: int, sections: Iterable[Mapping[str, Any]], priced: Collection[str]
) -> list[Mapping[str, Any]]:
    """This will return what stays of a bill's settlements where other bills are priced anew, from what was read since.

    Nothing is left to settle of these; of register netting, what it made otherwise than pricing again.

    :param priced: public ids of the bills that are priced anew
    """
    kept: list[Mapping[str, Any]] = []
    for each in sections:
        if "account" in each or each["public_id"] not in priced:
            kept.append(each)
        elif each.get("strategy") == settlements.NETTING and (found := _residue(organization_id, each)) is not None:
            kept.append(found)
    return kept


def _residue(organization_id: int, section: Mapping[str, Any]) -> Mapping[str, Any] | None:
    bills = models.Bill.objects.filter(organization_id=organization_id, public_id=section["public_id"])
    bill = bills.select_related("draft", "run__site").first()
    if bill is None:
        return None
    made = drafting.Calculator(facts.run_of(bill.run)).calculate([bill.account_id]).contents.get(bill.account_id)
    if made is None:
        return None
    again = settlements.difference(json.loads(bytes(bill.draft.content)), json.loads(made.data))
    return section if again is None else settlements.residue(section, again)


def is_netted(run: models.BillRun) -> bool:
    """This will tell whether the calendar of a run, else that of its site, settles by register netting."""
    calendars = models.BillingCalendar.objects.filter(
        organization_id=run.organization_id, site_id=run.site_id, is_active=True
    )
    own = calendars.filter(pk=run.calendar_id) if run.calendar_id else calendars.filter(has_group=False)
    return own.filter(settlement=values.TrueUpStrategy.NETTING.value).exists()


def stamp(own: str, section: Sequence[Mapping[str, Any]]) -> str:
    """This will return the digest of a draft's inputs with what it settles."""
    return hashlib.sha256(own.encode() + digests.canonical(section)).hexdigest() if section else own


def _payers(run: models.BillRun, account_ids: set[int]) -> dict[int, int]:
    """By account the one on whose bill its estimates are settled: its own, or for those who left the landlord's."""
    payers = {each: each for each in account_ids}
    landlords = customer_models.Account.objects.filter(
        many.among("pk", account_ids), organization_id=run.organization_id, is_landlord=True
    )
    landlord = landlords.order_by("id").values_list("id", flat=True).first()
    if landlord is None:
        return payers
    begins = civil.start_of_day(run.days.lower, ZoneInfo(run.site.time_zone))
    stays = customer_models.Contract.objects.filter(
        Q(during__endswith__isnull=True) | Q(during__endswith__gt=begins),
        organization_id=run.organization_id,
        account__site_id=run.site_id,
    )
    accounts = customer_models.Account.objects.filter(
        organization_id=run.organization_id, site_id=run.site_id, is_landlord=False
    )
    gone = accounts.exclude(pk__in=stays.values("account_id")).exclude(pk__in=account_ids)
    for account_id in gone.order_by("id").values_list("id", flat=True):
        payers[account_id] = landlord
    return payers


def _estimated(run: models.BillRun, payers: Mapping[int, int]) -> list[models.Bill]:
    settled = models.TrueUp.objects.filter(organization_id=run.organization_id).exclude(draft__run=run)
    bills = models.Bill.objects.filter(
        many.among("draft__account_id", payers),
        organization_id=run.organization_id,
        draft__is_estimated=True,
        run__days__endswith__lte=run.days.upper,
        run__days__startswith__gte=run.days.lower - LOOKED_BACK,
    ).exclude(run=run)
    if run.services is not None:  # what a bill of one service owes does not come on that of another
        bills = bills.filter(run__services=run.services)
    elif split := bundling.apart(run.organization_id, run.site_id, list(payers)):
        bills = bills.exclude(run__services__isnull=False, account_id__in=split)
    credited = models.CreditNote.objects.filter(organization_id=run.organization_id)
    found = bills.exclude(pk__in=settled.values("bill_id")).exclude(pk__in=credited.values("bill_id"))
    return list(found.select_related("draft", "run__site").order_by("id"))


def _head(bill: models.Bill, before: Mapping[str, Any], *, is_other: bool) -> dict[str, Any]:
    named = {"account": before["account"]["number"]} if is_other else {}
    return {
        "bill": bill.number,
        "public_id": str(bill.public_id),
        "from": before["period"]["from"],
        "until": before["period"]["until"],
        **named,
    }
