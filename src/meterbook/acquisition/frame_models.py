"""Frames that are kept: the bytes on the wire of readings where bills begin and end."""

from __future__ import annotations

from django.db import models

from meterbook.acquisition.bus_models import Bus as Bus  # the app's tables begin there
from meterbook.foundation import models as foundation_models
from meterbook.metering import models as metering_models


class KeptFrame(foundation_models.TenantTable):
    """A request and its answer as they went over the wire, of a reading at a local midnight; never changed.

    `at` is the instant of the reading, to the second. One row for each telegram or block that brought it. `bus` is
    where it was heard, `address` that of the device on it.
    """

    id = models.BigAutoField(primary_key=True)
    meter = models.ForeignKey(metering_models.Meter, on_delete=models.PROTECT)
    bus = models.ForeignKey(Bus, on_delete=models.PROTECT, db_index=False)
    address = models.CharField(max_length=16)
    at = models.DateTimeField()
    request = models.BinaryField()
    response = models.BinaryField()
    took_ms = models.IntegerField()

    privileges = foundation_models.APPEND
    append_only = True

    class Meta:
        constraints = (models.UniqueConstraint(fields=["meter", "at", "request"], name="kept_frame_once"),)

    def __str__(self) -> str:
        return f"{self.meter_id} {self.at}"
