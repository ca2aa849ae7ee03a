"""How far the commissioning of a bus is: the search of its addresses, and the meters that were found there."""

from __future__ import annotations

from django.db import models

from meterbook.acquisition import bus_models
from meterbook.acquisition.values import BY_SELECTION
from meterbook.foundation import models as foundation_models


class Commissioning(foundation_models.TenantModel):
    """The search of a bus, one a bus. `next_unit` is the first address that was not asked yet.

    `pending` are the masks that a search by numbers (M-Bus) has still to try, the latest first; None while nobody began
    one, empty when it is over. While it is not None addresses are not asked.
    `search` is the part that waits for its answer (the public id of a `Probe`, which is kept a day); `problem` as
    `values.Problem.as_json` says why the search stands.
    """

    bus = models.OneToOneField(bus_models.Bus, on_delete=models.PROTECT)
    next_unit = models.SmallIntegerField()
    pending = models.JSONField(null=True, blank=True)
    search = models.UUIDField(null=True, blank=True)
    is_stopped = models.BooleanField(default=False)
    problem = models.JSONField(null=True, blank=True)
    begun_at = models.DateTimeField()
    begun_by = models.CharField(max_length=200)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=models.Q(next_unit__range=(0, 251)), name="commissioning_unit_possible"),
        )

    def __str__(self) -> str:
        return f"from {self.next_unit}"


class FoundMeter(foundation_models.TenantModel):
    """What answered at an address of a bus, all that it sent, and what somebody chose and typed about it.

    One that was found by its number has that as `secondary` (16 digits), and as `unit_id` that of the selection.
    `question` is the errand that waits for its answer, `errand` of which kind (`values.Errand`). `answers` as
    `commissioning.survey.Sent.as_json`; `records`, `kin` and `device` as `operations.ProbeAnswer` stores them; a
    `device` that is empty was asked for its SunSpec models and has none.
    `scale` multiplies what the model says ("0.001"); `notes` are the texts of fields, as they were typed.
    """

    commissioning = models.ForeignKey(Commissioning, on_delete=models.PROTECT)
    unit_id = models.SmallIntegerField()
    secondary = models.CharField(max_length=16, blank=True, default="", db_default="")
    found_at = models.DateTimeField()
    question = models.UUIDField(null=True, blank=True)
    errand = models.CharField(max_length=10, blank=True, default="")
    answers = models.JSONField(default=dict)
    records = models.JSONField(default=list)
    kin = models.JSONField(null=True, blank=True)
    device = models.JSONField(null=True, blank=True)
    is_surveyed = models.BooleanField(default=False)
    surveyed_at = models.DateTimeField(null=True, blank=True)
    problem = models.JSONField(null=True, blank=True)
    model_code = models.CharField(max_length=60, blank=True, default="")
    byte_order = models.CharField(max_length=4, blank=True, default="")
    scale = models.CharField(max_length=12, default="1")
    notes = models.JSONField(default=dict)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["commissioning", "unit_id", "secondary"], name="found_meter_once_an_address"
            ),
            models.CheckConstraint(
                condition=models.Q(secondary="", unit_id__range=(0, 250))
                | (~models.Q(secondary="") & models.Q(unit_id=BY_SELECTION)),
                name="found_meter_unit_possible",
            ),
        )

    def __str__(self) -> str:
        return f"address {self.secondary or self.unit_id}"
