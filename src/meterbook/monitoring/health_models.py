"""How lines and meters answered, hour by hour."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from meterbook.acquisition import models as acquisition_models
from meterbook.foundation import models as foundation_models


class LineHour(foundation_models.TenantTable):
    """What came of the questions of one hour (product time) to a bus, or to one device of it.

    `strange` answers belonged to another question, `lost` are those without a connection. `busy_ms` is the real time
    that questions took, `watched_ms` the real time in which the bus was asked at all (of buses only). `buckets` counts
    answers by how long they took (`values.BUCKETS_MS`). A skew is how long after the beginning of its slot a counter
    was read, in product time; `clock_ms` how far the device's own clock was off when it told it latest.
    """

    id = models.BigAutoField(primary_key=True)
    bus = models.ForeignKey(acquisition_models.Bus, on_delete=models.PROTECT)
    device = models.ForeignKey(acquisition_models.Device, null=True, blank=True, on_delete=models.PROTECT)
    hour = models.DateTimeField()
    asked = models.IntegerField()
    answered = models.IntegerField()
    timeouts = models.IntegerField()
    damaged = models.IntegerField()
    strange = models.IntegerField()
    refused = models.IntegerField()
    lost = models.IntegerField()
    busy_ms = models.BigIntegerField()
    watched_ms = models.BigIntegerField()
    buckets = ArrayField(models.IntegerField())
    skews = models.IntegerField()
    skew_ms = models.BigIntegerField()
    skew_most_ms = models.BigIntegerField()
    clock_ms = models.BigIntegerField(null=True, blank=True)
    clock_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["bus", "device", "hour"], name="line_hour_once", nulls_distinct=False),
            models.CheckConstraint(
                condition=models.Q(
                    asked=models.F("answered")
                    + models.F("timeouts")
                    + models.F("damaged")
                    + models.F("strange")
                    + models.F("refused")
                    + models.F("lost")
                ),
                name="line_hour_adds_up",
            ),
            models.CheckConstraint(condition=models.Q(buckets__len=8), name="line_hour_has_all_buckets"),
        )
        indexes = (models.Index(fields=["organization_id", "hour"], name="line_hour_by_time"),)

    def __str__(self) -> str:
        return f"{self.answered} of {self.asked}"
