"""Who is reached where: preferences, destinations, opt-in, unsubscribing."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime, time

from django.utils.translation import gettext as _

from meterbook.audit import operations as audit_operations
from meterbook.foundation import operation, scoping
from meterbook.kernel.actor import Actor
from meterbook.notifications import links, models, queries, values
from meterbook.notifications.operations import codes, sending
from meterbook.notifications.values import ChannelKind, DestinationState

MOST_DESTINATIONS = 10


class TooManyDestinations(ValueError):
    """A person needs only a few destinations; remove one first."""


@operation.operation
def set_preferences(
    *,
    actor: Actor,
    at: datetime,
    user_id: int,
    zone: str,
    quiet_from: time | None,
    quiet_until: time | None,
    alarm_severity: values.Severity,
    kinds_off: Iterable[values.Kind],
    preferred_channel: ChannelKind,
) -> None:
    """This will set what a person wants to hear of, by which way first, and when not."""
    found = sending.locked_recipient(values.To.user(user_id))
    before = _preferences(found)
    found.zone, found.quiet_from, found.quiet_until = zone, quiet_from, quiet_until
    found.alarm_severity, found.preferred_channel = alarm_severity, preferred_channel
    found.has_chosen = True
    found.kinds_off = sorted(each.value for each in kinds_off if not values.RULES[each].is_mandatory)
    found.save()
    if before != _preferences(found):
        _record(found, actor=actor, at=at, action="set_preferences", before=before, after=_preferences(found))


@operation.operation
def set_alarm_default(*, actor: Actor, at: datetime, severity: values.Severity) -> None:
    """This will set from which severity on administrators hear of alarms while nobody chose to; NONE: not at all."""
    before = queries.alarm_default()
    if before is severity:
        return
    found, _is_new = models.AlarmDefault.objects.update_or_create(
        organization_id=scoping.current().organization_id, defaults={"severity": severity.value}
    )
    audit_operations.record(
        actor=actor,
        at=at,
        action="notifications:set_alarm_default",
        subject=found,
        before={"severity": before.value},
        after={"severity": severity.value},
    )


@operation.operation
def ask_for_mail(*, actor: Actor, at: datetime, real_at: datetime, user_id: int, address: str) -> uuid.UUID:
    """This will send a code to an address that a person wants messages at, and return the destination's public id.

    :param real_at: real time, by which the code expires
    :raises codes.TooManyCodes: after five codes in an hour
    :raises TooManyDestinations: when the person has ten
    """
    recipient = sending.locked_recipient(values.To.user(user_id))
    destination = _destination(recipient, ChannelKind.MAIL, address.strip().lower())
    code = codes.renew(destination, at=real_at)
    destination.save()
    sending.queue_to(destination, kind=values.Kind.OPT_IN_CODE, key=f"code:{uuid.uuid4()}", facts={"code": code}, at=at)
    after = {"address": values.masked(destination.address)}
    _record(destination, actor=actor, at=at, action="ask_for_mail", before=None, after=after)
    return destination.public_id


@operation.operation
def ask_for_telegram(*, actor: Actor, at: datetime, real_at: datetime, user_id: int) -> str:
    """This will return a code; the chat from which it comes to the bot is linked to the person.

    :param real_at: real time, by which the code expires
    :raises codes.TooManyCodes: after five codes in an hour
    :raises TooManyDestinations: when the person has ten
    """
    recipient = sending.locked_recipient(values.To.user(user_id))
    destination = _destination(recipient, ChannelKind.TELEGRAM, "")
    code = codes.renew(destination, at=real_at)
    destination.save()
    _record(destination, actor=actor, at=at, action="ask_for_telegram", before=None, after={})
    return code


@operation.operation
def confirm_code(
    *, actor: Actor, at: datetime, real_at: datetime, user_id: int, public_id: uuid.UUID, code: str
) -> values.CodeResult:
    """This will confirm a person's own e-mail address by the code that was sent there; wrong ones are counted.

    :raises queries.DestinationNotFound: when it is not the person's, or is a chat (its code comes from there)
    """
    destination = _own(user_id, public_id)
    if destination.channel_kind != ChannelKind.MAIL:
        raise queries.DestinationNotFound(queries.DestinationNotFound.__doc__)
    result = codes.check(destination, code, at=real_at)
    destination.save()
    if result is values.CodeResult.CONFIRMED:
        _confirmed(destination, actor=actor, at=at)
    return result


@operation.operation
def confirm_by_link(*, actor: Actor, at: datetime, link: links.ConfirmLink) -> values.CodeResult:
    """This will confirm a customer's address by the link that was sent there, and release what waited for it.

    :raises queries.DestinationNotFound: when it is not there
    """
    destination = (
        models.Destination.objects.select_for_update()
        .filter(
            organization_id=scoping.current().organization_id,
            public_id=link.destination,
            recipient__owner_kind=values.OwnerKind.CUSTOMER,
        )
        .exclude(state=DestinationState.REMOVED)
        .first()
    )
    if destination is None:
        raise queries.DestinationNotFound(queries.DestinationNotFound.__doc__)
    if destination.state == DestinationState.CONFIRMED:
        return values.CodeResult.CONFIRMED  # a mail program, or a second click
    result = codes.check(destination, link.code, at=at)
    destination.save()
    if result is values.CodeResult.CONFIRMED:
        _confirmed(destination, actor=actor, at=at)
    return result


@operation.operation
def link_chat(*, actor: Actor, at: datetime, real_at: datetime, chat: str, text: str) -> bool:
    """This will link the chat that sent a valid code ("/start CODE") to the person who got it; it answers whether.

    Codes have 39 bits and live for 30 minutes, and Telegram takes 30 messages a second: guessing one is hopeless.
    """
    organization_id = scoping.current().organization_id
    given = codes.digest(organization_id, codes.typed(text.removeprefix("/start")))
    destination = (
        models.Destination.objects.select_for_update()
        .filter(
            organization_id=organization_id,
            channel_kind=ChannelKind.TELEGRAM,
            code_hash=given,
            code_expires_at__gt=real_at,
            state=DestinationState.UNCONFIRMED,
        )
        .first()
    )
    if destination is None:
        return False
    known = models.Destination.objects.filter(
        organization_id=organization_id,
        recipient_id=destination.recipient_id,
        channel_kind=ChannelKind.TELEGRAM,
        address=chat,
    ).first()
    destination.code_hash, destination.code_expires_at = "", None
    if known is not None:
        destination.state = DestinationState.REMOVED
        destination.save()
        destination = known
    destination.address, destination.state, destination.reason = chat, DestinationState.CONFIRMED, ""
    destination.confirmed_at = real_at
    destination.save()
    _confirmed(destination, actor=actor, at=at)
    sending.queue_to(destination, kind=values.Kind.TEST, key=f"linked:{uuid.uuid4()}", facts={}, at=at)
    return True


@operation.operation
def remove_destination(*, actor: Actor, at: datetime, user_id: int, public_id: uuid.UUID) -> None:
    """This will send nothing more to a person's own destination.

    :raises queries.DestinationNotFound: when it is not the person's
    """
    destination = _own(user_id, public_id)
    before = {"state": destination.state}
    destination.state, destination.code_hash, destination.code_expires_at = DestinationState.REMOVED, "", None
    destination.save()
    after = {"state": destination.state}
    _record(destination, actor=actor, at=at, action="remove_destination", before=before, after=after)


@operation.operation
def unsubscribe(*, actor: Actor, at: datetime, link: links.StopLink) -> None:
    """This will send no more messages of a kind to a recipient; a second time changes nothing.

    :raises queries.RecipientNotFound: when it is not there, or the kind is mandatory
    """
    found = (
        models.Recipient.objects.select_for_update()
        .filter(organization_id=scoping.current().organization_id, public_id=link.recipient)
        .first()
    )
    if found is None or values.RULES[link.kind].is_mandatory:
        raise queries.RecipientNotFound(queries.RecipientNotFound.__doc__)
    if link.kind in found.kinds_off:
        return
    before = _preferences(found)
    found.kinds_off = sorted({*found.kinds_off, link.kind.value})
    found.save()
    _record(found, actor=actor, at=at, action="unsubscribe", before=before, after=_preferences(found))


def _own(user_id: int, public_id: uuid.UUID) -> models.Destination:
    found = (
        models.Destination.objects.select_for_update()
        .filter(
            organization_id=scoping.current().organization_id,
            recipient__owner_kind=values.OwnerKind.USER,
            recipient__user_id=user_id,
            public_id=public_id,
        )
        .exclude(state=DestinationState.REMOVED)
        .first()
    )
    if found is None:
        raise queries.DestinationNotFound(queries.DestinationNotFound.__doc__)
    return found


def _destination(recipient: models.Recipient, kind: ChannelKind, address: str) -> models.Destination:
    """A destination to be confirmed; one that was there begins anew, unless it is confirmed."""
    organization_id = recipient.organization_id
    every = models.Destination.objects.filter(organization_id=organization_id, recipient=recipient)
    is_new = not every.filter(channel_kind=kind, address=address).exclude(state=DestinationState.REMOVED).exists()
    if is_new and every.exclude(state=DestinationState.REMOVED).count() >= MOST_DESTINATIONS:
        raise TooManyDestinations(_("There are ten destinations already. Remove one first."))
    found, _is_made = models.Destination.objects.get_or_create(
        organization_id=organization_id, recipient=recipient, channel_kind=kind, address=address
    )
    if found.state != DestinationState.CONFIRMED:
        found.state = DestinationState.UNCONFIRMED
    return found


def _confirmed(destination: models.Destination, *, actor: Actor, at: datetime) -> None:
    sending.release(destination, at=at)
    after = {"address": values.masked(destination.address), "channel": destination.channel_kind}
    _record(destination, actor=actor, at=at, action="confirm_destination", before=None, after=after)


def _preferences(found: models.Recipient) -> dict[str, object]:
    return {
        "zone": found.zone,
        "quiet_from": str(found.quiet_from or ""),
        "quiet_until": str(found.quiet_until or ""),
        "alarm_severity": str(found.alarm_severity),
        "kinds_off": list(found.kinds_off),
        "preferred_channel": str(found.preferred_channel),
    }


def _record(
    subject: models.Recipient | models.Destination,
    *,
    actor: Actor,
    at: datetime,
    action: str,
    before: Mapping[str, object] | None,
    after: Mapping[str, object],
) -> None:
    audit_operations.record(
        actor=actor, at=at, action=f"notifications:{action}", subject=subject, before=before, after=after
    )
