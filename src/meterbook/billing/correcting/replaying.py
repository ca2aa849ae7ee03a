"""Bills made again from what they were made from (B-75, reproduce): the same bytes, or why not.

Everything is calculated as for a new bill. Only where facts come from is another: heading, registers and the months
before from the bill itself, tariffs by the versions that it names, blocks as they were when it was approved.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from meterbook.billing import content, holidays
from meterbook.billing.calculating import checking, chunks, drafting, facts, further, measured, rating, shared, usage
from meterbook.billing.calculating.wanted import Wanted
from meterbook.billing.correcting import captured, keeping
from meterbook.customers import queries as customer_queries
from meterbook.kernel import civil
from meterbook.tariffs import models as tariff_models
from meterbook.tariffs.rating import reading
from meterbook.tariffs.rating.tax_points import TaxPoint

Told = tuple[int | None, TaxPoint | None]  # the version of its calendar, and what the legal profile said of its taxes
Key = tuple[str, int, Told]  # code and number of a tariff version
LONG_AGO = date(1900, 1, 1)  # before all days that are billed


class VersionGone(LookupError):
    """A tariff version that a bill names is not there any more."""


@dataclass(frozen=True)
class Issued:
    """A bill to be made again, with the time that it billed."""

    account_id: int
    data: bytes
    shares: tuple[facts.Share, ...]


class Replayer(drafting.Calculator):
    """Makes the bills of one run again; `as_of` is when they were approved."""

    writes_forms = False  # each bill keeps the head, names and registers that it had

    def __init__(self, run: facts.Run, bills: Sequence[Issued], *, as_of: datetime) -> None:
        super().__init__(run)
        self._shares = {each.account_id: each.shares for each in bills}
        self._bills = {each.account_id: captured.read(json.loads(each.data)) for each in bills}
        self._as_of = as_of
        self._named: dict[int, captured.Point] = {}

    def load(self, run: facts.Run, account_ids: Sequence[int], documents: facts.Documents) -> facts.Chunk:
        """This will return what the bills name, as far as it can be priced."""
        ids = {each.meter_point_id for account_id in account_ids for each in self._shares[account_id]}
        points, versions = facts.load_points(run, ids), self._versions(run)
        tariffs: dict[int, facts.Tariff] = {}
        shares: dict[int, list[facts.Share]] = {}
        for account_id in account_ids:
            bill, own = self._bills[account_id], []
            for share in self._shares[account_id]:
                named = bill.point(str(points[share.meter_point_id].public_id), share.period)
                if named is None:  # nothing was used in it, and nothing billed
                    continue
                number = len(tariffs) + 1
                tariffs[number] = _tariff(number, named, versions, points[share.meter_point_id], bill)
                own.append(share._replace(tariff_id=number))
                self._named[number] = named
            shares[account_id] = own
        return facts.Chunk(customer_queries.accounts_by_id(ids=account_ids), shares, _printed(points), tariffs)

    def borne(self, run: facts.Run, account_ids: Sequence[int]) -> shared.Borne:
        """This will return what the bills say of shared costs: their sheets never change."""
        return shared.Borne({each: list(self._bills[each].plain.get("shared_costs", ())) for each in account_ids})

    def read(
        self, *, organization_id: int, series_ids: Sequence[int], step: int, first: date, until: date
    ) -> usage.Blocks:
        """This will return blocks as they were."""
        return keeping.load_as_of(
            self._as_of, organization_id=organization_id, series_ids=series_ids, step=step, first=first, until=until
        )

    def besides(
        self, run: facts.Run, chunk: facts.Chunk, wanted: Sequence[Wanted], read: further.Read
    ) -> further.Further:
        """This will return what the bills say that they took besides usage."""

        def taken(each: Wanted) -> Mapping[str, Any] | None:
            found: Mapping[str, Any] | None = self._named[each.share.tariff_id or 0].plain["charges"][0].get("inputs")
            return found

        return further.again(run, wanted, read, taken)

    def _unmeasured(
        self,
        pieces: list[measured.Piece],
        loaded: dict[int, usage.Blocks],
    ) -> Iterator[tuple[int, list[checking.Held]]]:
        """Nothing is held: it was checked when it was billed, and its inputs are compared by digest."""
        yield from ()

    def _heading(self, chunk: facts.Chunk, pieces: list[measured.Piece]) -> content.Heading:
        return captured.heading(self._bills[pieces[0].share.account_id])

    def _point(
        self,
        pieces: list[measured.Piece],
        used: measured.Used,
        rated: rating.Found,
        more: further.Further,
    ) -> content.Point:
        point = super()._point(pieces, used, rated, more)
        named = self._named[pieces[0].share.tariff_id or 0]
        return replace(
            point,
            code=named.plain["code"],
            name=named.plain["name"],
            unit_name=named.plain["unit_name"],
            segments=captured.segments(named.plain),
            history=captured.history(named),
            estimates=captured.estimates(named.plain),
            registers=captured.registers(named, point.registers),
        )

    def _alone(self, gathered: chunks.Gathered) -> chunks.Outcome:
        """Bills of shared costs alone, with the head that they had."""
        alone = super()._alone(gathered)
        heads = {each: captured.heading(self._bills[each]) for each in alone.contents}
        contents = {each: content.build(head, [], gathered.borne.of(each)) for each, head in heads.items()}
        return replace(alone, contents=contents)

    def _versions(self, run: facts.Run) -> dict[Key, facts.Version]:
        """Each tariff version that the bills name, once for each way in which they were calculated by it."""
        named = {each for bill in self._bills.values() for point in bill.points for each in point.versions}
        rows = tariff_models.TariffVersion.objects.filter(
            organization_id=run.organization_id, tariff__code__in={each.code for each in named}
        ).select_related("tariff")
        wanted: dict[tuple[str, int], set[Told]] = defaultdict(set)
        for each in named:
            wanted[each.code, each.number].add((each.calendar, each.tax_point))
        return {
            (row.tariff.code, row.number, told): self._version(row, *told)
            for row in rows.order_by("id")
            for told in wanted[row.tariff.code, row.number]
        }

    def _version(self, row: tariff_models.TariffVersion, calendar: int | None, point: TaxPoint | None) -> facts.Version:
        document = reading.read(row.document, holidays.calendars_at(calendar, at=self._as_of))
        if calendar is None:  # bills of before calendars were kept say nothing of theirs
            document = replace(document, holiday_calendar="", calendar_version=0)
        if point is not None:  # bills of before legal profiles say nothing, and are by delivery
            document = document.under(point)
        return facts.Version(row.pk, row.number, row.digest, LONG_AGO, None, document)


def _printed(points: Mapping[int, facts.Point]) -> dict[int, facts.Point]:
    """The language of a document is that of the bill, whatever was set at meters since."""
    return {key: each._replace(language="") for key, each in points.items()}


def _tariff(
    number: int, named: captured.Point, versions: Mapping[Key, facts.Version], point: facts.Point, bill: captured.Bill
) -> facts.Tariff:
    """The versions by which a meter point was priced, each for its own days."""
    found = []
    for place, each in enumerate(named.versions):
        version = versions.get((each.code, each.number, (each.calendar, each.tax_point)))
        if version is None or version.digest != each.digest:
            raise VersionGone(f"{each.code} {each.number}")
        is_final = place == len(named.versions) - 1
        first = LONG_AGO if not place else civil.local_date(each.from_at, point.zone)
        until = None if is_final else civil.local_date(each.until_at, point.zone)
        found.append(replace(version, first_day=first, until_day=until))
    code = named.versions[0].code if named.versions else ""
    return facts.Tariff(number, code, bill.plain["currency"], tuple(found))
