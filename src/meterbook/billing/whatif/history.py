"""The time of accounts that is priced again: their issued bills, and months that no bill has. Needs a running scope."""

from __future__ import annotations

import itertools
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.backends.postgresql.psycopg_any import DateRange, DateTimeTZRange
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from meterbook.billing import models
from meterbook.billing.calculating import facts
from meterbook.billing.operations import periods as run_periods
from meterbook.billing.operations import recomputing
from meterbook.billing.whatif import asked as asking
from meterbook.customers import models as customer_models
from meterbook.foundation import scoping
from meterbook.kernel import civil
from meterbook.kernel.period import Period
from meterbook.sites import models as site_models
from meterbook.tariffs import models as tariff_models

_ZONES = timedelta(hours=14)  # a day begins that much earlier somewhere


@dataclass(frozen=True)
class Issued:
    """An issued bill: what it came to, and its draft, whose content says what it settles of earlier ones."""

    draft_id: int
    total: Decimal
    public_id: uuid.UUID


@dataclass(frozen=True)
class Portion:
    """Accounts of one run or, where nothing was billed, of one month of a site, with the time that they pay for."""

    run: facts.Run
    shares: Mapping[int, Sequence[facts.Share]]
    issued: Mapping[int, Issued] = field(default_factory=dict)

    @property
    def accounts(self) -> list[int]:
        """Accounts with a bill, or with time."""
        return sorted(self.issued) if self.issued else sorted(self.shares)


def tariff_id(scope: asking.Scope) -> int | None:
    """This will return the internal id of the tariff that a scope names.

    :raises asking.ScopeInvalid: when there is none
    """
    if scope.tariff is None:
        return None
    tariffs = tariff_models.Tariff.objects.filter(
        organization_id=scoping.current().organization_id, public_id=scope.tariff
    )
    found = tariffs.values_list("id", flat=True).first()
    if found is None:
        raise asking.ScopeInvalid("tariff", _("There is no such tariff."))
    return found


def accounts_of(asked: asking.Asked) -> list[int]:
    """This will return the accounts that may have something to price, by number.

    :raises asking.ScopeInvalid: when a named account is not there, or not where the reader may look
    """
    scope, owner = asked.scope, scoping.current().organization_id
    accounts = customer_models.Account.objects.filter(organization_id=owner)
    if scope.sites is not None:
        accounts = accounts.filter(site_id__in=scope.sites)
    if scope.numbers:
        accounts = accounts.filter(number__in=scope.numbers)
        known = set(accounts.order_by("id").values_list("number", flat=True))
        missing = [each for each in scope.numbers if each not in known]
        if missing:
            words = _("There is no account %(numbers)s here.")
            raise asking.ScopeInvalid("accounts", words % {"numbers": ", ".join(missing[:5])})
    contracts = customer_models.Contract.objects.filter(organization_id=owner, during__overlap=_around(asked))
    shares = models.RunShare.objects.filter(organization_id=owner, run__days__overlap=_days(asked))
    own = tariff_id(scope)
    if own is not None:
        contracts, shares = contracts.filter(tariff_id=own), shares.filter(tariff_id=own)
    who = Q(pk__in=contracts.values("account_id")) | Q(pk__in=shares.values("account_id"))
    if own is None:
        who |= Q(pk__in=_bills(asked, owner).values("account_id"))
    return list(accounts.filter(who).order_by("number", "id").values_list("id", flat=True))


def portions(asked: asking.Asked, account_ids: Sequence[int], now: datetime) -> list[Portion]:
    """This will return the bills of the days and the months without bills, in the order of time.

    A bill counts whole, also where only some of its days are asked for; time without one counts until today.
    """
    billed = _billed(asked, account_ids)
    open_months = _months(asked, account_ids, now)
    return sorted([*billed, *open_months], key=lambda each: (each.run.first_day, each.run.until_day, each.run.site_id))


def size(found: Iterable[Portion]) -> int:
    """This will count bills and months."""
    return sum(len(each.accounts) for each in found)


def _billed(asked: asking.Asked, account_ids: Sequence[int]) -> list[Portion]:
    owner = scoping.current().organization_id
    bills: dict[int, dict[int, Issued]] = defaultdict(dict)
    rows = _bills(asked, owner).filter(account_id__in=account_ids)
    for run_id, account_id, draft_id, total, public_id in rows.order_by("id").values_list(
        "run_id", "account_id", "draft_id", "draft__total", "public_id"
    ):
        bills[run_id][account_id] = Issued(draft_id, total, public_id)
    runs = models.BillRun.objects.filter(organization_id=owner, pk__in=list(bills)).select_related("site")
    return [
        Portion(facts.run_of(run), recomputing.billed_shares(run, bills[run.pk], with_credited=False), bills[run.pk])
        for run in runs.order_by("id")
    ]


