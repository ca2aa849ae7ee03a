"""Banks of energy fed in that wait since a change to a tariff without one, of contracts that end (B-08).

What they hold is known from the bills before; here is how it is settled: by the version that was in force with the
account when its earlier contract at the meter point ended.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.db.models import Exists, F, OuterRef

from meterbook.billing.calculating import account_facts, facts
from meterbook.billing.calculating.wanted import Wanted
from meterbook.customers import models as customer_models
from meterbook.foundation import many
from meterbook.kernel import civil
from meterbook.tariffs import models as tariff_models
from meterbook.tariffs import values as tariff_values
from meterbook.tariffs.rating import bank_waiting
from meterbook.tariffs.rating.bank_waiting import Waiting
from meterbook.tariffs.rating.document import TariffDocument

Place = tuple[int, int]  # account and meter point
_MOMENT = timedelta.resolution


def load(run: facts.Run, wanted: Sequence[Wanted]) -> dict[facts.Share, tuple[Waiting, ...]]:
    """This will return the banks that may wait for shares with which a contract ends; in one query where there is none.

    A share of a contract that ends, by a tariff that goes on with the banks of the one before, is left out.
    """
    ending = _ending(run, wanted)
    if not ending:
        return {}
    before = _before(run, {(each.share.account_id, each.point.id) for each in ending})
    documents = _Documents(run, {tariff_id for own in before.values() for tariff_id, _end in own})
    found = {}
    for each in ending:
        banks: dict[str, Waiting] = {}
        for tariff_id, ended in before[each.share.account_id, each.point.id]:
            day = civil.local_date(ended - _MOMENT, each.point.zone)
            document = documents.at(tariff_id, day)
            if ended <= each.share.period.end and document is not None:
                banks |= {bank.code: bank for bank in bank_waiting.of(document, each.final)}
        if banks:
            found[each.share] = tuple(banks[code] for code in sorted(banks))
    return found


def _ending(run: facts.Run, wanted: Sequence[Wanted]) -> list[Wanted]:
    """Shares with which a contract ends that follows one of the same account by another tariff."""
    by_contract = {each.share.contract_id: each for each in wanted if each.share.contract_id is not None}
    if not by_contract:
        return []
    contracts = customer_models.Contract.objects.filter(organization_id=run.organization_id)
    earlier = contracts.filter(
        account_id=OuterRef("account_id"),
        meter_point_id=OuterRef("meter_point_id"),
        during__endswith__lte=many.begins(OuterRef("during")),
    ).exclude(tariff_id=OuterRef("tariff_id"))
    rows = account_facts.ending(run, by_contract).filter(Exists(earlier)).order_by("id")
    ended = dict(rows.values_list("id", many.ends(F("during"))))
    return [each for each in wanted if ended.get(each.share.contract_id or 0) == each.share.period.end]


def _before(run: facts.Run, places: set[Place]) -> dict[Place, list[tuple[int, datetime]]]:
    """Tariffs and ends of the contracts that ended at meter points of accounts, the oldest first."""
    found: dict[Place, list[tuple[int, datetime]]] = defaultdict(list)
    contracts = customer_models.Contract.objects.filter(
        organization_id=run.organization_id,
        account_id__in={account_id for account_id, _point in places},
        meter_point_id__in={point_id for _account, point_id in places},
        during__endswith__isnull=False,
    )
    rows = contracts.order_by("during", "id").values_list("account_id", "meter_point_id", "tariff_id", "during")
    for account_id, point_id, tariff_id, during in rows:
        if (account_id, point_id) in places:
            found[account_id, point_id].append((tariff_id, during.upper))
    return found


class _Documents:
    """Published versions of tariffs; each is read once."""

    def __init__(self, run: facts.Run, tariff_ids: set[int]) -> None:
        versions = tariff_models.TariffVersion.objects.filter(
            organization_id=run.organization_id,
            tariff_id__in=tariff_ids,
            state=tariff_values.VersionState.PUBLISHED,
        )
        self._versions = list(versions.order_by("during", "id"))
        self._read = facts.Documents()

    def at(self, tariff_id: int, day: date) -> TariffDocument | None:
        """This will return the document in force on a day; None where there is none."""
        for each in self._versions:
            if each.tariff_id == tariff_id and each.during is not None and day in each.during:
                return self._read.of(each)
        return None
