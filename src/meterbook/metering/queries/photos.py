"""Photos of displays, by reading and by id."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime

from meterbook.foundation import scoping
from meterbook.metering import models


class PhotoNotFound(LookupError):
    """There is no such photo in this organization."""


def photos_of(*, meter_point_ids: Collection[int], since: datetime, until: datetime) -> dict[int, uuid.UUID]:
    """This will return the newest photo of a time by meter point, in one query; without its content."""
    found = models.ReadingPhoto.objects.filter(
        organization_id=scoping.current().organization_id,
        series__meter_point_id__in=list(meter_point_ids),
        at__gte=since,
        at__lt=until,
    ).order_by("at", "id")
    return dict(found.values_list("series__meter_point_id", "public_id"))


def get_photo(*, public_id: uuid.UUID) -> tuple[int, bytes]:
    """This will return the site of a photo and its content.

    :raises PhotoNotFound: when it is not there or belongs to another organization
    """
    photos = models.ReadingPhoto.objects.filter(organization_id=scoping.current().organization_id, public_id=public_id)
    found = photos.values_list("series__meter_point__site_id", "content").first()
    if found is None:
        raise PhotoNotFound(PhotoNotFound.__doc__)
    return found[0], bytes(found[1])
