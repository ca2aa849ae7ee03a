"""Ask for bills to be calculated again, and do it in portions; nothing of the bills changes."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from meterbook.audit import operations as audit_operations
from meterbook.billing import correction_values as values
from meterbook.billing import models
from meterbook.billing.content import settlements
from meterbook.billing.correction_values import Mode, Outcome
from meterbook.billing.operations import recomputing
from meterbook.foundation import many, operation, queue, scoping
from meterbook.kernel.actor import Actor
from meterbook.tariffs import models as tariff_models

CALCULATE = "billing.recalculate_bills"
STORE = """
UPDATE billing_recalculatedbill r
SET outcome = n.outcome, total_now = n.total, digest = n.digest, differences = n.differences::jsonb
FROM unnest(%s::bigint[], %s::text[], %s::numeric[], %s::text[], %s::text[])
    AS n (id, outcome, total, digest, differences)
WHERE r.organization_id = %s AND r.id = n.id
"""
PORTION = 400  # bills of one run that are calculated in a transaction
JOBS = 2  # that share a recalculation


class NothingToRecalculate(ValueError):
    """No issued bill that stands was found in that time; choose another account, run, site or time."""


class VersionNeeded(ValueError):
    """Choose the tariff version by which everything is priced."""


class RecalculationNotFound(LookupError):
    """There is no such recalculation in this organization."""


@dataclass(frozen=True)
class Scope:
    """Whose bills: of an account, of a run or of a site; each by its public id. Bills of which days: [first, until)."""

    account: uuid.UUID | None = None
    run: uuid.UUID | None = None
    site: uuid.UUID | None = None
    bills: tuple[uuid.UUID, ...] = ()
    first_day: date | None = None
    until_day: date | None = None


@operation.operation
def ask_recalculation(
    *, actor: Actor, at: datetime, mode: Mode, scope: Scope, version: uuid.UUID | None = None
) -> models.Recalculation:
    """This will calculate bills again: at once where they are few, else by a job.

    Bills that were credited are left out, but of a proof.

    :param version: of a tariff, for a what-if
    :raises NothingToRecalculate: without a bill
    :raises VersionNeeded: when a what-if has no version, or none that is there
    """
    chosen = _version(version) if mode is Mode.WHAT_IF else None
    bills = list(_bills(scope, with_credited=mode is Mode.REPRODUCE))
    if not bills:
        raise NothingToRecalculate(
            _("No issued bill was found there that was not credited. Choose another time, or another account.")
        )
    accounts = {each.account_id for each in bills}
    made = models.Recalculation.objects.create(
        organization_id=scoping.current().organization_id,
        site_id=bills[0].run.site_id,
        account_id=accounts.pop() if len(accounts) == 1 else None,
        mode=mode,
        version_id=None if chosen is None else chosen.pk,
        version_text="" if chosen is None else f"{chosen.tariff.code}, {chosen.number}",
        asked_at=at,
        asked_by=actor.label,
        asked_by_id=actor.id,
        bills=len(bills),
    )
    models.RecalculatedBill.objects.bulk_create(
        [
            models.RecalculatedBill(
                organization_id=made.organization_id,
                recalculation=made,
                bill=each,
                account_id=each.account_id,
                total_before=each.draft.total,
                currency=each.draft.currency,
            )
            for each in bills
        ],
        batch_size=2_000,
    )
    after = {"mode": mode, "bills": len(bills), "version": made.version_text}
    audit_operations.record(actor=actor, at=at, action="billing:recalculate", subject=made, before=None, after=after)
    if len(bills) <= values.AT_ONCE:
        while calculate_next(recalculation=made):
            pass
        made.refresh_from_db()
    else:
        public_id = str(made.public_id)
        for number in range(JOBS):
            lock = f"again:{public_id}:{number}"
            queue.defer(CALCULATE, organization_id=made.organization_id, lock=lock, recalculation_id=public_id)
    return made


@operation.operation
def calculate_next(*, recalculation: models.Recalculation | uuid.UUID) -> bool:
    """This will calculate a portion that nobody else works on; False when none is left to take.

    Several may do so at once. What one that was killed had taken is free again with the end of its transaction.

    :raises RecalculationNotFound: when the organization has none of that public id
    """
    organization_id = scoping.current().organization_id
    public_id = recalculation if isinstance(recalculation, uuid.UUID) else recalculation.public_id
    rows = models.Recalculation.objects.filter(organization_id=organization_id, public_id=public_id)
    found = rows.first()
    if found is None:
        raise RecalculationNotFound(_("There is no such recalculation."))
    piece = _take(found)
    if not piece:
        return False
    bills = _read([each.bill_id for each in piece])
    version = None if found.version_id is None else _versions().get(pk=found.version_id)
    with many.without_collector():
        before = [] if version is None else _before(found, bills, version)
        results = recomputing.compute(bills, Mode(found.mode), version, before)
    _store(organization_id, [(each.pk, results[each.bill_id]) for each in piece])
    rows.update(done=F("done") + len(piece))  # last: others wait for this row until the transaction ends
    return True


def _take(found: models.Recalculation) -> list[models.RecalculatedBill]:
    """Waiting bills of one run, locked until the transaction ends."""
    waiting = models.RecalculatedBill.objects.filter(
        organization_id=found.organization_id, recalculation=found, outcome=Outcome.WAITING
    )
    free = waiting.select_for_update(of=("self",), skip_locked=True)
    first = free.select_related("bill").order_by("bill__run_id", "id").first()
    if first is None:
        return []
    return list(free.filter(bill__run_id=first.bill.run_id).order_by("id")[:PORTION])


def _store(organization_id: int, results: Sequence[tuple[int, recomputing.Result]]) -> None:
    """In one statement: the ORM's own way takes longer than the calculation."""
    with connection.cursor() as cursor:
        cursor.execute(
            STORE,
            [
                [pk for pk, _result in results],
                [each.outcome.value for _pk, each in results],
                [each.total for _pk, each in results],
                ["" if each.made is None else each.made.digest for _pk, each in results],
                [json.dumps(plain(each)) for _pk, each in results],
                organization_id,
            ],
        )


