"""Lines that devices share."""

from __future__ import annotations

from django.db import models

from meterbook.acquisition import gateway_models, values
from meterbook.foundation import models as foundation_models
from meterbook.sites import models as site_models


class Bus(foundation_models.TenantModel):
    """A line that devices share: one request at a time. Times are real milliseconds.

    `host` of a serial port is its path, and its `port` is 0. `pause_ms` lie between two exchanges.
    """

    site = models.ForeignKey(site_models.Site, on_delete=models.PROTECT)
    name = models.CharField(max_length=100)
    protocol = models.CharField(max_length=20)
    host = models.CharField(max_length=253)
    port = models.IntegerField(default=502)
    timeout_ms = models.IntegerField(default=1000)
    retries = models.SmallIntegerField(default=2)
    is_enabled = models.BooleanField(default=True)
    baud = models.IntegerField(default=9_600, db_default=9_600)
    parity = models.CharField(max_length=1, default="N", db_default="N")
    stop_bits = models.SmallIntegerField(default=1, db_default=1)
    pause_ms = models.IntegerField(default=0, db_default=0)
    # Who asks it: the gateway at the site, or else our collector.
    gateway = models.ForeignKey(gateway_models.Gateway, null=True, blank=True, on_delete=models.PROTECT)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["site", "name"], name="bus_name_once_a_site"),
            models.CheckConstraint(
                condition=models.Q(protocol__in=[each.value for each in values.BusProtocol]), name="bus_protocol_known"
            ),
            models.CheckConstraint(
                condition=models.Q(port__range=(1, 65_535))
                | models.Q(protocol__endswith="SERIAL", port=0)
                | models.Q(protocol="HTTP", port=0),
                name="bus_port_possible",
            ),
            models.CheckConstraint(condition=models.Q(baud__in=values.BAUDS), name="bus_baud_possible"),
            models.CheckConstraint(
                condition=models.Q(parity__in=[each.value for each in values.Parity]), name="bus_parity_possible"
            ),
            models.CheckConstraint(condition=models.Q(stop_bits__in=values.STOP_BITS), name="bus_stop_bits_possible"),
            models.CheckConstraint(
                condition=models.Q(pause_ms__range=(0, values.LONGEST_PAUSE_MS)), name="bus_pause_possible"
            ),
            models.CheckConstraint(condition=models.Q(timeout_ms__range=(50, 60_000)), name="bus_timeout_possible"),
            models.CheckConstraint(condition=models.Q(retries__range=(0, 10)), name="bus_retries_possible"),
        )

    def __str__(self) -> str:
        return self.name
