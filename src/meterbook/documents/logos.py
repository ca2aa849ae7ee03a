"""The picture at the head of documents: decoded and written anew as a small PNG, kept for the bills that name it."""

from __future__ import annotations

import hashlib
import io
import uuid
import warnings
from dataclasses import replace
from datetime import datetime

from django.utils.translation import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError

from meterbook.audit import operations as audit_operations
from meterbook.documents import models, operations, queries, uploads, values
from meterbook.documents.rendering import looks
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
def set_own_logo(*, actor: Actor, at: datetime, owner: values.LogoOwner, owner_id: uuid.UUID, content: bytes) -> str:
    """This will keep the picture of a site or of a customer's company, and return its checksum.

    It stands on documents whose template asks for it, from now on.

    :raises uploads.UploadRefused: when it is no picture that can be taken
    """
    organization_id = scoping.current().organization_id
    clean = require_logo(content)
    digest = hashlib.sha256(clean).hexdigest()
    models.Logo.objects.get_or_create(organization_id=organization_id, digest=digest, defaults={"content": clean})
    _choose(actor, at, owner, owner_id, digest)
    return digest


@operation.operation
def remove_own_logo(*, actor: Actor, at: datetime, owner: values.LogoOwner, owner_id: uuid.UUID) -> None:
    """This will let a site or a customer go without a picture of its own from now on."""
    _choose(actor, at, owner, owner_id, "")


def own_logo(*, owner_id: uuid.UUID, at: datetime | None = None) -> str:
    """This will return the checksum of the picture of a site or customer, now or at an instant; empty: none."""
    organization_id = scoping.current().organization_id
    found = models.OwnLogo.objects.filter(organization_id=organization_id, owner_id=owner_id)
    if at is not None:
        found = found.filter(set_at__lte=at)
    return found.order_by("-id").values_list("digest", flat=True).first() or ""


def own_logos(*, owner: values.LogoOwner) -> dict[uuid.UUID, str]:
    """This will return the checksums of the pictures of all sites or customers that have one, by whose they are."""
    organization_id = scoping.current().organization_id
    found = models.OwnLogo.objects.filter(organization_id=organization_id, owner=owner.value).order_by("id")
    newest = dict(found.values_list("owner_id", "digest"))
    return {owner_id: digest for owner_id, digest in newest.items() if digest}


def at_head(
    *,
    place: looks.LogoPlace,
    of_organization: str,
    site_id: uuid.UUID,
    customer_id: uuid.UUID | None,
    at: datetime,
) -> str:
    """This will return the checksum of the picture that a template asks for; the organization's where there is none."""
    owners = {looks.LogoPlace.SITE: site_id, looks.LogoPlace.CUSTOMER: customer_id}
    owner_id = owners.get(place)
    own = own_logo(owner_id=owner_id, at=at) if owner_id is not None else ""
    return own or of_organization


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


def _choose(actor: Actor, at: datetime, owner: values.LogoOwner, owner_id: uuid.UUID, digest: str) -> None:
    before = own_logo(owner_id=owner_id)
    if before == digest:
        return
    kept = models.OwnLogo.objects.create(
        organization_id=scoping.current().organization_id,
        owner=owner.value,
        owner_id=owner_id,
        digest=digest,
        set_at=at,
    )
    audit_operations.record(
        actor=actor,
        at=at,
        action="documents:set_own_logo",
        subject=kept,
        before={"logo": before},
        after={"owner": owner.value, "owner_id": str(owner_id), "logo": digest},
    )


def _change(actor: Actor, at: datetime, digest: str) -> None:
    known = queries.letterhead(organization_id=scoping.current().organization_id)
    operations.change_letterhead(actor=actor, at=at, facts=replace(known, logo=digest))