def plain(result: recomputing.Result) -> dict[str, Any]:
    """This will return what is kept of a result: the differences, and why it could not be calculated."""
    found: dict[str, Any] = {} if result.difference is None else result.difference.plain()
    return {**found, "held": result.held} if result.held else found


def _bills(scope: Scope, *, with_credited: bool) -> Sequence[models.Bill]:
    found = models.Bill.objects.filter(organization_id=scoping.current().organization_id)
    if not with_credited:
        found = found.filter(credit_note__isnull=True)
    for name, value in (
        ("account__public_id", scope.account),
        ("run__public_id", scope.run),
        ("run__site__public_id", scope.site),
        ("run__days__endswith__gt", scope.first_day),
        ("run__days__startswith__lt", scope.until_day),
    ):
        if value is not None:
            found = found.filter(**{name: value})
    if scope.bills:
        found = found.filter(public_id__in=scope.bills)
    return list(found.select_related("draft", "run").defer("draft__content", "draft__postings").order_by("id"))


def _read(ids: Sequence[int]) -> Sequence[models.Bill]:
    bills = models.Bill.objects.filter(organization_id=scoping.current().organization_id, pk__in=ids)
    return list(bills.select_related("draft", "run__site").order_by("id"))


def _before(
    found: models.Recalculation, bills: Sequence[models.Bill], version: tariff_models.TariffVersion
) -> Sequence[models.Bill]:
    """What a what-if prices before these bills, where they go on from it: from each account's first bill in it on.

    By prices that do not look back it is what these bills settle: priced anew as well, nothing is left to settle of it.
    """
    if not recomputing.looks_back(version):
        return _settled(found, bills)
    first: dict[int, date] = {}
    rows = models.RecalculatedBill.objects.filter(
        organization_id=found.organization_id,
        recalculation=found,
        account_id__in=[each.account_id for each in bills],
    )
    for account_id, days in rows.order_by("id").values_list("account_id", "bill__run__days"):
        first[account_id] = min(first.get(account_id, days.lower), days.lower)
    earlier = models.Bill.objects.filter(
        organization_id=found.organization_id,
        account_id__in=list(first),
        credit_note__isnull=True,
        run__days__startswith__gte=min(first.values()),
        run__days__startswith__lt=bills[0].run.days.lower,
    )
    listed = earlier.select_related("draft", "run__site").order_by("id")
    return [each for each in listed if each.run.days.lower >= first[each.account_id]]


def _settled(found: models.Recalculation, bills: Sequence[models.Bill]) -> Sequence[models.Bill]:
    """The bills of a recalculation that some of its bills settle."""
    sections = (each for bill in bills for each in json.loads(bytes(bill.draft.content)).get(settlements.KEY, ()))
    named = {each["public_id"] for each in sections if "account" not in each}
    if not named:
        return []
    inside = models.RecalculatedBill.objects.filter(
        organization_id=found.organization_id, recalculation=found, bill__public_id__in=named
    )
    own = {each.pk for each in bills}
    return [each for each in _read(list(inside.order_by("id").values_list("bill_id", flat=True))) if each.pk not in own]


def _version(public_id: uuid.UUID | None) -> tariff_models.TariffVersion:
    found = None if public_id is None else _versions().filter(public_id=public_id).first()
    if found is None:
        raise VersionNeeded(_("Choose the tariff version by which everything is priced."))
    return found


def _versions() -> QuerySet[tariff_models.TariffVersion]:
    versions = tariff_models.TariffVersion.objects.filter(organization_id=scoping.current().organization_id)
    return versions.select_related("tariff")
