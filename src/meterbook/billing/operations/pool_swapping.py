"""Put a further sheet in the place of a closed one, and say what that is for each bill of its members."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import connection, transaction
from django.utils.translation import gettext as _

from meterbook.billing import models
from meterbook.billing.calculating import pool_sheets, pool_standing
from meterbook.billing.correction_values import CorrectionState, Mode, Outcome
from meterbook.billing.operations import correcting, pools_settling, recomputing
from meterbook.billing.pools import leaving
from meterbook.customers import queries as customer_queries
from meterbook.foundation import scoping
from meterbook.kernel import allocation
from meterbook.kernel import currency as currencies


class SheetNotFound(LookupError):
    """There is no such allocation sheet in this organization."""


class NothingToRebill(ValueError):
    """The sheet would come out the same, is not closed, was replaced, or a later shared cost rests on it."""


class RebillBlocked(ValueError):
    """The bill of a member cannot be made again; carry the difference into the next period instead."""


@dataclass(frozen=True)
class MemberEffect:
    """What billing again would be for one member: its bill before and then, and why it cannot be made."""

    account: str
    name: str
    bill: str
    bill_id: str
    before: Decimal | None
    now: Decimal | None
    trouble: str = ""


@dataclass(frozen=True)
class BothWays:
    """What either way would cost: carried, the expected share of each; billed again, each bill.

    `carried` is by number of account, as if members and keys of the next period were the same. `trouble` says why
    nobody can be billed again. `leavers` are the numbers of members who left, bear what differs of their share, and
    are reached by billing again only: carrying is refused while that is possible, else the landlord bears it.
    """

    difference: Decimal
    currency: str
    carried: tuple[tuple[str, Decimal], ...]
    members: tuple[MemberEffect, ...]
    digest: str
    trouble: str = ""
    leavers: tuple[str, ...] = ()

    @property
    def can_carry(self) -> bool:
        """Whether there is something to carry, and nobody who left would have to bear it."""
        return self.difference != 0 and not (self.leavers and self.is_possible)

    @property
    def is_possible(self) -> bool:
        """Whether all members can be billed again."""
        return not self.trouble and not any(each.trouble for each in self.members)


@dataclass(frozen=True)
class Swapped:
    """A further sheet in the place of a closed one, and the bills that must be made again."""

    sheet: models.PoolSheet
    bills: Sequence[models.Bill]
    results: dict[int, recomputing.Result]


def look(*, sheet: uuid.UUID, at: datetime) -> BothWays:
    """This will say what either way would cost each member of a closed sheet; nothing of it stays.

    :raises SheetNotFound: when the organization has no such sheet
    :raises NothingToRebill: when nothing differs
    """
    found = find_sheet(sheet)
    made = differing(found)
    before = found.total or Decimal(0)
    difference = (made.total or Decimal(0)) - before
    left = leaving.borne(made.sheet.content if made.sheet else {"parts": []})
    owed = pool_standing.owed_by_left(found, made)
    left += sum(owed.values(), Decimal(0)) - leaving.borne(json.loads(bytes(found.content)))
    carried = _carried(found, difference, left)
    if _is_read_only():
        trouble = _(
            "Billing again is worked out by writing and taking back; you are only looking, so nothing is written."
        )
        return BothWays(difference, found.currency, carried, (), made.digest, trouble, tuple(owed))
    with transaction.atomic():
        try:
            swapped = swap(found, made)
            members, trouble = tuple(effect(each, swapped.results[each.pk], at) for each in swapped.bills), ""
        except (RebillBlocked, NothingToRebill) as error:
            members, trouble = (), str(error)
        transaction.set_rollback(True)
    return BothWays(difference, found.currency, carried, members, made.digest, trouble, tuple(owed))


def differing(found: models.PoolSheet) -> pool_sheets.Made:
    """This will divide the days of a closed sheet again.

    :raises NothingToRebill: when nothing differs, or the difference is carried already
    """
    editions = models.PoolSheet.objects.filter(
        organization_id=found.organization_id, pool_id=found.pool_id, days=found.days
    )
    made = pool_standing.would_be(found, editions.count())
    if made is None or made.sheet is None or made.digest == found.digest:
        raise NothingToRebill(_("The sheet would come out the same, or it is not closed yet."))
    if found.carried.filter(withdrawn_at=None).exists():
        raise NothingToRebill(_("The difference is carried into the next period already; withdraw that first."))
    return made


def swap(found: models.PoolSheet, made: pool_sheets.Made) -> Swapped:
    """This will, in the caller's transaction, keep the further sheet, its shares, and which run bills each of them.

    :raises NothingToRebill: when a later shared cost rests on it
    :raises RebillBlocked: when a share is in a run that is not issued yet
    """
    _require_alone(found, made)
    charges = models.PoolCharge.objects.filter(organization_id=found.organization_id, share__sheet=found)
    runs = dict(charges.order_by("id").values_list("account_id", "run_id"))
    charges.delete()
    models.PoolSheet.objects.filter(organization_id=found.organization_id, pk=found.pk).update(is_replaced=True)
    sheet = pools_settling.store(found.run, made, replaces=found)
    shares = models.PoolShare.objects.filter(organization_id=found.organization_id, sheet=sheet)
    models.PoolCharge.objects.bulk_create(
        models.PoolCharge(organization_id=found.organization_id, share_id=pk, run_id=runs[account], account_id=account)
        for pk, account in shares.order_by("id").values_list("id", "account_id")
        if account in runs
    )
    bills = models.Bill.objects.filter(
        organization_id=found.organization_id, run_id__in=set(runs.values()), account_id__in=runs, credit_note=None
    )
    rows = bills.select_related("draft", "run__site", "account__customer").order_by("account__number", "id")
    own = [each for each in rows if runs[each.account_id] == each.run_id]
    if {each.account_id for each in own} != set(runs):
        raise RebillBlocked(_("Some of the shares are in a run that is not issued yet: finish it first."))
    return Swapped(sheet, own, recomputing.compute(own, Mode.CORRECT))


def _is_read_only() -> bool:
    """Whoever looks with somebody else's rights may change nothing, not even for a moment."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW transaction_read_only")
        return bool(cursor.fetchone() == ("on",))


