"""What a tariff needs besides energy where it prices a shared cost: what no account has to say."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from meterbook.billing.calculating import account_facts, checking, facts, gas, pool_gauges, site_peaks, usage
from meterbook.billing.calculating.wanted import Wanted
from meterbook.kernel.period import Period
from meterbook.metering.values import Service
from meterbook.tariffs.rating import converting, fold, needs
from meterbook.tariffs.rating.document import TariffDocument
from meterbook.tariffs.rating.inputs import Inputs
from meterbook.tariffs.rating.lines import Rated
from meterbook.tariffs.rating.plan import Plan

NOBODY = 0  # the account of a shared cost: those of the database begin with 1


def load(
    run: facts.Run, gauge: pool_gauges.Gauge, cut: Period, document: TariffDocument
) -> tuple[Inputs, list[checking.Held]]:
    """This will return prices by the hour, invoices, facts of the place, the site's peak and what its gas holds.

    With why the cost is not known yet, where a value of the gas lacks.
    """
    series = gauge.series
    converts_gas = series is not None and gas.converts(Service(gauge.service), series.unit, document.unit)
    wants = needs.of(document)
    if wants.is_nothing and not converts_gas:
        return Inputs(), []
    point = facts.load_points(run, {gauge.point_id})[gauge.point_id]
    share = facts.Share(NOBODY, gauge.point_id, None, None, cut)
    wanted = Wanted(share, point, cut, wants, document, converts_gas=converts_gas)
    known, burned = account_facts.Known.load(run, [wanted]), gas.load(run, [wanted])
    inputs = Inputs(
        facts=known.facts(wanted),
        invoices=known.invoices,
        keys=known.keys,
        price_series=known.prices,
        site_peak=site_peaks.find(run, usage.load) if wants.site_peak else None,
        conversions=burned.conversions.get((NOBODY, gauge.point_id), ()),
        whole_days=(run.until_day - run.first_day).days,
    )
    return inputs, list(burned.held.get(NOBODY, ()))


def rate(plan: Plan, values: NDArray[np.int64], step: timedelta, inputs: Inputs) -> Rated:
    """This will price the intervals of one meter, shape (n,), a volume of gas as the energy that it held.

    :raises UsageMisfit: when the tariff needs something else, such as a fact that only accounts have
    """
    matrix = values[None, :]
    if inputs.conversions:
        plan, matrix = converting.convert(plan, matrix, step, inputs.conversions)
    further = None if inputs.is_nothing else fold.Further(inputs=[inputs])
    return next(iter(fold.rate_matrix(plan, matrix, step, further)))
