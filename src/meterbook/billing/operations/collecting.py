"""Who pays for what in a run, as contracts say now, and how that is kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Max

from meterbook.billing import models, values
from meterbook.billing.calculating import bundling, facts, moments
from meterbook.billing.operations import periods as run_periods
from meterbook.customers import models as customer_models
from meterbook.customers import values as customer_values
from meterbook.kernel.period import Period
from meterbook.sites.operations import finding as site_finding

BATCH = 2_000


def store_shares(run: models.BillRun, shares: Iterable[facts.Share]) -> None:
    """This will keep who pays for what in a locked run.

    :raises django.db.IntegrityError: when a run has some of that time of a meter point already
    """
    models.RunShare.objects.bulk_create(
        [
            models.RunShare(
                organization_id=run.organization_id,
                run=run,
                account_id=each.account_id,
                meter_point_id=each.meter_point_id,
                contract_id=each.contract_id,
                tariff_id=each.tariff_id,
                during=DateTimeTZRange(each.period.start, each.period.end, "[)"),
            )
            for each in shares
        ],
        batch_size=BATCH,
    )


def postpaid(run: models.BillRun, account_ids: set[int]) -> list[int]:
    """This will return those of the accounts that get bills or charge-back statements, by number."""
    accounts = customer_models.Account.objects.filter(
        organization_id=run.organization_id, pk__in=account_ids, mode__in=customer_values.BILLED_MODES
    )
    return list(accounts.order_by("number", "id").values_list("id", flat=True))


def wanted_shares(run: models.BillRun) -> list[facts.Share]:
    """This will return who pays for what of a run, without the time that other runs have."""
    return bundling.kept(run, payable_shares(run))


def payable_shares(run: models.BillRun, *, holds_site: bool = True) -> list[facts.Share]:
    """This will return who pays for what, whatever bill it comes on, without the time that other runs have.

    Each meter point is billed for the days of the run as they are in its zone.

    :param holds_site: the zone cannot change meanwhile; False where what comes out is only told
    """
    if holds_site:
        site_finding.hold_sites(run.organization_id, [run.site_id])
    periods = run_periods.of_run(run)
    occupied = run_periods.occupancy(run.site, periods, only=run_periods.points_of(run))
    taken: dict[int, list[Period]] = defaultdict(list)
    whole = min(each.start for each in periods.values()), max(each.end for each in periods.values())
    others = models.RunShare.objects.filter(
        organization_id=run.organization_id, meter_point_id__in=occupied, during__overlap=whole
    ).exclude(run=run)
    for point_id, during in others.order_by("id").values_list("meter_point_id", "during"):
        taken[point_id].append(Period(during.lower, during.upper))
    is_asked = run_periods.asked(run)
    wanted = [
        facts.Share(each.account_id, point_id, each.contract_id, each.tariff_id, part)
        for point_id, shares in sorted(occupied.items())
        for each in shares
        for part in each.period.gaps(taken[point_id])
        if is_asked(each.account_id)
    ]
    return moments.without_moments(facts.run_of(run), wanted)


def add_members(run: models.BillRun, account_ids: Iterable[int]) -> list[int]:
    """This will take accounts into a locked run, after those it has, in chunks of their own; it answers which."""
    new = postpaid(run, set(account_ids))
    members = models.RunMember.objects.filter(organization_id=run.organization_id, run=run)
    edge = members.aggregate(position=Max("position"), chunk=Max("chunk"))
    position = edge["position"] or 0
    first = 0 if edge["chunk"] is None else edge["chunk"] + 1
    size = values.accounts_a_chunk(len(new))
    made = [
        models.RunMember(
            organization_id=run.organization_id,
            run=run,
            account_id=account_id,
            position=position + place + 1,
            chunk=first + place // size,
        )
        for place, account_id in enumerate(new)
    ]
    models.RunMember.objects.bulk_create(made, batch_size=BATCH)
    models.RunChunk.objects.bulk_create(
        models.RunChunk(organization_id=run.organization_id, run=run, number=number)
        for number in sorted({each.chunk for each in made})
    )
    return new
