"""Bills calculated anew from what is known now (B-75, correct), or by another tariff version (what-if)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from meterbook.billing.calculating import drafting, facts
from meterbook.customers import queries as customer_queries
from meterbook.kernel import quantity
from meterbook.tariffs import models as tariff_models

CHOSEN = 0  # the key of the chosen tariff; those of the database begin with 1
LONG_AGO = date(1900, 1, 1)


class Recalculator(drafting.Calculator):
    """Calculates accounts of a run for the shares that are handed in, whatever the run collected.

    :param version: prices all that it has the unit and currency for, whatever contracts say
    """

    def __init__(
        self,
        run: facts.Run,
        shares: Mapping[int, Sequence[facts.Share]],
        version: tariff_models.TariffVersion | None = None,
    ) -> None:
        super().__init__(run)
        self._shares = shares
        self._version = version

    def load(self, run: facts.Run, account_ids: Sequence[int], documents: facts.Documents) -> facts.Chunk:
        """This will return the accounts with their shares, and everything these name, as it is now."""
        shares = {each: list(self._shares.get(each, ())) for each in account_ids}
        every = [share for own in shares.values() for share in own]
        chunk = facts.Chunk(
            accounts=customer_queries.accounts_by_id(ids=account_ids),
            shares=shares,
            points=facts.load_points(run, {each.meter_point_id for each in every}),
            tariffs=facts.load_tariffs(run, {each.tariff_id for each in every if each.tariff_id}, documents),
        )
        return chunk if self._version is None else _chosen(chunk, self._version, documents)


def _chosen(chunk: facts.Chunk, version: tariff_models.TariffVersion, documents: facts.Documents) -> facts.Chunk:
    always = facts.Version(version.pk, version.number, version.digest, LONG_AGO, None, documents.of(version))
    tariff = facts.Tariff(CHOSEN, version.tariff.code, version.tariff.currency, (always,))
    shares = {
        account_id: [replace(each, tariff_id=CHOSEN) if _fits(chunk, each, tariff) else each for each in own]
        for account_id, own in chunk.shares.items()
    }
    return replace(chunk, shares=shares, tariffs={**chunk.tariffs, CHOSEN: tariff})


def _fits(chunk: facts.Chunk, share: facts.Share, tariff: facts.Tariff) -> bool:
    series = chunk.points[share.meter_point_id].series
    if series is None or chunk.accounts[share.account_id].currency != tariff.currency:
        return False
    try:
        quantity.factor(series.unit, tariff.versions[0].document.unit)
    except quantity.UnitMismatch:
        return False
    return True
