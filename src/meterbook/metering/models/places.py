"""Where meter points hung before they were moved."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models

from meterbook.foundation import models as foundation_models
from meterbook.metering.models.meters import MeterPoint
from meterbook.sites import models as site_models


class PointPlacement(foundation_models.TenantModel):
    """The place of a meter point during [from, to), before it was moved; `node` None: it had none.

    The time since the latest move has no row: that is `MeterPoint.node`.
    """

    meter_point = models.ForeignKey(MeterPoint, on_delete=models.PROTECT, related_name="placements")
    node = models.ForeignKey(site_models.SiteNode, on_delete=models.PROTECT, null=True, blank=True)
    during = DateTimeRangeField()

    class Meta:
        constraints = (
            ExclusionConstraint(
                name="point_at_one_place",
                expressions=[("meter_point", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
            ),
            models.CheckConstraint(condition=models.Q(during__upper_inf=False), name="point_placement_ended"),
        )

    def __str__(self) -> str:
        return f"{self.meter_point_id} at {self.node_id}"
