"""Calculate issued bills again, without changing anything: what comes out, and how it differs."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from meterbook.billing import content, models
from meterbook.billing.calculating import checking, chunks, facts, moments, settling
from meterbook.billing.calculating.remembering import Memory
from meterbook.billing.content import settlements
from meterbook.billing.correcting import anew, differing, replaying
from meterbook.billing.correction_values import Mode, Outcome
from meterbook.billing.operations import periods as run_periods
from meterbook.customers import models as customer_models
from meterbook.kernel.period import Period
from meterbook.tariffs import models as tariff_models
from meterbook.tariffs.rating import needs

_AT_ONCE = 400  # accounts of a run


@dataclass(frozen=True)
class Result:
    """What came out for a bill. `made` None: nothing is to be billed, or it is not known (`held` says why)."""

    outcome: Outcome
    total: Decimal | None = None
    made: content.Content | None = None
    difference: differing.Difference | None = None
    shares: tuple[facts.Share, ...] = ()
    held: list[checking.Held] = field(default_factory=list)
    stamp: str = ""  # of what it was calculated from


def compute(
    bills: Sequence[models.Bill],
    mode: Mode,
    version: tariff_models.TariffVersion | None = None,
    before: Sequence[models.Bill] = (),
) -> dict[int, Result]:
    """This will calculate bills (with draft, run and site) again, by their ids; a fixed number of queries a run.

    :param before: bills from before them that `version` prices as well, so that what they leave by it goes along
    """
    if version is not None and before:
        return _following(bills, version, before)
    by_run: dict[int, list[models.Bill]] = defaultdict(list)
    for each in bills:
        by_run[each.run_id].append(each)
    found: dict[int, Result] = {}
    for own in by_run.values():
        for start in range(0, len(own), _AT_ONCE):
            piece = own[start : start + _AT_ONCE]
            found |= _reproduced(piece) if mode is Mode.REPRODUCE else _anew(piece, version)
    return found


def _reproduced(bills: Sequence[models.Bill]) -> dict[int, Result]:
    run = bills[0].run
    shares = billed_shares(run, [each.account_id for each in bills])
    issued = [
        replaying.Issued(each.account_id, bytes(each.draft.content), tuple(shares[each.account_id])) for each in bills
    ]
    replayer = replaying.Replayer(facts.run_of(run), issued, as_of=_approved(run))
    outcome = replayer.calculate([each.account_id for each in bills])
    return {each.pk: _proof(each, outcome) for each in bills}


def _proof(bill: models.Bill, outcome: chunks.Outcome) -> Result:
    made = outcome.contents.get(bill.account_id)
    if made is None:
        return Result(Outcome.NOT_KEPT, held=outcome.held.get(bill.account_id, []))
    if made.data == bytes(bill.draft.content):
        return Result(Outcome.SAME, made.total, made, differing.IDENTICAL)
    before = json.loads(bytes(bill.draft.content))
    made = settlements.settle(made, before.get(settlements.KEY, ()))  # what it settled stays settled
    now = json.loads(made.data)
    if not differing.same_inputs(before, now):
        return Result(Outcome.NOT_KEPT)
    difference = differing.compare(before, now)
    came_out = Outcome.SAME if difference.is_identical else Outcome.DIFFERENT
    return Result(came_out, made.total, made, difference)


def _anew(bills: Sequence[models.Bill], version: tariff_models.TariffVersion | None) -> dict[int, Result]:
    run, accounts = bills[0].run, [each.account_id for each in bills]
    shares = present_shares(run, accounts)
    chosen = None if version is None else anew.by_version(version, facts.Documents())
    calculator = anew.Recalculator(facts.run_of(run), shares, chosen)
    outcome = calculator.calculate(accounts)
    return {each.pk: _outcome(each, outcome, tuple(shares[each.account_id])) for each in bills}


def _outcome(
    bill: models.Bill,
    outcome: chunks.Outcome,
    own: tuple[facts.Share, ...],
    settled: Sequence[settlements.Plain] | None = None,
) -> Result:
    made, held = outcome.contents.get(bill.account_id), outcome.held.get(bill.account_id, [])
    if made is None and (own or held):
        return Result(Outcome.HELD, held=held, shares=own)
    if made is not None and made.data == bytes(bill.draft.content):
        return Result(Outcome.SAME, made.total, made, differing.IDENTICAL, own)
    return replace(_result(bill, made, own, settled), stamp=outcome.inputs.get(bill.account_id, ""))


def looks_back(version: tariff_models.TariffVersion) -> bool:
    """This will tell whether bills by a version go on from those before them: banks, ladders over the year, maxima."""
    needed = needs.of(facts.Documents().of(version))
    return bool(needed.months or needed.carried or needed.banks)


def _following(
    bills: Sequence[models.Bill], version: tariff_models.TariffVersion, before: Sequence[models.Bill]
) -> dict[int, Result]:
    """In the order of time; a bill settles nothing of one that is priced anew, as that has the readings that came."""
    by_run: dict[int, list[models.Bill]] = defaultdict(list)
    for each in (*before, *bills):
        by_run[each.run_id].append(each)
    wanted, chosen, memory = {each.pk for each in bills}, anew.by_version(version, facts.Documents()), Memory(None)
    found: dict[int, Result] = {}
    priced: set[str] = set()  # public ids
    for own in sorted(by_run.values(), key=lambda each: (each[0].run.days.lower, each[0].run_id)):
        run, accounts = own[0].run, [each.account_id for each in own]
        shares = present_shares(run, accounts)
        outcome = anew.Following(facts.run_of(run), shares, chosen, memory).calculate(accounts)
        settled = {each.account_id: _settled(each, priced) for each in own}
        memory.settle(run.days.lower, settled)
        for each in own:
            key = each.account_id
            if each.pk in wanted:
                found[each.pk] = _outcome(each, outcome, tuple(shares[key]), settled[key])
            if not outcome.held.get(key):
                priced.add(str(each.public_id))
    return found


def _settled(bill: models.Bill, priced: Collection[str]) -> list[settlements.Plain]:
    listed = json.loads(bytes(bill.draft.content)).get(settlements.KEY, ())
    return settling.left(bill.organization_id, listed, priced)


def _result(
    bill: models.Bill,
    made: content.Content | None,
    shares: tuple[facts.Share, ...],
    settled: Sequence[settlements.Plain] | None = None,
) -> Result:
    before = json.loads(bytes(bill.draft.content))
    if made is not None:
        made = settlements.settle(made, before.get(settlements.KEY, ()) if settled is None else settled)
    difference = differing.compare(before, None if made is None else json.loads(made.data))
    total = Decimal(0) if made is None else made.total
    # What is printed may be written otherwise since; a bill is another one when an amount is.
    is_same = difference.is_identical or (not difference.lines and total == bill.draft.total)
    return Result(Outcome.SAME if is_same else Outcome.DIFFERENT, total, made, difference, shares)


def billed_shares(
    run: models.BillRun, account_ids: Iterable[int], *, with_credited: bool = True
) -> dict[int, list[facts.Share]]:
    """This will return the time that bills of a run billed, also where they were credited since."""
    found: dict[int, list[facts.Share]] = {each: [] for each in account_ids}
    for model in (models.RunShare, models.CreditedShare) if with_credited else (models.RunShare,):
        rows = model.objects.filter(organization_id=run.organization_id, run=run, account_id__in=list(found))
        for account_id, point_id, contract_id, tariff_id, during in rows.order_by(
            "meter_point__code", "during", "id"
        ).values_list("account_id", "meter_point_id", "contract_id", "tariff_id", "during"):
            period = Period(during.lower, during.upper)
            found[account_id].append(facts.Share(account_id, point_id, contract_id, tariff_id, period))
    return found


def present_shares(run: models.BillRun, account_ids: Sequence[int]) -> dict[int, list[facts.Share]]:
    """This will return what accounts pay for in the time of a run as contracts say now, without what others billed."""
    periods = run_periods.of_run(run)
    occupied = run_periods.occupancy(run.site, periods, only=_points(run, account_ids))
    whole = min(each.start for each in periods.values()), max(each.end for each in periods.values())
    taken: dict[int, list[tuple[int, int, Period]]] = defaultdict(list)
    rows = models.RunShare.objects.filter(
        organization_id=run.organization_id, meter_point_id__in=occupied, during__overlap=whole
    )
    for point_id, run_id, account_id, during in rows.order_by("id").values_list(
        "meter_point_id", "run_id", "account_id", "during"
    ):
        taken[point_id].append((run_id, account_id, Period(during.lower, during.upper)))
    wanted_accounts = set(account_ids)
    wanted = [
        facts.Share(each.account_id, point_id, each.contract_id, each.tariff_id, part)
        for point_id, shares in occupied.items()
        for each in shares
        if each.account_id in wanted_accounts
        for part in each.period.gaps(_of_others(taken[point_id], run.pk, each.account_id))
    ]
    codes = {key: each.code for key, each in facts.load_points(facts.run_of(run), occupied).items()}
    found: dict[int, list[facts.Share]] = {each: [] for each in account_ids}
    for share in sorted(
        moments.without_moments(facts.run_of(run), wanted),
        key=lambda each: (codes[each.meter_point_id], each.period.start),
    ):
        found[share.account_id].append(share)
    return found


def _of_others(taken: Iterable[tuple[int, int, Period]], run_id: int, account_id: int) -> list[Period]:
    return [period for of_run, of_account, period in taken if (of_run, of_account) != (run_id, account_id)]


def _points(run: models.BillRun, account_ids: Sequence[int]) -> set[int] | None:
    """Where these accounts can pay for anything; None: anywhere, because a landlord does."""
    owner = run.organization_id
    landlords = customer_models.Account.objects.filter(organization_id=owner, pk__in=account_ids, is_landlord=True)
    if landlords.exists():
        return None
    contracts = customer_models.Contract.objects.filter(organization_id=owner, account_id__in=account_ids)
    return set(contracts.order_by("id").values_list("meter_point_id", flat=True))


def _approved(run: models.BillRun) -> datetime:
    if run.approved_at is None:
        raise LookupError(f"Run {run.pk} has bills but was not approved.")
    return run.approved_at
