"""Photos of places."""

from __future__ import annotations

import hashlib
import uuid
from datetime import datetime

from django.utils.translation import gettext as _

from meterbook.audit import operations as audit_operations
from meterbook.foundation import operation, scoping
from meterbook.kernel.actor import Actor
from meterbook.sites import models, values
from meterbook.sites.operations import finding


class TooManyPhotos(ValueError):
    """The place has as many photos as a place may have; remove one first."""


@operation.operation
def add_photo(
    *,
    actor: Actor,
    at: datetime,
    node: uuid.UUID,
    content: bytes,
    media_type: str,
    caption: str = "",
) -> models.NodePhoto:
    """This will keep a photo of a place; the same photo again answers what is there.

    :param content: a picture that `documents.attachments` wrote anew, without metadata
    :raises NodeNotFound: when the organization has no such place
    :raises NodeArchived: when it is archived
    :raises TooManyPhotos: when the place has twelve already
    """
    found = finding.held_node(node)
    own = models.NodePhoto.objects.filter(organization_id=found.organization_id, node=found)
    digest = hashlib.sha256(content).hexdigest()
    present = own.defer("content").filter(digest=digest).first()
    if present is not None:
        return present
    if own.count() >= values.MOST_PHOTOS:
        raise TooManyPhotos(_("A place has at most %(most)s photos; remove one first.") % {"most": values.MOST_PHOTOS})
    made = models.NodePhoto.objects.create(
        organization_id=found.organization_id,
        node=found,
        caption=caption,
        media_type=media_type,
        content=content,
        size=len(content),
        digest=digest,
        author=actor.label[:200],
        added_at=at,
    )
    after = {"place": found.code, "digest": digest, "size": len(content), "caption": caption}
    audit_operations.record(actor=actor, at=at, action="sites:add_photo", subject=made, before=None, after=after)
    return made


@operation.operation
def remove_photo(*, actor: Actor, at: datetime, photo: uuid.UUID) -> bool:
    """This will delete a photo, and answer whether it was there."""
    rows = models.NodePhoto.objects.filter(organization_id=scoping.current().organization_id, public_id=photo)
    found = rows.defer("content").select_related("node").first()
    if found is None:
        return False
    before = {"place": found.node.code, "digest": found.digest, "size": found.size, "caption": found.caption}
    audit_operations.record(actor=actor, at=at, action="sites:remove_photo", subject=found, before=before, after=None)
    rows.delete()
    return True
