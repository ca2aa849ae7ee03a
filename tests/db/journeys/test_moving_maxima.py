"""A register of maximum demand at a move: it is asked for with the others, and may show less than before."""

from __future__ import annotations

from datetime import timedelta

import pytest

from meterbook.foundation import scoping
from meterbook.journeys import readings
from meterbook.kernel.quantity import Unit
from meterbook.metering import models as metering_models
from meterbook.metering import operations as metering_operations
from meterbook.metering.values import Source
from tests.factories import billing, identity, metering, sites

START = billing.FEBRUARY.starts_at
LEFT, NOW = START + timedelta(days=10), START + timedelta(days=20)


@pytest.mark.spec("M-026/7")
def test_it_is_read_with_the_others() -> None:
    organization = identity.organization()
    units = {"energy_import": Unit.KWH, "power_maximum": Unit.KW}
    meter = metering.installed_meter(
        organization=organization,
        site=sites.site(organization=organization),
        model_code="imported",
        registers=tuple(metering_operations.RegisterPlan(code, code, unit, 3) for code, unit in units.items()),
    )
    for code in units:
        metering.record(meter.series[code], [(START, 9_000)], source=Source.FIELD)
    point = meter.point.public_id
    given = {
        readings.key_of(point, code): {"origin": "PERSON", "value": value}
        for code, value in (("", "10"), ("power_maximum", "2.5"))
    }

    with scoping.scope([organization.pk], actor=identity.ACTOR):
        metering_operations.make_room(LEFT)
        (faces,) = readings.faces_at(meter_point_ids=[meter.point.pk], instant=LEFT, at=NOW).values()
        seen = readings.keep(actor=identity.ACTOR, at=NOW, faces=faces, instant=LEFT, given=given)

    assert [each.series_code for each in faces] == list(units)
    assert {code: each.value for code, each in seen.further.items()} == {"power_maximum": 2.5}
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        found = metering_models.Reading.objects.filter(
            organization_id=organization.pk, series_id=meter.series["power_maximum"].pk
        )
        assert list(found.order_by("at").values_list("value", flat=True)) == [9_000, 2_500]
