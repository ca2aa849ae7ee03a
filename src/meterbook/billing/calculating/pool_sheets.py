"""The sheets of a site's pools for some days, in the order of their stages; nothing is stored here."""

from __future__ import annotations

import hashlib
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from meterbook.billing import content, models
from meterbook.billing.calculating import checking, facts, pool_costs, pool_gauges, pool_members
from meterbook.billing.pools import definition, leaving, marking, reading, sheets
from meterbook.billing.pools.definition import Key
from meterbook.billing.values import HoldReason
from meterbook.customers import queries as customer_queries
from meterbook.kernel import civil
from meterbook.kernel import currency as currencies
from meterbook.kernel.period import Period
from meterbook.kernel.quantity import Unit
from meterbook.sites.values import CAPACITY_UNIT_CAPTIONS, CapacityUnit

Days = tuple[date, date]


@dataclass
class Made:
    """A sheet, or why there is none; `account_ids` are all whom it concerns."""

    pool: models.Pool
    first_day: date
    until_day: date
    currency: str
    public_id: uuid.UUID
    sheet: sheets.Sheet | None = None
    reasons: list[checking.Held] = field(default_factory=list)
    account_ids: set[int] = field(default_factory=set)
    is_put_off: bool = False

    @property
    def data(self) -> bytes:
        """Canonical JSON; empty without a sheet."""
        return b"" if self.sheet is None else content.canonical(self.sheet.content)

    @property
    def digest(self) -> str:
        """SHA-256 in hexadecimal; empty without a sheet."""
        return hashlib.sha256(self.data).hexdigest() if self.sheet else ""

    @property
    def total(self) -> Decimal | None:
        """What was divided."""
        return None if self.sheet is None else Decimal(self.sheet.content["total"])


def make(
    run: facts.Run,
    pools: Iterable[tuple[models.Pool, Days]],
    given: Mapping[tuple[str, Days], dict[str, int]] | None = None,
    *,
    edition: int = 0,
    put_off: Mapping[str, Mapping[str, str]] | None = None,
    kept: leaving.Kept | None = None,
) -> list[Made]:
    """This will divide pools for days, those of earlier stages first: a later one takes what they gave to it.

    :param given: what earlier ones gave to a pool (code, days), by their names, where they are not among `pools`
    :param put_off: pools that are left to a later run, by public id, with "reason" and "by"
    :param kept: whose shares stay as a closed sheet has them
    :param edition: how many sheets of the same days were there before: each has an id of its own
    """
    landlord = customer_queries.landlord_of(site_id=run.site_id)
    wanted = sorted(pools, key=lambda each: (each[0].stage, each[0].code, each[1]))
    if landlord is None or not wanted:
        return []
    place = pool_members.Place.load(run, landlord.id)
    maker = _Maker(run, landlord, place, facts.Documents(), _entries([pool for pool, _days in wanted]), edition)
    maker.given.update(given or {})
    maker.put_off, maker.kept = put_off or {}, kept
    return [maker.make(pool, *days) for pool, days in wanted]


def digest_of(document: dict[str, Any]) -> str:
    """This will return the SHA-256, in hexadecimal, of a pool's document."""
    return hashlib.sha256(content.canonical(document)).hexdigest()


