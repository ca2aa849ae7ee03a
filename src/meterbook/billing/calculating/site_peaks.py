"""The instant at which a site took the most: of its main meters together (B-43)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import numpy as np

from meterbook.billing import values
from meterbook.billing.calculating import facts, usage
from meterbook.metering import models as metering_models
from meterbook.metering.values import PointRole, Service


def find(run: facts.Run, read: Callable[..., usage.Blocks]) -> datetime | None:
    """This will return the start of the first interval of the run's period in which the main meters counted the most.

    None: the site has no main meter for electricity, or its meters count in different intervals.
    """
    rows = metering_models.Series.objects.filter(
        organization_id=run.organization_id,
        meter_point__site_id=run.site_id,
        meter_point__role=PointRole.MAIN.value,
        meter_point__service=Service.ELECTRICITY.value,
        code=values.BILLED_SERIES[Service.ELECTRICITY],
    )
    found = list(rows.order_by("id").values_list("id", "step", "unit", "decimals"))
    if not found or len({each[1:] for each in found}) > 1:
        return None
    step = found[0][1]
    first, until = usage.utc_days(run.period)
    blocks = read(
        organization_id=run.organization_id, series_ids=[each[0] for each in found], step=step, first=first, until=until
    )
    columns = blocks.columns(run.period)
    total = blocks.values[[blocks.row_of[each[0]] for each in found], columns].sum(axis=0)
    return run.period.start + int(np.argmax(total)) * timedelta(minutes=step)
