"""Changes of tariffs: written as drafts, checked when saved, published once."""

from __future__ import annotations

import hashlib
import json
import uuid
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from meterbook.audit import operations as audit_operations
from meterbook.foundation import operation, scoping
from meterbook.identity import two_people
from meterbook.identity.values import TwoPeople
from meterbook.kernel.actor import Actor
from meterbook.tariffs import banks, models, permissions, queries, sources, values
from meterbook.tariffs.rating import reading
from meterbook.tariffs.rating.problems import Problem, TariffInvalid


class TariffCodeTaken(ValueError):
    """The organization has a tariff of that code; take another code, or write a new version of that one."""


class NoDraft(ValueError):
    """The tariff has no draft to publish; write one first."""


class VersionsOverlap(ValueError):
    """A published version is in force on or after that day; start later."""


class SecondPersonNeeded(PermissionError):
    """Whoever wrote the draft cannot publish it while somebody else has the right; ask that person."""


def canonical(raw: object) -> bytes:
    """This will return the canonical JSON of a document: sorted keys, no spaces, UTF-8."""
    return json.dumps(raw, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


@operation.operation
def create_tariff(*, actor: Actor, at: datetime, document: dict[str, Any]) -> models.Tariff:
    """This will add a tariff with its first draft; code, name and currency are those of the document.

    :raises TariffInvalid: naming every place of the document that is wrong
    :raises TariffCodeTaken: when the organization has a tariff of that code
    """
    sound = reading.read(document, sources.calendars())
    try:
        with transaction.atomic():
            tariff = models.Tariff.objects.create(
                organization_id=scoping.current().organization_id,
                code=sound.code,
                name=sound.name["en"],
                currency=sound.currency,
            )
    except IntegrityError as error:
        raise TariffCodeTaken(
            _("There is a tariff “%(code)s” already; take another code.") % {"code": sound.code}
        ) from error
    after = {"code": sound.code, "currency": sound.currency}
    audit_operations.record(
        actor=actor, at=at, action="tariffs:create_tariff", subject=tariff, before=None, after=after
    )
    save_draft(actor=actor, at=at, tariff=tariff, document=document)
    return tariff


@operation.operation
def save_draft(
    *, actor: Actor, at: datetime, tariff: models.Tariff | uuid.UUID, document: dict[str, Any]
) -> models.TariffVersion:
    """This will keep a document as the tariff's draft; a draft that was there is replaced.

    :param tariff: the tariff or its public id
    :raises TariffInvalid: naming every place that is wrong; code and currency must be those of the tariff, and what its
        latest version keeps of energy fed in must go on or be settled
    :raises queries.TariffNotFound: when the organization has no such tariff
    """
    sound, tariff = reading.read(document, sources.calendars()), _locked(tariff)
    problems = [
        Problem(place, gettext_noop("it is “%(is)s” for this tariff, and stays so"), {"is": have})
        for place, given, have in (
            ("code", sound.code, tariff.code),
            ("currency", sound.currency, tariff.currency),
        )
        if given != have
    ]
    if problems:
        raise TariffInvalid(problems)
    banks.require(tariff=tariff.public_id, sound=sound)
    versions = models.TariffVersion.objects.filter(organization_id=tariff.organization_id, tariff=tariff)
    draft = versions.filter(state=values.VersionState.DRAFT).first()
    before = {"digest": draft.digest} if draft is not None else None
    if draft is None:
        newest = versions.order_by("-number").first()
        draft = models.TariffVersion(
            organization_id=tariff.organization_id, tariff=tariff, number=newest.number + 1 if newest else 1
        )
    draft.document, draft.digest = document, hashlib.sha256(canonical(document)).hexdigest()
    draft.author, draft.author_id = actor.label, actor.id
    draft.save()
    audit_operations.record(
        actor=actor,
        at=at,
        action="tariffs:save_draft",
        subject=tariff,
        before=before,
        after={"number": draft.number, "digest": draft.digest},
    )
    return draft


@operation.operation
def publish_version(
    *, actor: Actor, at: datetime, tariff: models.Tariff | uuid.UUID, first_day: date
) -> models.TariffVersion:
    """This will put the draft in force from a day on; the version before it ends the day before.

    :param tariff: the tariff or its public id
    :raises NoDraft: when there is nothing to publish
    :raises VersionsOverlap: when a published version starts on that day or later
    :raises SecondPersonNeeded: when the actor wrote the draft, the organization asks two people for tariffs, and
        somebody else can publish it
    """
    tariff = _locked(tariff)
    versions = models.TariffVersion.objects.filter(organization_id=tariff.organization_id, tariff=tariff)
    draft = versions.filter(state=values.VersionState.DRAFT).first()
    if draft is None:
        raise NoDraft(_("Tariff %(code)s has no draft to publish; write one first.") % {"code": tariff.code})
    is_alone = actor.id is not None and actor.id == draft.author_id
    if is_alone and two_people.is_needed(TwoPeople.TARIFF) and _others_can(actor, at):
        raise SecondPersonNeeded(_("You wrote this draft; another person with the right to publish must do so."))
    published = versions.filter(state=values.VersionState.PUBLISHED)
    if published.filter(during__startswith__gte=first_day).exists():
        raise VersionsOverlap(
            _("A version of tariff %(code)s starts on %(day)s or later already; start after it.")
            % {"code": tariff.code, "day": formats.date_format(first_day, "SHORT_DATE_FORMAT")}
        )
    for earlier in published.filter(during__contains=first_day):
        earlier.during = DateRange(earlier.during.lower, first_day, "[)")
        earlier.save(update_fields=["during"])
    draft.state, draft.during = values.VersionState.PUBLISHED, DateRange(first_day, None, "[)")
    draft.publisher, draft.published_at = actor.label, at
    draft.save(update_fields=["state", "during", "publisher", "published_at"])
    audit_operations.record(
        actor=actor,
        at=at,
        action="tariffs:publish_version",
        subject=tariff,
        before={"state": values.VersionState.DRAFT},
        after={"number": draft.number, "digest": draft.digest, "first_day": first_day, "is_published_alone": is_alone},
    )
    return draft


def _others_can(actor: Actor, at: datetime) -> bool:
    return two_people.others_can(actor=actor, at=at, permission=permissions.PUBLISH_TARIFF)


def _locked(tariff: models.Tariff | uuid.UUID) -> models.Tariff:
    """The tariff, held until the end of the transaction: versions are numbered one after the other."""
    public_id = tariff.public_id if isinstance(tariff, models.Tariff) else tariff
    held = models.Tariff.objects.select_for_update().filter(
        organization_id=scoping.current().organization_id, public_id=public_id
    )
    found = held.first()
    if found is None:
        raise queries.TariffNotFound(_("There is no such tariff."))
    return found
