"""A portion of history priced by what contracts say and by other prices; blocks are read once for both."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from meterbook.billing import content, models
from meterbook.billing.calculating import checking, chunks, facts, further, measured, settling, usage
from meterbook.billing.calculating.remembering import Memory
from meterbook.billing.calculating.wanted import Wanted
from meterbook.billing.content import settlements
from meterbook.billing.correcting import anew
from meterbook.billing.whatif.history import Portion
from meterbook.customers import queries as customer_queries
from meterbook.kernel import civil
from meterbook.metering.values import Service
from meterbook.tariffs import models as tariff_models
from meterbook.tariffs import values as tariff_values
from meterbook.tariffs.rating.tax_points import TaxPoint


@dataclass(frozen=True)
class Only:
    """What of the accounts' time the chosen prices are for: by this tariff until now, of this service, at these meter
    points; None: all.
    """

    tariff_id: int | None = None
    service: Service | None = None
    points: frozenset[int] | None = None

    def fits(self, share: facts.Share, point: facts.Point) -> bool:
        """This will tell whether a share is among it."""
        is_tariff = self.tariff_id is None or share.tariff_id == self.tariff_id
        is_point = self.points is None or point.id in self.points
        return is_tariff and is_point and (self.service is None or point.service is self.service)


@dataclass
class Reader:
    """Reads day blocks of a portion once, however often they are priced."""

    held: dict[tuple[Any, ...], usage.Blocks] = field(default_factory=dict)

    def read(
        self, *, organization_id: int, series_ids: Sequence[int], step: int, first: date, until: date
    ) -> usage.Blocks:
        """This will return blocks as `usage.load`."""
        key = tuple(series_ids), step, first, until
        if key not in self.held:
            self.held[key] = usage.load(
                organization_id=organization_id, series_ids=series_ids, step=step, first=first, until=until
            )
        return self.held[key]


@dataclass
class Known:
    """Accounts and meter points that were read already; they are the same in every portion."""

    accounts: dict[int, customer_queries.AccountRow] = field(default_factory=dict)
    points: dict[int, facts.Point] = field(default_factory=dict)

    def accounts_of(self, ids: Sequence[int]) -> dict[int, customer_queries.AccountRow]:
        """This will return accounts by their ids."""
        missing = [each for each in ids if each not in self.accounts]
        if missing:
            self.accounts |= customer_queries.accounts_by_id(ids=missing)
        return {each: self.accounts[each] for each in ids}

    def points_of(self, run: facts.Run, ids: set[int]) -> dict[int, facts.Point]:
        """This will return meter points of the run's site by their ids."""
        missing = ids - self.points.keys()
        if missing:
            self.points |= facts.load_points(run, missing)
        return {each: self.points[each] for each in sorted(ids)}


class Current:
    """The versions in force today, for days from before a tariff had one; in one query."""

    def __init__(self, documents: facts.Documents, now: datetime) -> None:
        self._documents, self._now = documents, now
        self._versions: dict[tuple[int, date, TaxPoint], dict[int, facts.Version]] = {}

    def of(self, run: facts.Run) -> dict[int, facts.Version]:
        """This will return the versions by their tariffs, as of the day at the site."""
        key = run.organization_id, civil.local_date(self._now, ZoneInfo(run.zone.key)), run.tax_point
        if key not in self._versions:
            rows = tariff_models.TariffVersion.objects.filter(
                organization_id=key[0], state=tariff_values.VersionState.PUBLISHED, during__contains=key[1]
            )
            self._versions[key] = {
                each.tariff_id: facts.Version(
                    each.pk, each.number, each.digest, anew.LONG_AGO, None, self._documents.of(each, run.tax_point)
                )
                for each in rows.order_by("id")
            }
        return self._versions[key]


@dataclass(frozen=True)
class Filled(facts.Tariff):
    """A tariff whose days without a version have that of today."""

    usual: facts.Version | None = None

    def _at(self, day: date) -> facts.Version | None:
        return super()._at(day) or self.usual


class Repricer(anew.Recalculator):
    """Prices one portion; see `Session`."""

    def __init__(self, portion: Portion, chosen: facts.Tariff | None, session: Session, memory: Memory) -> None:
        super().__init__(portion.run, portion.shares, chosen)
        self.documents = session.documents
        self._session, self._memory, self._is_issued = session, memory, bool(portion.issued)

    def load(self, run: facts.Run, account_ids: Sequence[int], documents: facts.Documents) -> facts.Chunk:
        """This will return the accounts; time without a bill is priced by today's version where none was in force."""
        chunk = super().load(run, account_ids, documents)
        if self._is_issued:
            return chunk
        usual = self._session.current.of(run)
        filled: dict[int, facts.Tariff] = {
            key: Filled(each.id, each.code, each.currency, each.versions, usual.get(key))
            for key, each in chunk.tariffs.items()
            if key != anew.CHOSEN
        }
        return replace(chunk, tariffs={**chunk.tariffs, **filled})

    def accounts(self, ids: Sequence[int]) -> dict[int, customer_queries.AccountRow]:
        """This will return accounts, each read once for all portions."""
        return self._session.known.accounts_of(ids)

    def points(self, run: facts.Run, ids: set[int]) -> dict[int, facts.Point]:
        """This will return meter points, each read once for all portions."""
        return self._session.known.points_of(run, ids)

    def is_chosen(self, chunk: facts.Chunk, share: facts.Share, tariff: facts.Tariff) -> bool:
        """This will tell whether the chosen prices are for a share."""
        return self._session.only.fits(share, chunk.points[share.meter_point_id]) and super().is_chosen(
            chunk, share, tariff
        )

    def read(
        self, *, organization_id: int, series_ids: Sequence[int], step: int, first: date, until: date
    ) -> usage.Blocks:
        """This will return blocks, which are read once."""
        return self._session.reader.read(
            organization_id=organization_id, series_ids=series_ids, step=step, first=first, until=until
        )

    def besides(
        self, run: facts.Run, chunk: facts.Chunk, wanted: Sequence[Wanted], read: further.Read
    ) -> further.Further:
        """This will return what tariffs need besides usage, with what these prices left behind before."""
        return further.load_after(run, chunk, wanted, read, self._memory.look_back)


