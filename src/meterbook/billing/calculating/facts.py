"""What the accounts of a chunk have in common and what each has: read in a fixed number of queries."""

from __future__ import annotations

import functools
import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import F, QuerySet

from meterbook.billing import content, legal_profiles, models, values
from meterbook.customers import queries as customer_queries
from meterbook.documents import queries as document_queries
from meterbook.documents.values import LetterheadFacts
from meterbook.foundation import many
from meterbook.identity import queries as identity_queries
from meterbook.kernel import civil
from meterbook.kernel.period import Period
from meterbook.kernel.quantity import Unit
from meterbook.metering import capacities
from meterbook.metering import models as metering_models
from meterbook.metering import zones as metering_zones
from meterbook.metering.values import PointRole, Service
from meterbook.tariffs import models as tariff_models
from meterbook.tariffs import sources
from meterbook.tariffs import values as tariff_values
from meterbook.tariffs.rating import reading
from meterbook.tariffs.rating.document import TariffDocument
from meterbook.tariffs.rating.tax_points import TaxPoint


@dataclass(frozen=True)
class Run:
    """A run with its place: `period` is the local days [first_day, until_day) of the site.

    A meter point in another zone is billed for the same days there. `exact` are the free ends of a manual bill.
    `bill_date` is supposed until the run is approved. `tax_point` is that of the site's legal profile.
    """

    id: int
    public_id: uuid.UUID
    organization_id: int
    organization_public_id: uuid.UUID
    organization_name: str
    organization_language: str
    letterhead: LetterheadFacts
    site_id: int
    site_public_id: uuid.UUID
    site_code: str
    site_name: str
    site_language: str
    zone: ZoneInfo
    first_day: date
    until_day: date
    period: Period
    exact: Period | None = None
    bill_date: date | None = None
    tax_point: TaxPoint = TaxPoint.DELIVERY

    @cached_property
    def printed_organization(self) -> dict[str, str]:
        """What each bill says of the organization; what was not filled in is left out, as before letterheads."""
        return {
            "public_id": str(self.organization_public_id),
            "name": self.organization_name,
            "language": self.organization_language,
            **{key: value for key, value in asdict(self.letterhead).items() if value},
        }

    @cached_property
    def printed_site(self) -> dict[str, str]:
        """What each bill says of the site."""
        return {
            "public_id": str(self.site_public_id),
            "code": self.site_code,
            "name": self.site_name,
            "zone": self.zone.key,
        }

    @cached_property
    def written_place(self) -> str:
        """Organization and site as bills write them."""
        return ",".join(content.canonical(each).decode() for each in (self.printed_organization, self.printed_site))


class Share(NamedTuple):
    """The part of the period of a meter point that an account pays for."""

    account_id: int
    meter_point_id: int
    contract_id: int | None
    tariff_id: int | None
    period: Period


class Series(NamedTuple):
    """The series of a meter point that is billed: integers of 10^-`decimals` `unit` every `step` minutes."""

    id: int
    public_id: uuid.UUID
    unit: Unit
    decimals: int
    step: int


class Point(NamedTuple):
    """A meter point; `series` None: it has none that can be billed. `language` empty: none is set for its documents.

    `assumed_per_hour` is what it plausibly counts at most, in units of the series; None where its rating was noted.
    """

    id: int
    public_id: uuid.UUID
    code: str
    name: str
    unit_name: str | None
    service: Service
    series: Series | None
    zone: ZoneInfo
    language: str = ""
    assumed_per_hour: Fraction | None = None


@dataclass(frozen=True)
class Version:
    """A published tariff version; `until_day` None: open."""

    id: int
    number: int
    digest: str
    first_day: date
    until_day: date | None
    document: TariffDocument


