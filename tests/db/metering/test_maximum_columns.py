"""A file with energy and maximum demand side by side: the maximum may fall, and is not summed up."""

from __future__ import annotations

import pytest

from meterbook.foundation import scoping
from meterbook.kernel.quantity import Unit
from meterbook.metering import models, operations
from meterbook.metering.importing import targets
from meterbook.metering.importing.mapping import Mapping
from tests.factories import identity, imports, metering, sites


@pytest.mark.spec("M-026/7")
def test_maxima_come_with_a_file() -> None:
    organization = identity.organization()
    plans = (("energy_import", Unit.KWH), ("power_maximum", Unit.KW))
    metering.installed_meter(
        organization=organization,
        site=sites.site(organization=organization),
        code="MP-1",
        registers=tuple(operations.RegisterPlan(code, code, unit, 3) for code, unit in plans),
    )
    content = "Time;Reading kWh;MDI kW\n2026-03-01 00:00;100;50\n2026-04-01 00:00;250;12,5\n2026-05-01 00:00;300;20\n"
    named = {"Reading kWh": "energy_import", "MDI kW": "power_maximum"}
    columns = (targets.Target(name, "MP-1", code) for name, code in named.items())

    first = imports.load(organization, content.encode(), Mapping(columns=targets.written(columns)))
    again = imports.load(organization, content.encode(), Mapping(columns=first.mapping["columns"]))

    assert (first.inserted, again.inserted, again.unchanged) == (6, 0, 6)
    operations.derive_dirty_days(organization_id=organization.pk, actor=imports.ACTOR, at=imports.NOW)
    with scoping.scope([organization.pk], actor=imports.ACTOR):
        series = models.Series.objects.get(organization_id=organization.pk, code="power_maximum")
        rows = models.Reading.objects.filter(organization_id=organization.pk, series_id=series.pk).order_by("at")
        assert list(rows.values_list("value", flat=True)) == [50_000, 12_500, 20_000]
        assert not models.SeriesDay.objects.filter(organization_id=organization.pk, series_id=series.pk).exists()
        assert not models.SeriesFinding.objects.filter(organization_id=organization.pk, series_id=series.pk).exists()