@dataclass(frozen=True)
class Compared:
    """What a portion came to by both prices; accounts that are held are in `held` alone."""

    before: Mapping[int, Decimal]
    after: Mapping[int, Decimal]
    held: Mapping[int, Sequence[checking.Held]]
    priced: chunks.Priced


class Session:
    """Prices portions one after the other, in the order of time."""

    def __init__(self, first_day: date, chosen: facts.Tariff | None, only: Only, now: datetime) -> None:
        self.chosen, self.only = chosen, only
        self.documents, self.reader, self.known = facts.Documents(), Reader(), Known()
        self.current = Current(self.documents, now)
        self._before, self._after = Memory(None), Memory(first_day)
        self._repriced: set[str] = set()  # public ids of bills

    def compare(self, portion: Portion) -> Compared:
        """This will price a portion: before is what was billed or, where nothing was, what contracts say."""
        self.reader.held.clear()
        accounts = portion.accounts
        after = self._price(portion, self.chosen, self._after)
        settled = _settled(portion, self._repriced)
        self._after.settle(portion.run.first_day, settled)
        amounts = _amounts(portion, after, settled)
        if portion.issued:
            before = {each: portion.issued[each].total for each in accounts}
            held = {key: reasons for key, reasons in after.held.items() if reasons}
            self._before.forget(set(accounts))
            self._repriced |= {str(each.public_id) for key, each in portion.issued.items() if key not in held}
        elif self.chosen is None:
            before, held = amounts, {key: reasons for key, reasons in after.held.items() if reasons}
        else:
            current = self._price(portion, None, self._before)
            before = _amounts(portion, current, settled)
            held = {key: reasons for key in accounts if (reasons := after.held.get(key) or current.held.get(key))}
        return Compared(_without(before, held), _without(amounts, held), held, after)

    def _price(self, portion: Portion, chosen: facts.Tariff | None, memory: Memory) -> chunks.Priced:
        priced = Repricer(portion, chosen, self, memory).price(portion.accounts)
        memory.note(priced)
        return priced


def _without(amounts: Mapping[int, Decimal], held: Mapping[int, object]) -> dict[int, Decimal]:
    return {key: amount for key, amount in amounts.items() if key not in held}


def _amounts(
    portion: Portion, priced: chunks.Priced, settled: Mapping[int, Sequence[settlements.Plain]]
) -> dict[int, Decimal]:
    """What accounts would be billed: their charges, shared costs and settlements, each tax once."""
    by_account = measured.by_account(priced.pieces)
    found = {}
    for account_id in portion.accounts:
        if priced.held.get(account_id):
            continue
        own = [(priced.rated[id(each)][1], each.version.document.mode) for each in by_account.get(account_id, ())]
        currency = priced.chunk.accounts[account_id].currency
        net, taxes, total = content.sums(own, priced.borne.of(account_id), currency)
        if account_id in settled:
            written = [content.written_tax(each) for each in taxes]
            _net, _taxes, total = settlements.summed(net, written, settled[account_id], currency)
        found[account_id] = total
    return found


def _settled(portion: Portion, repriced: Collection[str]) -> dict[int, Sequence[settlements.Plain]]:
    """What the bills settle of earlier ones, by account: that stays as it is, unless the earlier bill is priced anew.

    A January that was estimated is priced from the readings that came since, so nothing of it is left to settle.
    """
    drafts = {each.draft_id: account_id for account_id, each in portion.issued.items()}
    if not drafts:
        return {}
    true_ups = models.TrueUp.objects.filter(organization_id=portion.run.organization_id, draft_id__in=list(drafts))
    rows = models.BillDraft.objects.filter(
        organization_id=portion.run.organization_id, pk__in=true_ups.values("draft_id")
    )
    return {
        drafts[pk]: settling.left(
            portion.run.organization_id, json.loads(bytes(data)).get(settlements.KEY, ()), repriced
        )
        for pk, data in rows.order_by("id").values_list("id", "content")
    }


def touched(pieces: Iterable[measured.Piece], chosen: facts.Tariff | None) -> list[measured.Piece]:
    """This will return the pieces that the chosen prices are for; where none were chosen, all."""
    return [each for each in pieces if chosen is None or each.tariff.id == chosen.id]