def _require_alone(found: models.PoolSheet, made: pool_sheets.Made) -> None:
    """What a later shared cost took from it is on other sheets, whose members would have to be billed again, too."""
    given = json.loads(bytes(found.content))
    before = [row["share"] for part in given["parts"] for row in part["rows"] if "pool" in row["payer"]]
    content = made.sheet.content if made.sheet else {"parts": []}
    now = [row["share"] for part in content["parts"] for row in part["rows"] if "pool" in row["payer"]]
    if before != now:
        raise NothingToRebill(_("A later shared cost took a part of it: carry the difference into the next period."))


def effect(bill: models.Bill, result: recomputing.Result, at: datetime) -> MemberEffect:
    """This will say what a bill was and would be, and why it cannot be made."""
    return MemberEffect(
        account=bill.account.number,
        name=bill.account.customer.name,
        bill=bill.number,
        bill_id=str(bill.public_id),
        before=bill.draft.total,
        now=bill.draft.total if result.outcome is Outcome.SAME else result.total,
        trouble=_trouble(bill, result, at),
    )


def _trouble(bill: models.Bill, result: recomputing.Result, at: datetime) -> str:
    if result.outcome is Outcome.SAME:
        return ""
    if result.outcome is Outcome.HELD or result.total is None:
        return _("readings or a tariff lack, so it cannot be calculated")
    owner = bill.organization_id
    if models.TrueUp.objects.filter(organization_id=owner, bill=bill, draft__bill__isnull=False).exists():
        return _("a later bill settled its estimates")
    if models.Correction.objects.filter(organization_id=owner, bill=bill, state=CorrectionState.PROPOSED).exists():
        return _("a correction of it waits for approval")
    cut = correcting.cut_before(bill, at)
    if cut is not None and result.total > bill.draft.total and bill.run.days.upper <= cut:
        return _("more would be asked for days that are older than may be billed")
    return ""


def _carried(found: models.PoolSheet, difference: Decimal, left: Decimal) -> tuple[tuple[str, Decimal], ...]:
    """The difference by account as this sheet divides it; the next one may have other members and keys.

    `left` of it is the landlord's, for members who left.
    """
    sums: dict[str, Decimal] = {}
    shares = models.PoolShare.objects.filter(organization_id=found.organization_id, sheet=found)
    for number, amount in shares.order_by("id").values_list("account__number", "amount"):
        sums[number] = sums.get(number, Decimal(0)) + amount
    places = currencies.minor_units(found.currency)
    weights = {number: abs(amount) for number, amount in sums.items()}
    if not any(weights.values()):
        return ()
    parts = allocation.allocate(int((difference - left).scaleb(places)), weights)
    landlord = customer_queries.landlord_of(site_id=found.site_id)
    if left and landlord is not None:
        parts[landlord.number] = parts.get(landlord.number, 0) + int(left.scaleb(places))
    return tuple((number, Decimal(part).scaleb(-places)) for number, part in sorted(parts.items()))


def find_sheet(public_id: uuid.UUID) -> models.PoolSheet:
    """This will return a sheet with its pool, run and site.

    :raises SheetNotFound: when the organization has no such sheet
    """
    rows = models.PoolSheet.objects.filter(organization_id=scoping.current().organization_id, public_id=public_id)
    found = rows.select_related("pool__site", "run__site", "run__calendar").first()
    if found is None:
        raise SheetNotFound(_("There is no such allocation sheet."))
    return found
