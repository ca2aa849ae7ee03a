"""The picture at the head of documents: decoded and written anew as a small PNG, kept for the bills that name it."""

from __future__ import annotations

import hashlib
import io
import warnings
from dataclasses import replace
from datetime import datetime

from django.utils.translation import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError

from meterbook.documents import models, operations, queries, uploads
from meterbook.foundation import operation, scoping
from meterbook.kernel.actor import Actor

MOST_BYTES = 5 * 1024 * 1024
MOST_PIXELS = 25_000_000
WIDTH, HEIGHT = 600, 240  # at 34 by 14 mm some 440 dots an inch
SMALLEST_SIDE = 16
FORMATS = ("PNG", "JPEG")
MEDIA_TYPE = "image/png"


def require_logo(content: bytes) -> bytes:
    """This will return a PNG or JPEG as a new PNG of at most 600 by 240 pixels, without anything beside the picture.

    :raises uploads.UploadRefused: for anything else, with what to do
    """
    if not content:
        raise uploads.UploadRefused(_("Choose a picture first."))
    if len(content) > MOST_BYTES:
        raise uploads.UploadRefused(_("The picture is larger than 5 MB. Take a smaller one."))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=FORMATS) as opened:
                if opened.width * opened.height > MOST_PIXELS:
                    raise uploads.UploadRefused(_("The picture has too many pixels. Take it at a lower resolution."))
                upright = ImageOps.exif_transpose(opened).convert("RGBA")
    except (
        UnidentifiedImageError,
        Image.DecompressionBombWarning,
        Image.DecompressionBombError,
        OSError,
        SyntaxError,
        ValueError,
    ) as error:
        if isinstance(error, uploads.UploadRefused):
            raise
        raise uploads.UploadRefused(
            _("This is neither PNG nor JPEG. Save the logo as PNG; SVG is not taken.")
        ) from error
    if min(upright.size) < SMALLEST_SIDE:
        raise uploads.UploadRefused(_("The picture is smaller than 16 pixels. Take a larger one."))
    upright.thumbnail((WIDTH, HEIGHT))
    clean = Image.new("RGBA", upright.size)
    clean.paste(upright)
    written = io.BytesIO()
    clean.save(written, "PNG", optimize=True)
    return written.getvalue()


@operation.operation
def set_logo(*, actor: Actor, at: datetime, content: bytes) -> str:
    """This will put a picture at the head of documents from now on, and return its checksum.

    :raises uploads.UploadRefused: when it is no picture that can be taken
    """
    organization_id = scoping.current().organization_id
    clean = require_logo(content)
    digest = hashlib.sha256(clean).hexdigest()
    models.Logo.objects.get_or_create(organization_id=organization_id, digest=digest, defaults={"content": clean})
    _change(actor, at, digest)
    return digest


@operation.operation
def remove_logo(*, actor: Actor, at: datetime) -> None:
    """This will let documents go without a picture from now on; those that have one keep it."""
    _change(actor, at, "")


def find_content(*, digest: str) -> bytes | None:
    """This will return the picture (PNG) with that checksum, or None."""
    if not digest:
        return None
    found = models.Logo.objects.filter(organization_id=scoping.current().organization_id, digest=digest).first()
    return None if found is None else bytes(found.content)


def _change(actor: Actor, at: datetime, digest: str) -> None:
    known = queries.letterhead(organization_id=scoping.current().organization_id)
    operations.change_letterhead(actor=actor, at=at, facts=replace(known, logo=digest))