@dataclass(frozen=True)
class Tariff:
    """A tariff with its versions in force in the period, in order."""

    id: int
    code: str
    currency: str
    versions: tuple[Version, ...]

    def pieces(self, period: Period, zone: ZoneInfo) -> list[tuple[Period, Version | None]]:
        """This will cut a period by version; None where none is in force."""
        key = (period, zone)
        if key not in self._cut:
            self._cut[key] = self._pieces(period, zone)
        return self._cut[key]

    def said_of(self, version: Version) -> content.TariffFacts:
        """This will return what a bill says of one of its versions."""
        if id(version) not in self._said:
            own = self.code, version.number, version.digest
            self._said[id(version)] = content.TariffFacts.of(*own, version.document)
        return self._said[id(version)]

    @cached_property
    def _said(self) -> dict[int, content.TariffFacts]:
        return {}

    @cached_property
    def _cut(self) -> dict[tuple[Period, ZoneInfo], list[tuple[Period, Version | None]]]:
        """What was cut before: the accounts of a run have the same time again and again."""
        return {}

    def _pieces(self, period: Period, zone: ZoneInfo) -> list[tuple[Period, Version | None]]:
        starts = {each.first_day for each in self.versions} | {each.until_day for each in self.versions}
        parts = period.split(civil.start_of_day(each, zone) for each in starts if each is not None)
        return [(part, self._at(civil.local_date(part.start, zone))) for part in parts]

    def _at(self, day: date) -> Version | None:
        for each in self.versions:
            if each.first_day <= day and (each.until_day is None or day < each.until_day):
                return each
        return None


@dataclass(frozen=True)
class Chunk:
    """Accounts with their shares, in order of time, and everything these name."""

    accounts: dict[int, customer_queries.AccountRow]
    shares: dict[int, list[Share]]
    points: dict[int, Point]
    tariffs: dict[int, Tariff]

    @cached_property
    def by_public_id(self) -> dict[str, Point]:
        """The meter points by their public ids, as bills write them."""
        return {str(each.public_id): each for each in self.points.values()}


class Documents:
    """Tariff documents, read once for all chunks of a run."""

    def __init__(self) -> None:
        self._read: dict[tuple[int, TaxPoint | None], TariffDocument] = {}
        self._calendars = sources.calendars()

    def of(self, version: tariff_models.TariffVersion, point: TaxPoint | None = None) -> TariffDocument:
        """This will return the document of a version, with the newest days of the calendar that it names.

        :param point: what the legal profile of a site says of taxes; None: it is not asked
        """
        key = version.pk, point
        if key not in self._read:
            found = reading.read(version.document, self._calendars)
            self._read[key] = found if point is None else found.under(point)
        return self._read[key]


def run_of(run: models.BillRun) -> Run:
    """This will return a run (with its site) as the calculation sees it."""
    organization = identity_queries.get_organization(organization_id=run.organization_id)
    zone = metering_zones.resolve("", (), run.site.time_zone)
    first, until = run.days.lower, run.days.upper
    exact = None if run.exact is None else Period(run.exact.lower, run.exact.upper)
    return Run(
        id=run.pk,
        public_id=run.public_id,
        organization_id=run.organization_id,
        organization_public_id=organization.public_id,
        organization_name=organization.name,
        organization_language=organization.language,
        letterhead=document_queries.letterhead(organization_id=run.organization_id),
        site_id=run.site_id,
        site_public_id=run.site.public_id,
        site_code=run.site.code,
        site_name=run.site.name,
        site_language=run.site.language,
        zone=zone,
        first_day=first,
        until_day=until,
        period=exact or Period(civil.start_of_day(first, zone), civil.start_of_day(until, zone)),
        exact=exact,
        # What corrects a bill has the tax point of that bill.
        bill_date=(run.priced_on if run.is_correction else run.bill_date) or run.priced_on or run.bill_date,
        tax_point=legal_profiles.tax_point_of(site_id=run.site_id),
    )


def load(run: Run, account_ids: Sequence[int], documents: Documents) -> Chunk:
    """This will load what the accounts of a chunk need except measured values."""
    rows = models.RunShare.objects.filter(
        many.among("account_id", account_ids), organization_id=run.organization_id, run_id=run.id
    )
    listed = _shares(rows)
    shares: dict[int, list[Share]] = defaultdict(list)
    for each in listed:
        shares[each.account_id].append(each)
    return Chunk(
        accounts=customer_queries.accounts_by_id(ids=account_ids),
        shares=dict(shares),
        points=load_points(run, {each.meter_point_id for each in listed}),
        tariffs=load_tariffs(run, {each.tariff_id for each in listed if each.tariff_id is not None}, documents),
    )


