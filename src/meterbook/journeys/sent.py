"""What devices send by HTTP: believed, read as messages at a broker are, stored once for each instant.

Runs outside a scope.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
from django.utils.translation import gettext as _

from meterbook.acquisition import catalogue, plans, texts
from meterbook.acquisition import operations as acquisition_operations
from meterbook.acquisition import values as acquisition_values
from meterbook.acquisition.contract import errors
from meterbook.acquisition.contract.frames import Sample
from meterbook.acquisition.drivers.mqtt import messages
from meterbook.acquisition.library import decode
from meterbook.acquisition.library.documents import MeterModel
from meterbook.acquisition.polling import timetable
from meterbook.foundation import scoping
from meterbook.kernel.actor import Actor
from meterbook.kernel.quality import Quality
from meterbook.metering import operations as metering_operations
from meterbook.metering.values import Source

NAME = "sender"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class MessageUnusable(ValueError):
    """A message of a device whose values cannot be found; `words` say where they were looked for."""


@dataclass(frozen=True)
class Sent:
    """What became of a message: `at` is when it was measured, or came. `problem` is what is wrong all the same.

    `live` values belong to slots that have their reading already: they are shown and not stored.
    """

    at: datetime
    stored: int
    known: int
    conflicting: int
    live: int
    problem: str


@dataclass(frozen=True)
class _Row:
    """A sample on its way to a series."""

    code: str
    series_id: int
    value: int
    is_reading: bool


@dataclass(frozen=True)
class _Read:
    at: datetime
    samples: tuple[Sample, ...]
    problem: acquisition_values.Problem | None


def take(*, address: str, at: datetime, real_at: datetime, public_id: uuid.UUID, token: str, payload: bytes) -> Sent:
    """This will take a message: the first value of each slot is its reading, the same instant again changes nothing.

    :param address: where it comes from
    :param token: what it proves itself with; empty for none
    :raises acquisition_operations.SenderRefused: when it is not believed, or too much came
    :raises MessageUnusable: when it holds nothing that can be used; why stands on the device's page
    :raises metering_operations.StoreBusy: when it should come again later
    """
    actor = Actor.system(NAME, source=address[:50])
    organization_id, sender_id = acquisition_operations.find_sender(public_id=public_id)
    try:
        with scoping.scope([organization_id], actor=actor):
            admitted = acquisition_operations.admit_sender(
                actor=actor, at=at, real_at=real_at, sender_id=sender_id, token=token, address=address
            )
            model = catalogue.current().load(admitted.model_code)
            read = _read(payload, admitted, model, at)
    except acquisition_operations.SenderRefused as refused:
        if refused.is_kept:
            with scoping.scope([organization_id], actor=actor):
                acquisition_operations.note_unsent(
                    actor=actor, at=at, real_at=real_at, sender_id=sender_id, words=str(refused)
                )
        raise
    if messages.is_last_gasp(payload):
        return _gasped(actor, at, organization_id, sender_id, admitted)
    rows = list(_rows(read, admitted))
    outcome = metering_operations.record_readings(
        organization_id=organization_id, actor=actor, at=at, batch=_batch(rows, read.at, is_reading=True)
    )
    live = _batch(rows, read.at, is_reading=False)
    metering_operations.record_latest(organization_id=organization_id, actor=actor, at=at, batch=live)
    frame = acquisition_operations.FrameNote(at, address.encode().hex(), payload[:2_000].hex(), 0)
    with scoping.scope([organization_id], actor=actor):
        noted = {each.code: read.at for each in rows if each.is_reading}
        acquisition_operations.note_sent(actor=actor, at=at, sender_id=sender_id, noted=noted)
        acquisition_operations.note_device_answer(
            actor=actor, at=at, device_id=admitted.device_id, frame=frame, problem=read.problem
        )
        if not rows:
            words = _words(read.problem)
            acquisition_operations.note_unsent(actor=actor, at=at, real_at=real_at, sender_id=sender_id, words=words)
    if not rows:
        raise MessageUnusable(words)
    return Sent(
        at=read.at,
        stored=outcome.inserted,
        known=outcome.unchanged,
        conflicting=outcome.conflicts,
        live=len(live),
        problem=_words(read.problem) if read.problem is not None else "",
    )


def _gasped(
    actor: Actor, at: datetime, organization_id: int, sender_id: int, admitted: acquisition_operations.AdmittedSender
) -> Sent:
    """The device says that its supply fails: it is silent from now on, and why is known until it sends again."""
    problem = acquisition_values.LAST_GASP
    with scoping.scope([organization_id], actor=actor):
        acquisition_operations.note_sent(actor=actor, at=at, sender_id=sender_id, noted={})
        acquisition_operations.note_device_silence(
            actor=actor,
            at=at,
            device_id=admitted.device_id,
            failures=acquisition_values.SILENT_AFTER,
            since=at,
            problem=problem,
        )
    return Sent(at=at, stored=0, known=0, conflicting=0, live=0, problem=_words(problem))


def _read(payload: bytes, admitted: acquisition_operations.AdmittedSender, model: MeterModel, at: datetime) -> _Read:
    """The values of a message, as those at a broker are read."""
    try:
        told = messages.read(payload, admitted.map.places, admitted.map.time, now=at)
    except errors.DeviceError as error:
        return _Read(at, (), acquisition_values.Problem.of(error))
    known = {each.code: each for each in model.registers}
    # The mapping names registers by their code, a type of somebody's own may call its records otherwise.
    records = [replace(each, name=known[each.name].record) for each in told.records if each.name in known]
    found = {each.name for each in records}
    decoded = decode.decode_records([each for each in model.registers if each.record in found], records)
    counters = {each.code for each in model.registers if each.is_energy}
    faults: list[errors.DeviceError] = [error for _register, error in decoded.refused]
    faults += [each for each in told.missing if each.data["register"] in counters or not decoded.samples]
    second = (told.at or at).replace(microsecond=0)
    return _Read(second, decoded.samples, acquisition_values.Problem.of(faults[0]) if faults else None)


def _rows(read: _Read, admitted: acquisition_operations.AdmittedSender) -> Iterable[_Row]:
    feeds = {each.register_code: each for each in admitted.feeds}
    for sample in read.samples:
        feed = feeds.get(sample.code)
        # A register read in another resolution than the installation's would be wrong by powers of ten: never stored.
        if feed is None or (sample.unit, sample.decimals) != (feed.unit, feed.decimals):
            continue
        is_reading = _is_reading(read.at, admitted.noted.get(sample.code), feed)
        yield _Row(sample.code, feed.series_id, sample.value, is_reading)


def _is_reading(at: datetime, latest: datetime | None, feed: plans.RegisterFeed) -> bool:
    """The first one of its slot, the same one again, or one that came late: its slot may have none."""
    if latest is None or at == latest:
        return True
    step = timedelta(minutes=feed.step)
    return timetable.slot_of(at, step) != timetable.slot_of(latest, step)


def _batch(rows: Iterable[_Row], at: datetime, *, is_reading: bool) -> metering_operations.ReadingBatch:
    wanted = [each for each in rows if each.is_reading is is_reading]
    size = len(wanted)
    return metering_operations.ReadingBatch(
        series_id=np.array([each.series_id for each in wanted], np.int64),
        at=np.full(size, (at - _EPOCH) // timedelta(microseconds=1), np.int64),
        value=np.array([each.value for each in wanted], np.int64),
        quality=np.full(size, int(Quality.VALID), np.int64),
        source=np.full(size, int(Source.METER), np.int64),
    )


def _words(problem: acquisition_values.Problem | None) -> str:
    if problem is None:
        return _("No register of this meter is among the values.")
    return f"{texts.words(problem)} {texts.remedy(problem)}"
