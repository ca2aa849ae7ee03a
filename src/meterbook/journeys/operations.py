"""Start a journey, answer its steps, leave it for good. Between two answers no transaction and no lock is held."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime

from django.utils.translation import gettext as _

from meterbook.audit import operations as audit_operations
from meterbook.customers import models as customer_models
from meterbook.customers import records
from meterbook.documents import attachments
from meterbook.foundation import operation, scoping
from meterbook.journeys import models, values
from meterbook.kernel.actor import Actor


class JourneyNotThere(LookupError):
    """The organization has no such journey."""


class JourneyClosed(ValueError):
    """The journey is done or was left for good."""


class JourneyChanged(ValueError):
    """Somebody else answered meanwhile; look at what is there now."""


class JourneyIncomplete(ValueError):
    """A step was not answered yet; `step` names it."""

    def __init__(self, step: values.Step) -> None:
        super().__init__(_("Answer this first."))
        self.step = step


class JourneyRefused(ValueError):
    """An answer cannot be carried out; `step` says which, `about` which meter point, the message how to correct it.

    `register` is the series of a further register of the meter, where it is about that.
    """

    def __init__(self, step: values.Step, words: str, about: uuid.UUID | None = None, register: str = "") -> None:
        super().__init__(words)
        self.step = step
        self.about = about
        self.register = register


@operation.operation
def start_journey(
    *, actor: Actor, at: datetime, kind: values.JourneyKind, facts: Mapping[str, object] | None = None, title: str = ""
) -> models.Journey:
    """This will begin a journey, with steps that are answered already."""
    return models.Journey.objects.create(
        organization_id=scoping.current().organization_id,
        kind=kind.value,
        facts=dict(facts or {}),
        title=title[:200],
        started_by_id=actor.id,
        started_by=actor.label[:200],
        started_at=at,
        changed_by=actor.label[:200],
        changed_at=at,
    )


@operation.operation
def answer(
    *,
    actor: Actor,
    at: datetime,
    journey: uuid.UUID,
    version: int,
    step: values.Step,
    given: Mapping[str, object],
    title: str = "",
) -> models.Journey:
    """This will keep the answer to a step; another answer than before takes back those that depend on it.

    :param version: of the journey that the person has looked at
    :raises JourneyNotThere: when the organization has no such journey
    :raises JourneyClosed: when it is over
    :raises JourneyChanged: when somebody answered since `version`; the same answer again is kept
    """
    found = find(journey)
    if found.state != values.JourneyState.OPEN:
        raise JourneyClosed(_("This is finished already, or was left for good."))
    wanted = dict(given)
    if found.facts.get(step.value) == wanted:
        return found
    require_version(found, version)
    facts = {**found.facts, step.value: wanted}
    if step.value in found.facts:
        for each in values.DEPENDS_ON.get(step, frozenset()):
            facts.pop(each.value, None)
    found.facts = facts
    found.title = title[:200] or found.title
    touch(found, actor, at)
    found.save(update_fields=["facts", "title", "version", "changed_by", "changed_at"])
    return found


@operation.operation
def cancel_journey(*, actor: Actor, at: datetime, journey: uuid.UUID) -> models.Journey:
    """This will leave a journey for good; what was answered is forgotten, nothing was carried out. Again: no change.

    :raises JourneyNotThere: when the organization has no such journey
    :raises JourneyClosed: when it was carried out
    """
    found = find(journey)
    if found.state == values.JourneyState.DONE:
        raise JourneyClosed(_("This is finished already, or was left for good."))
    if found.state == values.JourneyState.CANCELED:
        return found
    close(found, actor, at, values.JourneyState.CANCELED, facts={})
    audit_operations.record(
        actor=actor,
        at=at,
        action="journeys:cancel_journey",
        subject=found,
        before={"state": values.JourneyState.OPEN},
        after={"state": values.JourneyState.CANCELED},
    )
    return found


@operation.operation
def keep_picture(
    *,
    actor: Actor,
    at: datetime,
    journey: uuid.UUID,
    about: uuid.UUID,
    name: str,
    content: bytes,
    register: str = "",
) -> models.JourneyFile:
    """This will keep the picture of a register's display with a journey, in place of an earlier one of it.

    :param about: public id of the meter point
    :param register: code of the series; empty: the main register
    :raises uploads.UploadRefused: when it is no picture
    :raises JourneyNotThere: when the organization has no such journey
    :raises JourneyClosed: when it is over
    """
    found = find(journey)
    if found.state != values.JourneyState.OPEN:
        raise JourneyClosed(_("This is finished already, or was left for good."))
    picture = attachments.require_picture(content)
    kept, _is_new = models.JourneyFile.objects.update_or_create(
        organization_id=found.organization_id,
        journey=found,
        about=about,
        register=register,
        defaults={
            "name": f"{(name.rpartition('.')[0] or 'meter')[-150:]}.{picture.extension}",
            "media_type": picture.media_type,
            "content": picture.content,
            "size": len(picture.content),
            "added_at": at,
        },
    )
    after = {"about": about} | ({"register": register} if register else {})
    audit_operations.record(actor=actor, at=at, action="journeys:keep_picture", subject=found, before=None, after=after)
    return kept


def find(journey: uuid.UUID) -> models.Journey:
    """This will return a journey of the running scope, locked: of two who finish it, the second waits and sees so.

    :raises JourneyNotThere: when the organization has none of that id
    """
    journeys = models.Journey.objects.select_for_update().filter(
        organization_id=scoping.current().organization_id, public_id=journey
    )
    found = journeys.first()
    if found is None:
        raise JourneyNotThere(_("There is no such page, or it was removed."))
    return found


def to_finish(*, journey: uuid.UUID, version: int, kind: values.JourneyKind) -> models.Journey:
    """This will return a journey that can be carried out, locked; one that was carried out has its `result`.

    :raises JourneyNotThere: when the organization has no such journey
    :raises JourneyClosed: when it was left for good
    :raises JourneyChanged: when somebody answered since `version`
    :raises JourneyIncomplete: naming the step that was not answered
    """
    found = find(journey)
    if found.state == values.JourneyState.DONE and found.result is not None:
        return found
    if found.state != values.JourneyState.OPEN:
        raise JourneyClosed(_("This is finished already, or was left for good."))
    require_version(found, version)
    for step in values.STEPS[kind]:
        if step is not values.Step.SUMMARY and step not in found.facts:
            raise JourneyIncomplete(step)
    return found


def give_pictures(*, actor: Actor, at: datetime, journey: models.Journey, account: customer_models.Account) -> None:
    """This will put pictures that were taken on the way to the documents of the customer; part of an operation."""
    pictures = models.JourneyFile.objects.filter(organization_id=journey.organization_id, journey=journey)
    for each in pictures.order_by("id"):
        records.add_file(
            actor=actor, at=at, customer=account.customer.public_id, name=each.name, content=bytes(each.content)
        )


def require_version(journey: models.Journey, version: int) -> None:
    """This will refuse to go on from an older state than the one that is there.

    :raises JourneyChanged: naming who changed it
    """
    if journey.version != version:
        raise JourneyChanged(
            _("%(who)s changed this meanwhile. Look at what is there now, then go on.") % {"who": journey.changed_by}
        )


def touch(journey: models.Journey, actor: Actor, at: datetime) -> None:
    """This will note who went on; the caller saves."""
    journey.version += 1
    journey.changed_by, journey.changed_at = actor.label[:200], at


def close(
    journey: models.Journey,
    actor: Actor,
    at: datetime,
    state: values.JourneyState,
    *,
    facts: Mapping[str, object],
    result: uuid.UUID | None = None,
) -> None:
    """This will end a journey, keep of its answers only `facts`, and remove its pictures; part of an operation."""
    journey.state, journey.facts, journey.result = state.value, dict(facts), result
    touch(journey, actor, at)
    journey.save(update_fields=["state", "facts", "result", "version", "changed_by", "changed_at"])
    models.JourneyFile.objects.filter(organization_id=journey.organization_id, journey=journey).delete()
