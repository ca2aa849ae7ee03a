"""Bills calculated anew from what is known now (B-75, correct), or by another tariff version (what-if)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from meterbook.billing.calculating import chunks, drafting, facts, further
from meterbook.billing.calculating.remembering import Memory
from meterbook.billing.calculating.wanted import Wanted
from meterbook.customers import queries as customer_queries
from meterbook.kernel import quantity
from meterbook.tariffs import models as tariff_models
from meterbook.tariffs.rating.document import TariffDocument

CHOSEN = 0  # the key of the chosen tariff; those of the database begin with 1
LONG_AGO = date(1900, 1, 1)


class Recalculator(drafting.Calculator):
    """Calculates accounts of a run for the shares that are handed in, whatever the run collected.

    :param chosen: prices all that it has the unit and currency for, whatever contracts say; see `by_version`
    """

    def __init__(
        self,
        run: facts.Run,
        shares: Mapping[int, Sequence[facts.Share]],
        chosen: facts.Tariff | None = None,
    ) -> None:
        super().__init__(run)
        self._shares = shares
        self._chosen = chosen

    def load(self, run: facts.Run, account_ids: Sequence[int], documents: facts.Documents) -> facts.Chunk:
        """This will return the accounts with their shares, and everything these name, as it is now."""
        shares = {each: list(self._shares.get(each, ())) for each in account_ids}
        every = [share for own in shares.values() for share in own]
        chunk = facts.Chunk(
            accounts=self.accounts(account_ids),
            shares=shares,
            points=self.points(run, {each.meter_point_id for each in every}),
            tariffs=facts.load_tariffs(run, {each.tariff_id for each in every if each.tariff_id}, documents),
        )
        return chunk if self._chosen is None else self._by_chosen(chunk, _under(run, self._chosen))

    def accounts(self, ids: Sequence[int]) -> dict[int, customer_queries.AccountRow]:
        """This will return accounts by their ids."""
        return customer_queries.accounts_by_id(ids=ids)

    def points(self, run: facts.Run, ids: set[int]) -> dict[int, facts.Point]:
        """This will return meter points by their ids."""
        return facts.load_points(run, ids)

    def _by_chosen(self, chunk: facts.Chunk, tariff: facts.Tariff) -> facts.Chunk:
        shares = {
            account_id: [
                each._replace(tariff_id=CHOSEN) if self.is_chosen(chunk, each, tariff) else each for each in own
            ]
            for account_id, own in chunk.shares.items()
        }
        return replace(chunk, shares=shares, tariffs={**chunk.tariffs, CHOSEN: tariff})

    def is_chosen(self, chunk: facts.Chunk, share: facts.Share, tariff: facts.Tariff) -> bool:
        """This will tell whether the chosen tariff prices a share."""
        return _fits(chunk, share, tariff)


class Following(Recalculator):
    """Calculates bills that go on from what bills before them left by the same prices; see `Memory`."""

    def __init__(
        self, run: facts.Run, shares: Mapping[int, Sequence[facts.Share]], chosen: facts.Tariff, memory: Memory
    ) -> None:
        super().__init__(run, shares, chosen)
        self._memory = memory

    def rate(self, gathered: chunks.Gathered) -> chunks.Priced:
        """This will price accounts and remember what they leave behind: nothing, of those that forms are for."""
        priced = super().rate(gathered)
        self._memory.note(priced)
        return priced

    def besides(
        self, run: facts.Run, chunk: facts.Chunk, wanted: Sequence[Wanted], read: further.Read
    ) -> further.Further:
        """This will return what tariffs need besides usage, with what these prices left behind before."""
        return further.load_after(run, chunk, wanted, read, self._memory.look_back)


def by_version(version: tariff_models.TariffVersion, documents: facts.Documents) -> facts.Tariff:
    """This will return a tariff version (with its tariff) as one that is in force on all days."""
    return always(version.tariff.code, version.pk, version.number, version.digest, documents.of(version))


def always(code: str, version_id: int, number: int, digest: str, document: TariffDocument) -> facts.Tariff:
    """This will return a document as a tariff that is in force on all days."""
    version = facts.Version(version_id, number, digest, LONG_AGO, None, document)
    return facts.Tariff(CHOSEN, code, document.currency, (version,))


def _under(run: facts.Run, tariff: facts.Tariff) -> facts.Tariff:
    """The chosen tariff at the site of the run: its legal profile says which rate of a tax is due (B-34)."""
    versions = (replace(each, document=each.document.under(run.tax_point)) for each in tariff.versions)
    return replace(tariff, versions=tuple(versions))


def _fits(chunk: facts.Chunk, share: facts.Share, tariff: facts.Tariff) -> bool:
    series = chunk.points[share.meter_point_id].series
    if series is None or chunk.accounts[share.account_id].currency != tariff.currency:
        return False
    try:
        quantity.factor(series.unit, tariff.versions[0].document.unit)
    except quantity.UnitMismatch:
        return False
    return True