def shares_of(run: models.BillRun) -> list[Share]:
    """This will return all shares that a run collected."""
    return _shares(models.RunShare.objects.filter(organization_id=run.organization_id, run=run))


def _shares(rows: QuerySet[models.RunShare]) -> list[Share]:
    period = functools.cache(Period)  # most accounts of a run have the same time
    return [
        Share(account_id, point_id, contract_id, tariff_id, period(start, end))
        for account_id, point_id, contract_id, tariff_id, start, end in many.rows(
            rows.order_by("meter_point__code", "during", "id").values_list(
                *("account_id", "meter_point_id", "contract_id", "tariff_id"), *many.both_ends(F("during"))
            )
        )
    ]


def load_points(run: Run, ids: Iterable[int]) -> dict[int, Point]:
    """This will return meter points with the series that is billed and the zone of their days, in three queries."""
    wanted, billed = list(ids), {service.value: code for service, code in values.BILLED_SERIES.items()}
    series: dict[tuple[int, str], Series] = {}
    rows = metering_models.Series.objects.filter(
        many.among("meter_point_id", wanted),
        organization_id=run.organization_id,
        code__in=set(values.BILLED_SERIES.values()),
    )
    for point_id, code, pk, public_id, unit, decimals, step in many.rows(
        rows.order_by("id").values_list("meter_point_id", "code", "id", "public_id", "unit", "decimals", "step")
    ):
        series[point_id, code] = Series(pk, public_id, _UNITS[unit], decimals, step)
    hung = metering_models.Installation.objects.filter(
        many.among("meter_point_id", wanted), organization_id=run.organization_id, rated_per_hour__isnull=False
    )
    # By itself: as a condition of each meter point the server would look through all installations.
    rated = {point_id for (point_id,) in many.rows(hung.order_by().values_list("meter_point_id"))}
    points = metering_models.MeterPoint.objects.filter(many.among("pk", wanted), organization_id=run.organization_id)
    rows_of_points = points.order_by("id").values_list(
        "id",
        "public_id",
        "code",
        "name",
        "node__name",
        "service",
        "time_zone",
        "former_zones",
        "language",
        "role",
        "node__usage",
    )
    return {
        pk: Point(
            pk,
            public_id,
            code,
            name,
            node,
            _SERVICES[service],
            series.get((pk, billed.get(service, ""))),
            metering_zones.resolve(own, former, run.zone.key),
            language,
            None if pk in rated else _assumed(service, role, usage or "", series.get((pk, billed.get(service, "")))),
        )
        for pk, public_id, code, name, node, service, own, former, language, role, usage in many.rows(rows_of_points)
    }


_UNITS = {each.value: each for each in Unit}
_SERVICES = {each.value: each for each in Service}


def _assumed(service: str, role: str, usage: str, series: Series | None) -> Fraction | None:
    return None if series is None else _assumed_of(service, role, usage, series.unit)


@functools.lru_cache(maxsize=256)
def _assumed_of(service: str, role: str, usage: str, unit: Unit) -> Fraction | None:
    return capacities.assumed_per_hour(service=Service(service), role=PointRole(role), usage=usage, unit=unit)


def load_tariffs(run: Run, ids: set[int], documents: Documents) -> dict[int, Tariff]:
    """This will return tariffs with their versions in force in the period of a run, in two queries."""
    versions: dict[int, list[Version]] = defaultdict(list)
    found = tariff_models.TariffVersion.objects.filter(
        organization_id=run.organization_id,
        tariff_id__in=ids,
        state=tariff_values.VersionState.PUBLISHED,
        during__overlap=(run.first_day, run.until_day),
    )
    for each in found.order_by("during", "id"):
        if each.during is None:  # a published one has days (constraint)
            continue
        versions[each.tariff_id].append(
            Version(
                each.pk,
                each.number,
                each.digest,
                each.during.lower,
                each.during.upper,
                documents.of(each, run.tax_point),
            )
        )
    tariffs = tariff_models.Tariff.objects.filter(organization_id=run.organization_id, pk__in=ids)
    return {
        pk: Tariff(pk, code, currency, tuple(versions[pk]))
        for pk, code, currency in tariffs.order_by("id").values_list("id", "code", "currency")
    }
