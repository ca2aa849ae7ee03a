"""Meters, series and readings for tests, made through the operations that users have."""

from __future__ import annotations

import itertools
import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.kernel.actor import Actor
from meterbook.kernel.quality import Quality
from meterbook.kernel.quantity import Unit
from meterbook.metering import models, operations, queries, values
from meterbook.metering.estimating.inputs import Method
from meterbook.metering.operations import counting
from meterbook.metering.validation.inputs import CorrectionKind
from meterbook.sites import models as site_models
from tests.factories import sites

ACTOR = Actor.system("factory")
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
FIRST_DAY = date(2020, 1, 1)
_numbers = itertools.count(1)

ENERGY = operations.RegisterPlan("energy_import", "energy_import", Unit.KWH, 2, wrap=None)
POWER = operations.RegisterPlan("power", "power", Unit.W, 0)


@dataclass(frozen=True)
class Installed:
    """A meter at its point, and its series by code."""

    organization_id: int
    point: models.MeterPoint
    meter: models.Meter
    installation: models.Installation
    series: dict[str, models.Series]

    @property
    def energy(self) -> models.Series:
        """The series of imported energy."""
        return self.series["energy_import"]


def meter(*, organization_id: int, model_code: str = "eastron_sdm630", is_primary: bool = False) -> models.Meter:
    """This will make a meter that hangs nowhere; outside a scope."""
    with scoping.scope([organization_id], actor=ACTOR):
        return operations.create_meter(
            actor=ACTOR,
            at=LONG_AGO,
            organization_id=organization_id,
            serial_number=f"SN{next(_numbers):06}",
            model_code=model_code,
            is_primary=is_primary,
        )


def installed_meter(
    *,
    organization: identity_models.Organization,
    site: site_models.Site | None = None,
    code: str | None = None,
    name: str = "Shop 12",
    service: values.Service = values.Service.ELECTRICITY,
    model_code: str = "eastron_sdm630",
    starts_at: datetime = LONG_AGO,
    registers: tuple[operations.RegisterPlan, ...] = (ENERGY, POWER),
    multiplier: Fraction = Fraction(1),
    rated_per_hour: Decimal | None = None,
    is_primary: bool = False,
    node: site_models.SiteNode | None = None,
    role: values.PointRole = values.PointRole.TENANT,
) -> Installed:
    """This will make a meter point with a meter that counts since long ago; outside a scope."""
    place = site if site is not None else sites.site(organization=organization)
    hanging = meter(organization_id=organization.pk, model_code=model_code, is_primary=is_primary)
    with scoping.scope([organization.pk], actor=ACTOR):
        point = operations.create_meter_point(
            actor=ACTOR,
            at=LONG_AGO,
            site=place,
            node=node,
            code=code or f"MP{next(_numbers)}",
            name=name,
            service=service,
            role=role,
        )
        installation = operations.install_meter(
            actor=ACTOR,
            at=LONG_AGO,
            meter_point=point,
            meter=hanging,
            starts_at=starts_at,
            registers=registers,
            multiplier=multiplier,
            rated_per_hour=rated_per_hour,
        )
        series = models.Series.objects.filter(organization_id=organization.pk, meter_point=point)
        return Installed(
            organization.pk, point, hanging, installation, {each.code: each for each in series.order_by("id")}
        )


def record(
    series: models.Series,
    readings: list[tuple[datetime, int]],
    *,
    source: values.Source = values.Source.METER,
    quality: Quality = Quality.VALID,
    at: datetime = LONG_AGO,
) -> operations.RecordOutcome:
    """This will store (instant, register value) readings of one series; outside a scope."""
    rows = [(series.pk, microseconds(instant), value) for instant, value in readings]
    batch = operations.ReadingBatch.of(rows, source=source, quality=quality)
    return operations.record_readings(organization_id=series.organization_id, actor=ACTOR, at=at, batch=batch)


