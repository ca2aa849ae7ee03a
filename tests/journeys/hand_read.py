"""A house of meters without communication, and who lives by their readings."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from meterbook.audit import models as audit_models
from meterbook.foundation import scoping
from meterbook.metering import models
from meterbook.metering.values import Source
from meterbook.sites import operations as site_operations
from meterbook.sites import values as site_values
from tests.factories import identity, metering, sites
from tests.journeys import house

UNITS = 4


def picture() -> SimpleUploadedFile:
    """This will return a photo of a display as a phone sends it."""
    written = io.BytesIO()
    Image.new("RGB", (40, 30), "white").save(written, "PNG")
    return SimpleUploadedFile("display.png", written.getvalue())


NOW = datetime(2026, 12, 1, 9, 30, tzinfo=UTC)  # 10:30 in Madrid
NOVEMBER, DECEMBER = datetime(2026, 10, 31, 23, tzinfo=UTC), datetime(2026, 11, 30, 23, tzinfo=UTC)
OCTOBER = datetime(2026, 9, 30, 22, tzinfo=UTC)
AT = "2026-12-01T00:00"


class House(house.House):
    """Units "Piso 10", "Piso 9", ... with a meter each: 1,000.00 kWh in October, 1,300.00 in November; no device."""

    def __init__(self) -> None:
        super().__init__()
        self.site = sites.site(organization=self.organization, time_zone="Europe/Madrid", name="Casa Sol")
        self.meters = [self.hang(number) for number in range(10, 10 - UNITS, -1)]

    def hang(self, number: int) -> metering.Installed:
        with scoping.scope([self.organization.pk], actor=identity.ACTOR):
            unit = site_operations.create_node(
                actor=identity.ACTOR,
                at=OCTOBER,
                site=self.site,
                kind=site_values.NodeKind.UNIT,
                code=f"P{number}",
                name=f"Piso {number}",
            )
        made = metering.installed_meter(
            organization=self.organization,
            site=self.site,
            node=unit,
            code=f"E{number}-{self.organization.pk}",
            registers=(metering.ENERGY,),
        )
        metering.record(made.energy, [(OCTOBER, 100_000), (NOVEMBER, 130_000)], source=Source.FIELD)
        return made

    @property
    def page(self) -> str:
        return self.path("readings_enter")

    def key(self, place: int) -> str:
        return str(self.meters[place].point.public_id)

    def send(self, client: Client | None = None, *, save: str = "", part: bool = False, **given: object) -> Any:  # noqa: ANN401
        """`given` are fields by place: value_0, reason_2."""
        body: dict[str, object] = {"at": AT, "save": save}
        for name, text in given.items():
            what, _, place = name.rpartition("_")
            body[f"{self.key(int(place))}-{what}"] = text
        more = {"headers": {"X-Requested-With": "fetch"}} if part else {}
        return (client or self.client).post(self.page, body, **more)

    def readings(self, place: int) -> list[tuple[datetime, int]]:
        series = self.meters[place].energy
        with scoping.scope([self.organization.pk], actor=identity.ACTOR):
            rows = models.Reading.objects.filter(organization_id=self.organization.pk, series_id=series.pk)
            return list(rows.order_by("at").values_list("at", "value"))

    def audited(self) -> list[audit_models.AuditEntry]:
        with scoping.scope([self.organization.pk], actor=identity.ACTOR):
            found = audit_models.AuditEntry.objects.filter(organization_id=self.organization.pk)
            return list(found.filter(action__in=("metering:note_reading", "metering:correct_reading")).order_by("id"))
