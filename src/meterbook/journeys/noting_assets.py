"""What people note of a meter beside a change: its seals, the transformers before it, photos. Part of an operation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from django.utils.translation import gettext as _

from meterbook.documents.attachments import Attachment
from meterbook.fieldwork import operations as fieldwork_operations
from meterbook.fieldwork import values as fieldwork_values
from meterbook.kernel.actor import Actor
from meterbook.metering import assets, models
from meterbook.metering import operations as metering_operations
from meterbook.metering import queries as metering_queries
from meterbook.metering.assets import FileKind


@dataclass(frozen=True)
class Noted:
    """What was noted. None: it is as it was. `came` are photos of the meter that hangs from then on, `went` of the one
    that does not any more; `changed` of one that hangs before and after.
    """

    seals: tuple[str, ...] | None = None
    current: assets.Transformers | None = None
    voltage: assets.Transformers | None = None
    came: Attachment | None = None
    went: Attachment | None = None
    changed: Attachment | None = None


NOTHING = Noted()


def note(
    actor: Actor,
    at: datetime,
    noted: Noted,
    *,
    instant: datetime,
    came: models.Installation | None = None,
    went: models.Installation | None = None,
    reason: str = "",
) -> None:
    """This will keep what was noted at an instant of the meters that came or stayed, and went."""
    if came is not None and noted.seals is not None:
        plate = metering_queries.plate_at(meter_id=came.meter_id, at=instant)
        metering_operations.describe_meter(
            actor=actor,
            at=at,
            meter=came.meter,
            starts_at=instant,
            plate=replace(plate, seals=noted.seals),
            reason=reason,
        )
    if came is not None and (noted.current is not None or noted.voltage is not None):
        known = metering_queries.equipment_at(meter_point_id=came.meter_point_id, at=instant)
        metering_operations.describe_point(
            actor=actor,
            at=at,
            meter_point=came.meter_point,
            starts_at=instant,
            equipment=replace(
                known,
                current=known.current if noted.current is None else noted.current,
                voltage=known.voltage if noted.voltage is None else noted.voltage,
            ),
            reason=reason,
        )
    _keep(actor, at, noted.came, FileKind.INSTALLED, instant, came)
    _keep(actor, at, noted.changed, FileKind.CHANGED, instant, came)
    _keep(actor, at, noted.went, FileKind.REMOVED, instant, went)


def _keep(
    actor: Actor,
    at: datetime,
    given: Attachment | None,
    kind: FileKind,
    instant: datetime,
    installation: models.Installation | None,
) -> None:
    if given is None or installation is None:
        return
    metering_operations.keep_asset_file(
        actor=actor,
        at=at,
        meter=installation.meter,
        kind=kind,
        instant=instant,
        content=given.content,
        media_type=given.media_type,
        extension=given.extension,
        installation=installation,
    )


def ask_for_photo(actor: Actor, at: datetime, went: models.Installation) -> None:
    """This will make a job: an estimated final value is a guess as long as nobody looked at the old meter (B-07)."""
    words = _("Photograph what meter %(serial)s shows: it was taken away, and its final value is estimated.")
    fieldwork_operations.make_job(
        actor=actor,
        at=at,
        site_id=went.meter_point.site_id,
        kind=fieldwork_values.JobKind.LOOK,
        words=words % {"serial": went.meter.serial_number},
        meter_point=went.meter_point.public_id,
    )