@dataclass
class _Maker:
    run: facts.Run
    landlord: customer_queries.AccountRow
    place: pool_members.Place
    documents: facts.Documents
    entries: dict[int, list[models.PoolEntry]]
    edition: int = 0
    given: dict[tuple[str, Days], dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    late: dict[tuple[str, Days], str] = field(default_factory=dict)
    put_off: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    kept: leaving.Kept | None = None

    def make(self, pool: models.Pool, first: date, until: date) -> Made:
        currency = self.landlord.currency
        more = f" {self.edition}" if self.edition else ""
        sheet_id = uuid.uuid5(self.run.public_id, f"pool {pool.public_id} {first} {until}{more}")
        found = Made(pool, first, until, currency, sheet_id)
        made, problems = reading.read(pool.definition)
        if made is None:
            found.reasons = [checking.hold(HoldReason.POOL_MEMBER, "", pool=f"{pool.name}: {problems[0].path}")]
            return self._without(found, None)
        period = Period(civil.start_of_day(first, self.run.zone), civil.start_of_day(until, self.run.zone))
        members = pool_members.find(self.place, made, pool.name, first, until)
        if decided := self.put_off.get(str(pool.public_id)):
            return self._later(found, made, members, decided)
        own = pool_costs.meters(self.run, made)
        readings = pool_gauges.Readings.load(self.run, [*own.wanted(period), *_measured(made, members)])
        accounts = customer_queries.accounts_by_id(ids=members.account_ids)
        rows = pool_members.rows(
            members, made, pool.name, readings, {pk: account.number for pk, account in accounts.items()}
        )
        places = currencies.minor_units(currency)
        asked = pool_costs.Asked(self.run, pool.name, made, first, until, period, currency, places, self.documents)
        key = (pool.code, (first, until))
        costs, lacks = pool_costs.find(asked, own, readings, self._entered(pool, places), self.given[key])
        found.account_ids = members.account_ids | {self.landlord.id}
        found.reasons = [*members.held, *lacks]
        if key in self.late:
            found.reasons.append(checking.hold(HoldReason.POOL_STAGE, "", pool=pool.name, other=self.late[key]))
        if costs is None or found.reasons:
            return self._without(found, made)
        made_of = [gauge for gauge, _period in own.wanted(period) if readings.is_estimated(gauge, period)]
        return self._divide(found, made, costs, rows, places, members.estimated, is_cost_estimated=bool(made_of))

    def _later(
        self,
        found: Made,
        made: definition.Definition,
        members: pool_members.Members,
        decided: Mapping[str, str],
    ) -> Made:
        """A person had the others billed without it: its days are left to a later run."""
        said = {"pool": found.pool.name, "why": decided["reason"], "by": decided["by"]}
        found.reasons, found.is_put_off = [checking.hold(HoldReason.POOL_LATER, "", **said)], True
        found.account_ids = set(members.account_ids)
        return self._without(found, made)

    def _divide(
        self,
        found: Made,
        made: definition.Definition,
        costs: sheets.Costs,
        rows: Sequence[sheets.Row],
        places: int,
        estimated: Collection[str],
        *,
        is_cost_estimated: bool,
    ) -> Made:
        try:
            sheet = sheets.build(self._head(found, made, rows, places), made, costs, rows, self.kept)
        except sheets.NothingToShareBy:
            found.reasons = [checking.hold(HoldReason.POOL_NOTHING, "", pool=found.pool.name)]
            return self._without(found, made)
        gone = self._gone(found, sheet)
        sheet = found.sheet = marking.mark(sheet, estimated, is_cost_estimated=is_cost_estimated)
        found.sheet = replace(
            sheet, charges=tuple(replace(each, told=self._told(found, made, each, gone)) for each in sheet.charges)
        )
        for each in sheet.charges:
            if each.pool:
                taken = self.given[each.pool, (found.first_day, found.until_day)]
                taken[found.pool.name] = taken.get(found.pool.name, 0) + each.amount
        found.account_ids = {each.account_id for each in sheet.charges if each.account_id is not None}
        return found

    def _gone(self, found: Made, sheet: sheets.Sheet) -> set[int]:
        """Who has left by the end of these days."""
        ids = {each.account_id for each in sheet.charges if each.account_id is not None} - {self.landlord.id}
        at = civil.start_of_day(found.until_day, self.run.zone)
        return ids - customer_queries.staying(account_ids=ids, at=at)

    def _told(
        self, found: Made, made: definition.Definition, charge: sheets.Charge, gone: Collection[int]
    ) -> dict[str, Any]:
        """What a bill says: the sheet gives the figures, this whose it is, who bears what is later, and the tax."""
        told = {
            **charge.told,
            "pool": {
                "code": found.pool.code,
                "name": found.pool.name,
                "kind": made.kind.value,
                "version": found.pool.version,
                **({"names": dict(made.names)} if made.names else {}),
            },
            "sheet": {
                "id": str(found.public_id),
                "digest": found.digest,
                "first_day": found.first_day.isoformat(),
                "until_day": found.until_day.isoformat(),
            },
        }
        if charge.account_id in gone:
            told["leaving"] = made.leaving.value
        if made.tax is not None:
            told["tax"] = {
                "code": made.tax.code,
                "text": {"en": made.tax.name, **dict(made.tax.names)},
                "rate": sheets.text(made.tax.rate),
            }
        return told

    def _without(self, found: Made, made: definition.Definition | None) -> Made:
        """Later pools that would take a part of this one wait, too."""
        for each in made.members if made else ():
            if each.pool:
                self.late[each.pool, (found.first_day, found.until_day)] = found.pool.name
        found.account_ids |= {self.landlord.id}
        return found

    def _head(self, found: Made, made: definition.Definition, rows: Sequence[sheets.Row], places: int) -> sheets.Head:
        run, pool = self.run, found.pool
        capacities = {node.capacity_unit for node in self.place.nodes.values() if node.capacity is not None} or {
            CapacityUnit.KW.value
        }
        service_unit = {"ELECTRICITY": "kWh", "HEATING": "kWh", "COOLING": "kWh"}.get(made.service, "m³")
        return sheets.Head(
            pool={
                "id": str(pool.public_id),
                "code": pool.code,
                "name": pool.name,
                "kind": made.kind.value,
                "stage": pool.stage,
                "version": pool.version,
                "digest": pool.digest,
            },
            site={"code": run.site_code, "name": run.site_name, "zone": run.zone.key},
            first_day=found.first_day,
            until_day=found.until_day,
            currency=found.currency,
            places=places,
            landlord_id=self.landlord.id,
            landlord=self.landlord.number,
            key_units={
                Key.AREA: "m²",
                Key.USAGE: service_unit,
                Key.HOURS: Unit.H.symbol,
                Key.PERCENT: "%",
                Key.CAPACITY: str(CAPACITY_UNIT_CAPTIONS[CapacityUnit(min(capacities))]),
            },
        )

    def _entered(self, pool: models.Pool, places: int) -> list[pool_costs.Entry]:
        return [
            pool_costs.Entry(
                each.kind,
                each.days.lower,
                each.days.upper,
                each.text,
                each.reference,
                each.quantity,
                each.unit,
                int(each.amount.scaleb(places)),
                each.line_kind,
                str(each.invoice.public_id) if each.invoice else "",
                int(each.landlord_amount.scaleb(places)),
                each.texts or {},
            )
            for each in self.entries.get(pool.pk, [])
        ]


def _measured(made: definition.Definition, members: pool_members.Members) -> Iterable[tuple[pool_gauges.Gauge, Period]]:
    is_measured = any(part.key in definition.MEASURED for part in made.parts)
    return members.wanted() if is_measured else ()


def _entries(pools: Sequence[models.Pool]) -> dict[int, list[models.PoolEntry]]:
    found: dict[int, list[models.PoolEntry]] = defaultdict(list)
    if not pools:
        return found
    rows = models.PoolEntry.objects.filter(
        organization_id=pools[0].organization_id, pool_id__in=[each.pk for each in pools], withdrawn_at=None
    )
    for each in rows.select_related("invoice").order_by("days", "line", "id"):
        found[each.pool_id].append(each)
    return found
