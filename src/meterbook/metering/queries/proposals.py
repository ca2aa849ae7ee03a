"""Changes of billed time that wait for a second person (B-19)."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from meterbook.foundation import scoping
from meterbook.kernel import rounding
from meterbook.kernel.quantity import Unit
from meterbook.metering import models, values
from meterbook.metering.estimating.inputs import Method
from meterbook.metering.queries import standing
from meterbook.metering.validation.inputs import CorrectionKind

MOST = 200


@dataclass(frozen=True)
class ProposalRow:
    """A change of billed time that waits for a second person; `shown` is what a meter is said to have shown, `before`
    what counts until then, both with their unit; empty where there is none.
    """

    public_id: uuid.UUID
    meter_point: uuid.UUID
    point_id: int
    point_code: str
    point_name: str
    site_id: int
    kind: CorrectionKind
    at: datetime
    until: datetime | None
    method: Method | None
    used: Decimal | None
    before: str
    shown: str
    unit: str
    decimals: int
    made_of: Mapping[str, object]
    reason: str
    author: str
    author_id: int | None
    recorded_at: datetime


def list_proposals(
    *, meter_point: uuid.UUID | None = None, site_ids: Collection[int] | None = None
) -> list[ProposalRow]:
    """This will return the changes that wait for a second person, the oldest first.

    :param meter_point: only those of one
    :param site_ids: only those at these sites; None is everywhere
    """
    rows = models.CorrectionProposal.objects.filter(
        organization_id__in=scoping.current().organizations, state=values.ProposalState.WAITING
    )
    if meter_point is not None:
        rows = rows.filter(series__meter_point__public_id=meter_point)
    if site_ids is not None:
        rows = rows.filter(series__meter_point__site_id__in=list(site_ids))
    found = rows.select_related("series__meter_point").order_by("recorded_at", "id")[:MOST]
    return [
        ProposalRow(
            public_id=each.public_id,
            meter_point=each.series.meter_point.public_id,
            point_id=each.series.meter_point_id,
            point_code=each.series.meter_point.code,
            point_name=each.series.meter_point.name,
            site_id=each.series.meter_point.site_id,
            kind=CorrectionKind(each.kind),
            at=each.at,
            until=each.until,
            method=Method(each.method) if each.method else None,
            used=used_of(each.made_of, each.series.decimals),
            before=_counting(each),
            shown=str(each.made_of.get("shown", "")),
            unit=each.series.unit,
            decimals=each.series.decimals,
            made_of=each.made_of,
            reason=each.reason,
            author=each.author,
            author_id=each.author_id,
            recorded_at=each.recorded_at,
        )
        for each in found
    ]


def _counting(proposal: models.CorrectionProposal) -> str:
    """What the register shows at the instant of a proposed correction as long as nobody decides: "1300.00 kWh"; of
    intervals what was used in them."""
    if proposal.kind == CorrectionKind.INTERVALS:
        return str(proposal.made_of.get("before", ""))
    if proposal.kind not in (CorrectionKind.SET, CorrectionKind.EXCLUDE):
        return ""
    organizations, series_id = scoping.current().organizations, proposal.series_id
    register = models.InstallationRegister.objects.filter(
        organization_id__in=organizations, series_id=series_id, installation__during__contains=proposal.at
    ).first()
    readings = models.Reading.objects.filter(
        organization_id__in=organizations, series_id=series_id, at=proposal.at
    ).order_by("source")
    raw = standing.counting(readings).values_list("shown", flat=True).first()
    if register is None or raw is None:
        return ""
    number = Decimal(raw).scaleb(-register.decimals, context=rounding.EXACT)
    return f"{number:f} {Unit(register.unit).symbol}"


def proposal_states(*, public_ids: Collection[str]) -> dict[str, values.ProposalState]:
    """This will return what became of proposals, by public id."""
    rows = models.CorrectionProposal.objects.filter(
        organization_id__in=scoping.current().organizations, public_id__in=list(public_ids)
    )
    return {str(each): values.ProposalState(state) for each, state in rows.values_list("public_id", "state")}


def is_proposal_of(*, meter_point: uuid.UUID, proposal: uuid.UUID) -> bool:
    """This will tell whether there is such a proposal about a meter point, decided or not."""
    found = models.CorrectionProposal.objects.filter(
        organization_id__in=scoping.current().organizations,
        public_id=proposal,
        series__meter_point__public_id=meter_point,
    )
    return found.exists()


def used_of(made_of: Mapping[str, object], decimals: int) -> Decimal | None:
    """This will return what an estimate says was used, in the series' unit."""
    used = made_of.get("used")
    return Decimal(used).scaleb(-decimals, context=rounding.EXACT) if isinstance(used, int) else None
