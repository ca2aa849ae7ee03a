"""By which tariff the landlord's account pays for vacant time: its own, or of another service the default there.

An account names one tariff of vacant units, and units have meters of several services: where that tariff prices
another quantity than the meter counts, the default tariff of the meter's group holds (M-057). Needs a running scope.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from meterbook.customers import models, tariff_defaults
from meterbook.foundation import scoping
from meterbook.kernel import civil, quantity
from meterbook.kernel.period import Period
from meterbook.kernel.quantity import Unit
from meterbook.metering import models as metering_models
from meterbook.metering import values as metering_values
from meterbook.tariffs import models as tariff_models

Service = metering_values.Service


def choose(
    *, gaps: Mapping[int, Sequence[Period]], landlords: Mapping[int, models.Account]
) -> dict[tuple[int, Period], int | None]:
    """This will return the tariff (internal id) of each gap at each meter point (internal id); None: there is none.

    :param landlords: whose account pays, by meter point
    """
    own = {point: landlords[point].vacancy_tariff_id for point, found in gaps.items() if found and point in landlords}
    units = _units({each for each in own.values() if each is not None})
    points = metering_models.MeterPoint.objects.filter(
        organization_id__in=scoping.current().organizations, pk__in=own
    ).select_related("site")
    asked = [
        (point, gap)
        for point in points.order_by("id")
        if not _is_priced(units.get(own[point.pk] or 0), Service(point.service))
        for gap in gaps[point.pk]
    ]
    rows = tariff_defaults.defaults_for(
        [(point, None, civil.local_date(gap.start, point.zone)) for point, gap in asked]
    )
    found = {(point, gap): tariff for point, tariff in own.items() for gap in gaps[point]}
    return found | {(point.pk, gap): row.tariff_id for (point, gap), row in zip(asked, rows, strict=True) if row}


def _units(tariffs: set[int]) -> dict[int, Unit]:
    """What tariffs price, by their newest versions."""
    versions = tariff_models.TariffVersion.objects.filter(
        organization_id__in=scoping.current().organizations, tariff_id__in=tariffs
    )
    rows = versions.order_by("number", "id").values_list("tariff_id", "document__unit")
    return {tariff: Unit(unit or Unit.KWH) for tariff, unit in rows}


def _is_priced(priced: Unit | None, service: Service) -> bool:
    if priced is None or service not in metering_values.COUNTED_SERIES:
        return False
    counted = metering_values.series_type(metering_values.COUNTED_SERIES[service]).unit
    if service is Service.GAS and counted is Unit.M3:  # its cubic meters have an energy, too
        return any(_converts(each, priced) for each in (counted, Unit.KWH))
    return _converts(counted, priced)


def _converts(counted: Unit, priced: Unit) -> bool:
    try:
        quantity.factor(counted, priced)
    except quantity.UnitMismatch:
        return False
    return True
