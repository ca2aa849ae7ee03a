"""Somebody looks at series: the devices that feed them are asked more often for a while.

Nothing is stored: the notice reaches the running collector, which forgets it after 20 s; the page says it again.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db.models import Q

from meterbook.acquisition import models
from meterbook.foundation import bus as foundation_bus
from meterbook.foundation import operation, scoping
from meterbook.kernel.actor import Actor
from meterbook.metering import models as metering_models

WATCH = "watch"
MOST_DEVICES = 50  # of one page


@operation.operation
def watch_series(
    *,
    actor: Actor,
    at: datetime,
    series_ids: Collection[int],
    site_ids: Collection[int] | None,
    meter_point_ids: Collection[int] = (),
) -> int:
    """This will have the devices that feed these series now asked more often for the next 20 s of real time.

    It changes nothing that is stored, and is not audited. It answers how many devices that are; of more than 50 the
    first 50 in the order of their series are taken. Series that are not there or at other sites are passed over.

    :param site_ids: only series at these sites; None for all
    :param meter_point_ids: also series of these, wherever they are
    """
    organization_id = scoping.current().organization_id
    registers = metering_models.InstallationRegister.objects.filter(
        organization_id=organization_id, series_id__in=list(series_ids), installation__during__upper_inf=True
    )
    if site_ids is not None:
        registers = registers.filter(
            Q(series__meter_point__site_id__in=list(site_ids)) | Q(series__meter_point_id__in=list(meter_point_ids))
        )
    rank = {series_id: index for index, series_id in enumerate(series_ids)}
    meters: dict[int, int] = {}
    for series_id, meter_id in registers.values_list("series_id", "installation__meter_id"):
        meters[meter_id] = min(rank[series_id], meters.get(meter_id, rank[series_id]))
    devices = models.Device.objects.filter(
        organization_id=organization_id, meter_id__in=meters, is_enabled=True, bus__is_enabled=True
    ).values_list("pk", "meter_id")
    chosen = [pk for pk, _meter_id in sorted(devices, key=lambda found: (meters[found[1]], found[0]))][:MOST_DEVICES]
    if chosen:
        foundation_bus.notify(WATCH, organization_id, chosen)
    return len(chosen)