def microseconds(instant: datetime) -> int:
    """This will return an instant as microseconds since 1970 in UTC."""
    delta = instant - datetime(1970, 1, 1, tzinfo=UTC)
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def photo(made: Installed, *, at: datetime = LONG_AGO) -> models.ReadingPhoto:
    """This will keep a photo of a meter's display at an instant; outside a scope."""
    with scoping.scope([made.point.organization_id], actor=ACTOR):
        faces = queries.faces_at(meter_point_ids=[made.point.pk], instant=at, at=at)
        return operations.keep_photo(actor=ACTOR, at=at, face=faces[made.point.pk], instant=at, content=b"jpeg")


def taken(made: Installed, *, at: datetime, reason: str = "looked twice") -> models.TakenReading:
    """This will bring in two readings of people, the second lower than the first; their site asks for photos. Outside a
    scope.
    """
    with scoping.scope([made.point.organization_id], actor=ACTOR):
        operations.make_room(at)
        operations.require_photos(actor=ACTOR, at=at, site=made.point.site.public_id, is_required=True)
        for minutes, value in ((2, 5), (0, 0)):
            instant, mark = at - timedelta(minutes=minutes), uuid.uuid4()
            operations.take_reading(
                actor=ACTOR,
                at=at,
                face=queries.faces_at(meter_point_ids=[made.point.pk], instant=instant, at=at)[made.point.pk],
                instant=instant,
                value=Decimal(value),
                client_id=mark,
                reason=reason,
                photo=b"jpeg",
            )
        found = models.TakenReading.objects.filter(organization_id=made.point.organization_id)
        return found.get(client_id=mark)


def virtual_meter(
    *inputs: Installed, code: str | None = None, name: str = "Rest", starts_on: date = FIRST_DAY
) -> models.VirtualMeter:
    """This will make a virtual meter: the first meter less the others; outside a scope."""
    first = inputs[0]
    with scoping.scope([first.organization_id], actor=ACTOR):
        return operations.create_virtual_meter(
            actor=ACTOR,
            at=LONG_AGO,
            site=first.point.site,
            code=code or f"V{next(_numbers)}",
            name=name,
            service=values.Service(first.point.service),
            purpose=values.VirtualPurpose.REST,
            starts_on=starts_on,
            rows=[
                operations.FormulaRow(Fraction(-1 if place else 1), each.point.public_id)
                for place, each in enumerate(inputs)
            ],
        )


def estimate(made: Installed, *, needs_second: bool = False) -> models.Correction | models.CorrectionProposal:
    """This will estimate the time after the newest readings of a meter's energy, two at least; outside a scope."""
    day = timedelta(days=1)
    with scoping.scope([made.organization_id], actor=ACTOR):
        own = models.Reading.objects.filter(organization_id=made.organization_id, series_id=made.energy.pk)
        newest = own.order_by("-at").values_list("at", "value").first()
    at, value = newest or (LONG_AGO, 0)
    until = at + timedelta(days=3, minutes=15 * next(_numbers))
    record(made.energy, [(at + day, value + 100), (at + 2 * day, value + 200)])
    with scoping.scope([made.organization_id], actor=ACTOR):
        return operations.estimate(
            actor=ACTOR,
            at=until + day,
            series=made.energy,
            until=until,
            estimated=operations.Estimated(Method.MANUAL, 500, {"used": 500}, "the bus was down"),
            needs_second=needs_second,
        )


def corrected_by_test(made: Installed) -> models.Correction:
    """This will have a test correct an hour of its own of a meter's energy, 100/97 times; outside a scope."""
    start = LONG_AGO + timedelta(hours=next(_numbers))
    facts = {
        "kind": CorrectionKind.RATIO,
        "at": start,
        "until": start + timedelta(hours=1),
        "made_of": {"ratio": "100/97", "error": "-3", "certificate": "C-9"},
    }
    with scoping.scope([made.organization_id], actor=ACTOR):
        return counting.store(actor=ACTOR, at=start + timedelta(days=1), series=made.energy, facts=facts, reason="slow")


def virtual_point(*inputs: Installed) -> uuid.UUID:
    """This will make a virtual meter and return the public id of its meter point; outside a scope."""
    return virtual_meter(*inputs).series.meter_point.public_id
