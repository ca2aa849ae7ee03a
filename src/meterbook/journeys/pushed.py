"""What gateways send, whichever way it comes: believed, stored once, answered. Runs outside a scope.

The way (HTTPS, or a broker) reads a message from its line and writes the answer to it; everything between is here.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import prometheus_client
from django.db import OperationalError
from django.utils.translation import gettext as _

from meterbook.acquisition import gateways
from meterbook.acquisition import operations as acquisition_operations
from meterbook.acquisition import values as acquisition_values
from meterbook.acquisition.gateway_values import IncidentKind
from meterbook.acquisition.push import batch, carrying, signing
from meterbook.foundation import scoping, vault
from meterbook.journeys import counted_lines
from meterbook.kernel.actor import Actor
from meterbook.metering import operations as metering_operations

NAME = "gateway"
_log = logging.getLogger("meterbook.push")
_refused = prometheus_client.Counter("meterbook_push_refused", "Messages of gateways that were refused", ["kind"])


@dataclass(frozen=True)
class Refusal:
    """Why a message is not taken, as its sender is told; `retry_after` in seconds, 0 for never."""

    status: int
    code: str
    words: str
    retry_after: int = 0


def take_batch(
    *, actor: Actor, at: datetime, real_at: datetime, message: acquisition_operations.Message, encoding: str
) -> dict[str, Any]:
    """This will take a signed batch: each reading is stored once, whatever comes again, late or in another order.

    :param encoding: gzip, or nothing
    :raises acquisition_operations.MessageRefused: when it is not believed; why is kept, and alarmed
    :raises batch.BatchTooLarge: see there
    :raises batch.BatchUnreadable: see there
    :raises metering_operations.StoreBusy: when it should come again later
    """
    found = find(actor=actor, message=message)
    try:
        return _take(actor=actor, at=at, real_at=real_at, message=message, found=found, encoding=encoding)
    except acquisition_operations.MessageRefused as refused:
        note_refusal(found=found, actor=actor, at=at, refused=refused)
        raise


def find(*, actor: Actor, message: acquisition_operations.Message) -> acquisition_operations.Found:
    """This will find which gateway a message names.

    :raises acquisition_operations.MessageRefused: when there is no such gateway
    """
    try:
        return acquisition_operations.find_gateway(public_id=message.stamp.gateway)
    except acquisition_operations.MessageRefused:
        _log.warning("push.unknown_gateway from %s", actor.source)
        raise


def note_refusal(
    *,
    found: acquisition_operations.Found,
    actor: Actor,
    at: datetime,
    refused: acquisition_operations.MessageRefused,
) -> None:
    """This will keep why a message was refused, in a transaction of its own."""
    if refused.kind is None:
        return
    named = Actor.system(NAME, source=actor.source)
    with scoping.scope([found.organization_id], actor=named):
        acquisition_operations.note_incident(actor=named, at=at, gateway_id=found.gateway_id, kind=refused.kind)


def take_from_broker(
    *, at: datetime, real_at: datetime, source: str, topic: str, payload: bytes
) -> tuple[str, bytes] | None:
    """This will take what was published for a batch, and return the topic and the text of the signed answer.

    None where nobody can be answered: it names no gateway of ours.

    :param source: through which broker it came
    """
    try:
        wrapped = carrying.unwrap(payload)
        message = acquisition_operations.Message(carrying.METHOD, topic, wrapped.body, wrapped.stamp)
        found = find(actor=Actor.system(NAME, source=source), message=message)
    except (signing.HeadersInvalid, batch.BatchTooLarge, acquisition_operations.MessageRefused) as error:
        _log.warning("push.not_read from %s: %s", source, error)
        return None
    actor, gateway = Actor.system(NAME, source=source), wrapped.stamp.gateway
    status = 200
    try:
        if topic != carrying.batches_topic(gateway):  # signed by whom it names or not: it stands under another's topic
            refused = acquisition_operations.MessageRefused(IncidentKind.SIGNATURE)
            note_refusal(found=found, actor=actor, at=at, refused=refused)
            raise refused
        content = take_batch(actor=actor, at=at, real_at=real_at, message=message, encoding=wrapped.encoding)
    except Exception as error:
        refusal = refusal_of(error)
        if refusal is None:
            _log.exception("push.failed")
            refusal = Refusal(500, "internal", _("The server failed; send it again."))
        status, content = refusal.status, {"code": refusal.code, "detail": refusal.words}
    answer = carrying.Answer(wrapped.stamp.signature, status, {**content, "time": _milliseconds(real_at)})
    with scoping.scope([found.organization_id], actor=actor):
        text = acquisition_operations.sign_answer(gateway_id=found.gateway_id, answer=answer)
    return carrying.answers_topic(gateway), text


def refusal_of(error: Exception) -> Refusal | None:
    """This will say what the sender of a message is told, and count it; None for what is a fault of ours."""
    match error:
        case acquisition_operations.MessageRefused():
            _refused.labels(error.kind or "UNKNOWN").inc()
            return Refusal(401, "refused", str(error))
        case batch.BatchTooLarge():
            return Refusal(413, "too_large", batch.BatchTooLarge.__doc__ or "")
        case batch.BatchUnreadable():
            return Refusal(422, "unreadable", str(error))
        case metering_operations.StoreBusy():
            return Refusal(503, "busy", str(error), retry_after=5)
        case OperationalError() | vault.VaultClosed():
            _log.warning("push.not_now", exc_info=error)
            return Refusal(503, "busy", _("The server cannot take it at present; send it again."), retry_after=30)
    return None


def problem_of(given: Mapping[str, Any] | None) -> acquisition_values.Problem | None:
    """This will read what a device was found with, in the words of its driver; only texts and numbers are kept."""
    if not given:
        return None
    texts = {name: str(given.get(name, ""))[:500] for name in ("code", "words", "remedy")}
    data = given.get("data", {})
    kept = {str(key)[:40]: value for key, value in data.items() if isinstance(value, int | str)} if data else {}
    return acquisition_values.Problem(**texts, data={key: kept[key] for key in list(kept)[:20]})


def _take(
    *,
    actor: Actor,
    at: datetime,
    real_at: datetime,
    message: acquisition_operations.Message,
    found: acquisition_operations.Found,
    encoding: str,
) -> dict[str, Any]:
    organization_id, gateway_id = found.organization_id, found.gateway_id
    with scoping.scope([organization_id], actor=actor):
        admitted = acquisition_operations.admit_batch(real_at=real_at, gateway_id=gateway_id, message=message)
        if admitted.repeated is not None:
            acquisition_operations.note_repeat(actor=actor, at=at, admitted=admitted, message=message)
            return _acknowledged(message, gateway_id, admitted.repeated, is_repeat=True)
        # Only what was signed by the gateway is unpacked at all.
        read = batch.read(batch.unpack(message.body, encoding))
        named = {each.meter for each in (*read.readings, *read.latest)}
        feeds = gateways.feeds_of(gateway_id=gateway_id, serial_numbers=named)
        is_known = named == {meter for meter, _register in feeds}
        limit = None if is_known else gateways.limit_reached(gateway_id=gateway_id)
    rows = acquisition_operations.sort_rows(read.readings, feeds, at, limit=limit)
    live = acquisition_operations.sort_rows(read.latest, feeds, at, limit=limit)
    outcome = metering_operations.record_readings(organization_id=organization_id, actor=actor, at=at, batch=rows.batch)
    metering_operations.record_latest(organization_id=organization_id, actor=actor, at=at, batch=live.batch)
    _note_devices(actor=actor, at=at, found=found, notes=read.devices)
    with scoping.scope([organization_id], actor=actor):
        kept = acquisition_operations.Kept(message.digest, outcome, rows)
        answer, is_new = acquisition_operations.keep_batch(
            actor=actor, at=at, admitted=admitted, message=message, kept=kept
        )
        if is_new:  # in one transaction: what was asked in vain counts once, too
            counted_lines.add(actor=actor, at=at, gateway_id=gateway_id, rows=read.lines)
        acquisition_operations.note_seen(
            actor=actor,
            at=at,
            real_at=real_at,
            gateway_id=gateway_id,
            time=message.stamp.time,
            status=read.status,
        )
        return _acknowledged(message, gateway_id, answer, is_repeat=False)


def _acknowledged(
    message: acquisition_operations.Message, gateway_id: int, answer: Mapping[str, Any], *, is_repeat: bool
) -> dict[str, Any]:
    """Needs a running scope."""
    orders = gateways.orders_of(gateway_id=gateway_id)
    missing = acquisition_operations.missing(gateway_id=gateway_id, boot=message.stamp.boot)
    return {**answer, "is_repeat": is_repeat, "missing": missing, **orders}


def _note_devices(
    *, actor: Actor, at: datetime, found: acquisition_operations.Found, notes: tuple[Mapping[str, Any], ...]
) -> None:
    """How devices are doing, as a gateway saw it."""
    if not notes:
        return
    with scoping.scope([found.organization_id], actor=actor):
        ids = [each["device"] for each in notes]
        known = acquisition_operations.device_ids(gateway_id=found.gateway_id, public_ids=ids)
        for note in notes:
            device_id = known.get(note["device"])
            if device_id is not None:
                _note_device(actor=actor, at=at, device_id=device_id, note=note)


def _note_device(*, actor: Actor, at: datetime, device_id: int, note: Mapping[str, Any]) -> None:
    noted_at = min(at, acquisition_operations.instant(note["at"]))
    problem = problem_of(note.get("problem"))
    if note.get("failures") and problem is not None:
        acquisition_operations.note_device_silence(
            actor=actor,
            at=noted_at,
            device_id=device_id,
            failures=min(note["failures"], 1_000_000),
            since=min(at, acquisition_operations.instant(note.get("since", note["at"]))),
            problem=problem,
        )
    elif not note.get("failures"):
        frame = acquisition_operations.FrameNote(
            noted_at, note.get("request", ""), note.get("response", ""), note.get("took_ms", 0)
        )
        acquisition_operations.note_device_answer(
            actor=actor, at=noted_at, device_id=device_id, frame=frame, problem=problem
        )


def _milliseconds(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)