def _months(asked: asking.Asked, account_ids: Sequence[int], now: datetime) -> list[Portion]:
    owner = scoping.current().organization_id
    contracts = customer_models.Contract.objects.filter(
        organization_id=owner, account_id__in=account_ids, during__overlap=_around(asked)
    )
    by_site: dict[int, set[int]] = defaultdict(set)
    for site_id, point_id in contracts.order_by("id").values_list("meter_point__site_id", "meter_point_id"):
        by_site[site_id].add(point_id)
    sites = site_models.Site.objects.filter(organization_id=owner, pk__in=list(by_site))
    wanted = set(account_ids)
    return [
        portion for site in sites.order_by("id") for portion in _of_site(asked, site, by_site[site.pk], wanted, now)
    ]


def _of_site(
    asked: asking.Asked, site: site_models.Site, point_ids: set[int], account_ids: Collection[int], now: datetime
) -> list[Portion]:
    first, until = asked.first_day, min(asked.until_day, civil.local_date(now, ZoneInfo(site.time_zone)))
    if until <= first:
        return []
    periods = run_periods.of_site(site, first, until)
    occupied = run_periods.occupancy(site, periods, only=point_ids, has_vacancies=False)
    taken = _taken(occupied, periods.values())
    left = [
        facts.Share(each.account_id, point_id, each.contract_id, each.tariff_id, part)
        for point_id, shares in occupied.items()
        for each in shares
        if each.account_id in account_ids
        for part in each.period.gaps(taken.get(point_id, ()))
    ]
    if not left:
        return []
    whole = facts.run_of(models.BillRun(pk=0, organization_id=site.organization_id, site=site, days=_days(asked)))
    return _by_month(whole, left, first, until)


def _by_month(whole: facts.Run, shares: Iterable[facts.Share], first: date, until: date) -> list[Portion]:
    """Cut at the beginnings of months, each meter point by its own days."""
    edges = [first, *_firsts(first, until), until]
    points = facts.load_points(whole, {each.meter_point_id for each in shares})
    found: dict[date, dict[int, list[facts.Share]]] = defaultdict(lambda: defaultdict(list))
    ordered = sorted(shares, key=lambda each: (points[each.meter_point_id].code, each.period.start))
    for share in ordered:
        zone = points[share.meter_point_id].zone
        for part in share.period.split(civil.start_of_day(each, zone) for each in edges):
            begins = civil.local_date(part.start, zone)
            month = next(start for start, end in itertools.pairwise(edges) if begins < end)
            found[month][share.account_id].append(share._replace(period=part))
    return [
        Portion(_of_days(whole, start, end), dict(found[start]))
        for start, end in itertools.pairwise(edges)
        if start in found
    ]


def _of_days(whole: facts.Run, first: date, until: date) -> facts.Run:
    period = Period(civil.start_of_day(first, whole.zone), civil.start_of_day(until, whole.zone))
    return replace(whole, first_day=first, until_day=until, period=period, bill_date=until)


def _firsts(first: date, until: date) -> list[date]:
    """The first days of months inside the days."""
    found, month = [], civil.next_month(first)
    while month < until:
        found.append(month)
        month = civil.next_month(month)
    return found


def _taken(point_ids: Iterable[int], periods: Iterable[Period]) -> dict[int, list[Period]]:
    """The time of meter points that has a bill."""
    owner, listed = scoping.current().organization_id, list(periods)
    whole = min(each.start for each in listed), max(each.end for each in listed)
    bills = models.Bill.objects.filter(
        organization_id=owner, run_id=OuterRef("run_id"), account_id=OuterRef("account_id")
    )
    shares = models.RunShare.objects.filter(
        Exists(bills), organization_id=owner, meter_point_id__in=list(point_ids), during__overlap=whole
    )
    found: dict[int, list[Period]] = defaultdict(list)
    for point_id, during in shares.order_by("id").values_list("meter_point_id", "during"):
        found[point_id].append(Period(during.lower, during.upper))
    return found


def _bills(asked: asking.Asked, owner: int) -> QuerySet[models.Bill]:
    return models.Bill.objects.filter(organization_id=owner, credit_note__isnull=True, run__days__overlap=_days(asked))


def _days(asked: asking.Asked) -> DateRange:
    return DateRange(asked.first_day, asked.until_day, "[)")


def _around(asked: asking.Asked) -> DateTimeTZRange:
    """The days wherever they are, and a little more: what is nobody's falls out later."""
    start, end = (datetime.combine(each, time(0), tzinfo=UTC) for each in (asked.first_day, asked.until_day))
    return DateTimeTZRange(start - _ZONES, end + _ZONES, "[)")
