"""Put messages into the queue: who gets them, where, in which language, and not before when."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from datetime import datetime

from meterbook.audit import operations as audit_operations
from meterbook.foundation import operation, queue, scoping, vault
from meterbook.identity import models as identity_models
from meterbook.kernel.actor import Actor
from meterbook.notifications import links, models, queries, rendering, values
from meterbook.notifications.operations import codes
from meterbook.notifications.values import ChannelKind, DestinationState, MessageState, Outcome

DELIVER = "notifications.deliver_messages"


@operation.operation
def send(
    *,
    actor: Actor,
    at: datetime,
    kind: values.Kind,
    to: values.To,
    facts: Mapping[str, str],
    key: str,
    attachment: str = "",
    language: str = "",
    reaches_sign_in: bool = False,
) -> Outcome:
    """This will queue one message in the caller's transaction; a worker sends it after the commit.

    It goes to one destination of the recipient: the preferred one, or when that is refused for good, the next. A bill
    for a customer who has not confirmed the address waits, and the question for it goes out. Without a mail server a
    bill waits until there is one (`release_waiting`).

    :param facts: what the kind's text needs (`texts/`); sealed, and wiped when the message was sent
    :param key: names the occasion; the same one never goes to the same recipient twice
    :param attachment: "name:reference" (`attachments`), for mail
    :param language: of what it is about (M-012), such as the bill; empty: that of the recipient
    :param reaches_sign_in: also the address of a person's sign-in that was not confirmed, where there is no other way
    """
    rule, recipient = values.RULES[kind], locked_recipient(to)
    facts = {"name": to.name, **facts}
    if not rule.is_mandatory and kind in recipient.kinds_off:
        return Outcome.UNSUBSCRIBED
    on = queries.channels_on()
    waits = ChannelKind.MAIL not in on and kind in values.WAITS_FOR_MAIL and bool(to.mail)
    if not on and not waits:
        return Outcome.NO_CHANNEL
    if models.Message.objects.filter(
        organization_id=recipient.organization_id, key=key, destination__recipient=recipient
    ).exists():
        return Outcome.DUPLICATE
    main = _main_mail(recipient, to)
    open_to = destinations_for(recipient, kind, on=on, main=main)
    open_to = open_to or _unconfirmed(main, on=on if reaches_sign_in else set())
    if open_to:
        queue_to(open_to[0], kind=kind, key=key, facts=facts, at=at, attachment=attachment, language=language)
        return Outcome.QUEUED
    if waits and main is not None and main.state in {DestinationState.CONFIRMED, DestinationState.UNCONFIRMED}:
        state = MessageState.HELD
        message = queue_to(
            main, kind=kind, key=key, facts=facts, at=at, attachment=attachment, language=language, state=state
        )
        _wait_for_mail(message, at=at)
        return Outcome.HELD
    may_ask = recipient.owner_kind == values.OwnerKind.CUSTOMER and ChannelKind.MAIL in on and main is not None
    if not may_ask or main is None or main.state != DestinationState.UNCONFIRMED:
        return Outcome.NO_DESTINATION
    held = MessageState.HELD
    queue_to(main, kind=kind, key=key, facts=facts, at=at, attachment=attachment, language=language, state=held)
    _ask_customer(main, at=at)
    return Outcome.HELD


@operation.operation
def send_test(*, actor: Actor, at: datetime, user_id: int, channel: ChannelKind) -> uuid.UUID | None:
    """This will queue a test message to the person who asks, and return its public id; None: no destination there.

    Mail goes to the address of the sign-in: nobody can have mail sent to others this way.
    """
    to = values.To.user(user_id)
    recipient = locked_recipient(to)
    found = [
        each
        for each in destinations_for(recipient, values.Kind.TEST, on={channel}, main=_main_mail(recipient, to))
        if each.channel_kind == channel
    ]
    if not found:
        return None
    message = queue_to(found[0], kind=values.Kind.TEST, key=f"test:{uuid.uuid4()}", facts={}, at=at)
    after = {"channel": channel.value, "to": values.masked(found[0].address)}
    audit_operations.record(
        actor=actor, at=at, action="notifications:send_test", subject=message, before=None, after=after
    )
    return message.public_id


@operation.operation
def retry_message(*, actor: Actor, at: datetime, public_id: uuid.UUID) -> bool:
    """This will try a message once more that failed or is in doubt; False: what it said is gone, or it needs no retry.

    :raises queries.MessageNotFound: when it is not there or belongs to another organization
    """
    message = (
        models.Message.objects.select_for_update()
        .filter(organization_id=scoping.current().organization_id, public_id=public_id)
        .first()
    )
    if message is None:
        raise queries.MessageNotFound(queries.MessageNotFound.__doc__)
    if message.state not in queries.RETRIABLE or not message.sealed_facts:
        return False
    before = {"state": message.state}
    message.state, message.tries, message.doubts = MessageState.QUEUED, 0, 0
    message.due_at, message.expires_at = at, at + values.RULES[values.Kind(message.kind)].life
    message.save()
    wake(message.organization_id)
    audit_operations.record(
        actor=actor,
        at=at,
        action="notifications:retry_message",
        subject=message,
        before=before,
        after={"state": message.state},
    )
    return True


def locked_recipient(to: values.To) -> models.Recipient:
    """This will return the recipient, made when new, locked: two who write to it at once wait for each other."""
    organization_id = scoping.current().organization_id
    models.Recipient.objects.get_or_create(
        organization_id=organization_id,
        owner_kind=to.kind,
        owner_key=to.key,
        defaults={"user_id": to.user_id, "language": to.language, "zone": to.zone or "UTC"},
    )
    found = models.Recipient.objects.select_for_update(of=("self",)).get(
        organization_id=organization_id, owner_kind=to.kind, owner_key=to.key
    )
    # What the caller resolved now (M-012) counts, not what was so when somebody wrote there first.
    if to.kind != values.OwnerKind.USER and (found.language, found.zone) != (to.language, to.zone):
        found.language, found.zone = to.language, to.zone
        found.save(update_fields=["language", "zone"])
    return found


def destinations_for(
    recipient: models.Recipient, kind: values.Kind, *, on: set[ChannelKind], main: models.Destination | None = None
) -> list[models.Destination]:
    """This will return where a message of a kind may go, the preferred way first.

    :param on: the ways that are open
    :param main: the address that mandatory messages reach without having been confirmed
    """
    if values.RULES[kind].is_mail_only:
        on = on & {ChannelKind.MAIL}
    every = models.Destination.objects.filter(
        organization_id=recipient.organization_id, recipient=recipient, state=DestinationState.CONFIRMED
    )
    found = [each for each in every.order_by("confirmed_at", "id") if each.channel_kind in on]
    if main is not None and not values.RULES[kind].needs_opt_in and main.channel_kind in on and main not in found:
        found.append(main)
    return sorted(found, key=lambda each: each.channel_kind != recipient.preferred_channel)


def queue_to(
    destination: models.Destination,
    *,
    kind: values.Kind,
    key: str,
    facts: Mapping[str, str],
    at: datetime,
    attachment: str = "",
    language: str = "",
    state: MessageState = MessageState.QUEUED,
) -> models.Message:
    """This will put a message to one destination into the queue, or return the one that is there under the key."""
    recipient = destination.recipient
    message, is_new = models.Message.objects.get_or_create(
        organization_id=destination.organization_id,
        key=key,
        destination=destination,
        defaults={
            "kind": kind,
            "language": rendering.language_of(language) if language else queries.language_of(recipient),
            "template_version": rendering.VERSION,
            "sealed_facts": vault.seal(json.dumps(dict(facts))),
            "attachment": attachment,
            "state": state,
            "queued_at": at,
            "due_at": due(recipient, kind, at),
            "expires_at": at + values.RULES[kind].life,
        },
    )
    if is_new and state is MessageState.QUEUED:
        wake(destination.organization_id)
    return message


def due(recipient: models.Recipient, kind: values.Kind, at: datetime) -> datetime:
    """This will return the first instant from `at` on that lies in no quiet hours; urgent messages do not wait."""
    if values.RULES[kind].is_urgent:
        return at
    quiet = values.quiet_until(at, zone=recipient.zone, start=recipient.quiet_from, end=recipient.quiet_until)
    return quiet or at


def release(destination: models.Destination, *, at: datetime) -> None:
    """This will queue what waited for the destination to be confirmed."""
    held = models.Message.objects.filter(
        organization_id=destination.organization_id, destination=destination, state=MessageState.HELD
    )
    for message in held.order_by("id"):
        message.state = MessageState.QUEUED
        message.due_at = due(destination.recipient, values.Kind(message.kind), at)
        message.save(update_fields=["state", "due_at"])
    wake(destination.organization_id)


def _wait_for_mail(message: models.Message, *, at: datetime) -> None:
    message.expires_at = at + values.LONGEST_WITHOUT_MAIL
    message.save(update_fields=["expires_at"])


def release_waiting(*, at: datetime) -> None:
    """This will send on what waited for a mail server; addresses that nobody confirmed are asked for that first."""
    held = models.Message.objects.filter(
        organization_id=scoping.current().organization_id,
        kind__in=values.WAITS_FOR_MAIL,
        state=MessageState.HELD,
        destination__channel_kind=ChannelKind.MAIL,
    ).select_related("destination__recipient")
    for message in held.order_by("id"):
        destination, kind = message.destination, values.Kind(message.kind)
        message.expires_at = at + values.RULES[kind].life
        if destination.state == DestinationState.CONFIRMED:
            message.state, message.due_at = MessageState.QUEUED, due(destination.recipient, kind, at)
        message.save(update_fields=["state", "due_at", "expires_at"])
        if destination.state == DestinationState.UNCONFIRMED:
            destination.refresh_from_db()  # one question for all that waits for an address
            _ask_customer(destination, at=at)
    wake(scoping.current().organization_id)


def fall_back(message: models.Message, *, at: datetime) -> None:
    """This will queue the message to the recipient's next confirmed destination on another channel, if there is one."""
    origin = message.destination
    kind = values.Kind(message.kind)
    if kind in {values.Kind.TEST, values.Kind.OPT_IN_CODE} or not message.sealed_facts:
        return
    tried = set(
        models.Message.objects.filter(
            organization_id=message.organization_id, key=message.key, destination__recipient=origin.recipient
        ).values_list("destination_id", flat=True)
    )
    for other in destinations_for(origin.recipient, kind, on=queries.channels_on()):
        if other.pk in tried:
            continue
        models.Message.objects.create(
            organization_id=message.organization_id,
            key=message.key,
            destination=other,
            kind=message.kind,
            language=message.language,
            template_version=message.template_version,
            sealed_facts=message.sealed_facts,
            attachment=message.attachment,
            state=MessageState.QUEUED,
            queued_at=at,
            due_at=due(origin.recipient, kind, at),
            expires_at=at + values.RULES[kind].life,
            fallback_of=message,
        )
        wake(message.organization_id)
        return


