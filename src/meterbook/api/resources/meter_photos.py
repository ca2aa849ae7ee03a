"""Photos of meters when they were hung, taken away, or got another multiplier."""

from __future__ import annotations

import uuid
from typing import Annotated, Literal

from ninja import File, Form, Router
from ninja.files import UploadedFile

from meterbook.api import entry, values
from meterbook.api.endpoints import endpoint
from meterbook.api.resources import asset_shapes as shapes
from meterbook.api.resources import reach
from meterbook.documents import attachments
from meterbook.identity.values import Module
from meterbook.journeys import keeping_assets
from meterbook.metering import assets, permissions

router = Router(tags=["Meters"])


class NewPhoto(values.Given):
    """Of which meter of the point, and of what: INSTALLED, REMOVED, or CHANGED, a multiplier, then with `changed_at`.

    A photo of the installation or the removal is kept at that instant.
    """

    meter: uuid.UUID
    kind: Literal["INSTALLED", "REMOVED", "CHANGED"]
    changed_at: values.InstantGiven | None = None


@endpoint(
    router,
    "POST",
    "/meter-points/{uuid:point}/photos",
    permission=permissions.MANAGE_METER,
    module=Module.METERING,
    answers=shapes.AssetFile,
    status=201,
    by_site=True,
    by_single=True,
    most_bytes=entry.MOST_UPLOAD_BYTES,
)
def keep_photo_of_meter(
    request: entry.Request,
    point: uuid.UUID,
    file: Annotated[UploadedFile, File()],
    given: Annotated[NewPhoto, Form()],
) -> shapes.AssetFile:
    """This will keep a photo of a meter that hangs or hung at a point; it is decoded and written anew as a JPEG."""
    caller = request.caller
    detail = reach.point(request, point, permissions.MANAGE_METER, is_assigned_enough=True)
    kept = keeping_assets.keep_photo(
        actor=caller.actor,
        at=caller.at,
        point_id=detail.public_id,
        meter_id=given.meter,
        kind=assets.FileKind(given.kind),
        changed_at=given.changed_at,
        photo=attachments.require_picture(file.read(attachments.MOST_BYTES + 1)),
    )
    return shapes.AssetFile(
        id=kept.public_id,
        kind=assets.FileKind(kept.kind),
        at=values.instant(kept.at),
        media_type=kept.media_type,
        author=kept.author,
    )
