"""Take in what people read at meters: each once, with the photo that proves it, and flagged where it looked wrong."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from meterbook.audit import operations as audit_operations
from meterbook.foundation import operation, scoping
from meterbook.kernel.actor import Actor
from meterbook.metering import models, values
from meterbook.metering.operations import entering, noting, photographing
from meterbook.metering.queries import faces
from meterbook.sites import models as site_models


class PhotoMissing(ValueError):
    """A photo of the display belongs to this reading. `doubts` tells what looks wrong, where that is why."""

    def __init__(self, words: str, doubts: list[entering.Doubt]) -> None:
        super().__init__(words)
        self.doubts = doubts


class ReadingIdTaken(ValueError):
    """Another reading was sent under this id before; give each reading an id of its own."""


class TakenReadingNotFound(LookupError):
    """There is no such reading in this organization."""


@dataclass(frozen=True)
class Taken:
    """What became of a reading; `is_repeat`: it was sent before, and nothing was changed now."""

    outcome: entering.EnteredAs
    is_repeat: bool = False


@operation.operation
def take_reading(
    *,
    actor: Actor,
    at: datetime,
    face: faces.Face,
    instant: datetime,
    value: Decimal,
    client_id: uuid.UUID | None = None,
    kind: values.ReadingKind = values.ReadingKind.PERIODIC,
    photo: bytes | None = None,
    usual_a_day: Fraction | None = None,
    others_a_day: Fraction | None = None,
    reason: str = "",
    may_correct: bool = False,
) -> Taken:
    """This will take a reading in as `enter_reading` does, once for its `client_id`, and keep its photo.

    One that looks wrong needs a reason and a photo, and waits on the list of readings to look at again. 358,679 where
    about 258,700 is to be expected is so refused until both are there.

    :param client_id: the mark that whoever sends it gave it; sent again, it changes nothing
    :param photo: a JPEG that was written anew (`documents.attachments.require_picture`)
    :raises PhotoMissing: when the site asks for a photo with each reading, or it looks wrong, and there is none
    :raises ReadingIdTaken: when another reading was sent under the same id; else whatever `enter_reading` raises
    """
    mark = client_id or uuid.uuid4()
    former = _sent_before(mark, face, value)
    if former is not None:
        return Taken(former, is_repeat=True)
    raw = noting.count_of(face, value)
    is_known = face.exact is not None and face.exact.raw == raw
    usual = {"usual_a_day": usual_a_day, "others_a_day": others_a_day}
    doubts = [] if is_known else entering.doubts_of(face=face, instant=instant, raw=raw, **usual)
    odd = _odd(doubts)
    if not is_known and (reason.strip() or not doubts):
        _require_photo(face, instant, photo, odd)
    outcome = entering.enter_reading(
        actor=actor,
        at=at,
        face=face,
        instant=instant,
        value=value,
        reason=reason,
        may_correct=may_correct,
        **usual,
    )
    kept = None
    if photo is not None:
        kept = photographing.keep_photo(actor=actor, at=at, face=face, instant=instant, content=photo)
    facts = {"client_id": mark, "at": instant, "value": value, "kind": kind.value, "outcome": outcome.value}
    why = reason.strip() if doubts else ""
    _remember(face, **facts, doubts=_codes(odd), reason=why, photo=kept, author=actor.label, recorded_at=at)
    return Taken(outcome)


def needs_photo(doubts: Iterable[entering.Doubt]) -> bool:
    """This will tell whether a photo belongs to a reading with these doubts; a plain correction needs none."""
    return bool(_odd(doubts))


def _odd(doubts: Iterable[entering.Doubt]) -> list[entering.Doubt]:
    return [each for each in doubts if each.code != entering.OTHER]


def _codes(odd: list[entering.Doubt]) -> str:
    return ",".join(each.code for each in odd)


def _remember(face: faces.Face, **facts: Any) -> None:  # noqa: ANN401 - the columns of the table
    models.TakenReading.objects.create(
        organization_id=scoping.current().organization_id, series_id=face.series_id, unit=face.unit.value, **facts
    )


def _sent_before(mark: uuid.UUID, face: faces.Face, value: Decimal) -> entering.EnteredAs | None:
    """What became of it the first time; whoever sends the same at this moment waits for the other's end."""
    organization_id = scoping.current().organization_id
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"taken:{organization_id}:{mark}"])
    found = models.TakenReading.objects.filter(organization_id=organization_id, client_id=mark).first()
    if found is None:
        return None
    if (found.series_id, found.value) != (face.series_id, value):
        raise ReadingIdTaken(_("Another reading was sent under this id before; give each reading an id of its own."))
    return entering.EnteredAs(found.outcome)


def _require_photo(face: faces.Face, instant: datetime, photo: bytes | None, odd: list[entering.Doubt]) -> None:
    if photo is not None or not (odd or is_photo_required(face)):
        return
    kept = models.ReadingPhoto.objects.filter(
        organization_id=scoping.current().organization_id, series_id=face.series_id, at=instant
    )
    if kept.exists():
        return
    if odd:
        raise PhotoMissing(_("Take a photo of the display as well: it proves a reading that looks wrong."), odd)
    raise PhotoMissing(_("This site asks for a photo of the display with each reading. Take one."), [])


def is_photo_required(face: faces.Face) -> bool:
    """This will tell whether the site of a meter asks for a photo with each reading."""
    return models.ReadingRule.objects.filter(
        organization_id=scoping.current().organization_id,
        site__meterpoint=face.meter_point_id,
        is_photo_required=True,
    ).exists()


@operation.operation
def require_photos(*, actor: Actor, at: datetime, site: uuid.UUID, is_required: bool) -> bool:
    """This will ask for a photo with each reading of a site from now on, or no longer. Returns whether that is new.

    :raises site_models.Site.DoesNotExist: when there is no such site
    """
    organization_id = scoping.current().organization_id
    place = site_models.Site.objects.select_for_update().get(organization_id=organization_id, public_id=site)
    rule, _made = models.ReadingRule.objects.get_or_create(organization_id=organization_id, site=place)
    if rule.is_photo_required == is_required:
        return False
    rule.is_photo_required = is_required
    rule.save(update_fields=["is_photo_required"])
    audit_operations.record(
        actor=actor,
        at=at,
        action="metering:require_photos",
        subject=place,
        before={"is_photo_required": not is_required},
        after={"is_photo_required": is_required},
    )
    return True


@operation.operation
def review_taken(*, actor: Actor, at: datetime, taken: uuid.UUID) -> bool:
    """This will note that a reading that looked wrong was looked at again. False: somebody did so before.

    :raises TakenReadingNotFound: when there is none that looked wrong
    """
    organization_id = scoping.current().organization_id
    found = (
        models.TakenReading.objects.select_for_update(of=("self",))
        .select_related("series")
        .filter(organization_id=organization_id, public_id=taken)
        .exclude(doubts="")
        .first()
    )
    if found is None:
        raise TakenReadingNotFound(_("There is no such reading."))
    if found.reviewed_at is not None:
        return False
    found.reviewed_at, found.reviewer = at, actor.label
    found.save(update_fields=["reviewed_at", "reviewer"])
    audit_operations.record(
        actor=actor,
        at=at,
        action="metering:review_reading",
        subject=found.series,
        before=None,
        after={"at": found.at, "value": found.value, "unit": found.unit},
        reason=found.reason,
    )
    return True