def wake(organization_id: int) -> None:
    """This will have a worker look at the queue after the commit; the timetable does so every ten seconds too."""
    queue.defer(DELIVER, organization_id=organization_id, queueing_lock=f"{DELIVER}:{organization_id}")


def _main_mail(recipient: models.Recipient, to: values.To) -> models.Destination | None:
    """The address that belongs to the recipient by itself: a person's sign-in, a customer's, an invitation's."""
    address = to.mail
    if to.user_id is not None:
        address = identity_models.User.objects.values_list("email", flat=True).get(pk=to.user_id)
    if not address:
        return None
    found, _is_new = models.Destination.objects.get_or_create(
        organization_id=recipient.organization_id,
        recipient=recipient,
        channel_kind=ChannelKind.MAIL,
        address=address,
    )
    if to.kind == values.OwnerKind.CUSTOMER:
        # The address was changed: what the former one confirmed says nothing about this one.
        others = models.Destination.objects.filter(
            organization_id=recipient.organization_id, recipient=recipient, channel_kind=ChannelKind.MAIL
        ).exclude(pk=found.pk)
        others.update(state=DestinationState.REMOVED, code_hash="", code_expires_at=None)
        if found.state == DestinationState.REMOVED:
            found.state = DestinationState.UNCONFIRMED
            found.save(update_fields=["state"])
    return found


def _unconfirmed(main: models.Destination | None, *, on: set[ChannelKind]) -> list[models.Destination]:
    """The address of a sign-in that was neither confirmed nor refused nor removed."""
    is_open = main is not None and main.state == DestinationState.UNCONFIRMED and main.channel_kind in on
    return [main] if main is not None and is_open else []


def _ask_customer(destination: models.Destination, *, at: datetime) -> None:
    """One question is enough: it works for two weeks."""
    if destination.code_hash and destination.code_expires_at and destination.code_expires_at > at:
        return
    code = codes.renew(destination, at=at, life=values.CUSTOMER_CODE_LIFE)
    destination.save()
    link = links.ConfirmLink(destination.organization_id, destination.public_id, code)
    facts = {"for_customer": "yes", "link": links.confirm_href(link)}
    queue_to(destination, kind=values.Kind.OPT_IN_CODE, key=f"code:{uuid.uuid4()}", facts=facts, at=at)
