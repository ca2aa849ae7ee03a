"""Keep the photo of a display beside the reading that was taken from it."""

from __future__ import annotations

from datetime import datetime

from meterbook.audit import operations as audit_operations
from meterbook.foundation import operation, scoping
from meterbook.kernel.actor import Actor
from meterbook.metering import models
from meterbook.metering.queries import faces


@operation.operation
def keep_photo(
    *, actor: Actor, at: datetime, face: faces.Face, instant: datetime, content: bytes
) -> models.ReadingPhoto:
    """This will keep a photo of a display; a later one of the same instant stands beside it.

    :param content: a JPEG that was written anew (`documents.attachments.require_picture`)
    """
    series = models.Series.objects.get(organization_id=scoping.current().organization_id, pk=face.series_id)
    kept = models.ReadingPhoto.objects.create(
        organization_id=series.organization_id,
        series=series,
        at=instant,
        content=content,
        author=actor.label,
        recorded_at=at,
    )
    audit_operations.record(
        actor=actor, at=at, action="metering:keep_photo", subject=series, before=None, after={"at": instant}
    )
    return kept
