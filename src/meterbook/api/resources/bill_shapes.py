"""How the explanation of a bill is written: lines, intervals, a reading with all that is kept of it."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

import numpy as np
from django.utils.translation import gettext as _

from meterbook.api import problems, values
from meterbook.billing import queries as billing_queries
from meterbook.billing.queries import issued_intervals
from meterbook.kernel.quality import Quality
from meterbook.metering.validation.inputs import CorrectionKind
from meterbook.metering.values import Source
from meterbook.reporting.queries import explaining, raw_readings


class ExplainedTariff(values.Told):
    """The version that priced a line; `sentences` are its own words in English, empty where it is gone."""

    code: str
    version: int
    sha256: str
    sentences: list[str]


class LineRegister(values.Told):
    """A register that a line was priced from: `code` empty for the one that its meter point is billed by.

    `readings` are instants for `.../points/{place}/readings/{instant}?register={code}`.
    """

    code: str
    readings: list[values.InstantTold]


class BillLine(values.Told):
    """A line: `quantity` x `price` is `exact`, rounded once `amount`.

    `trace` tells what it was made from (docs/reference/bill-format.md); `readings` are the instants of all its
    registers, for `.../points/{place}/readings/{instant}`.
    """

    place: int
    charge: int
    line: int
    meter_point: uuid.UUID
    code: str
    text: dict[str, str]
    quantity: str
    unit: str
    price: values.DecimalTold
    exact: values.DecimalTold
    amount: values.DecimalTold
    tariff: ExplainedTariff
    trace: dict[str, Any]
    readings: list[values.InstantTold]
    registers: list[LineRegister]


class BillExplanation(values.Told):
    """All lines of a bill, and what no meter point alone makes, as the content has it."""

    currency: str
    lines: list[BillLine]
    shared_costs: list[dict[str, Any]]
    settlements: list[dict[str, Any]]
    taxes: list[dict[str, Any]]


class BilledInterval(values.Told):
    """What was used in [starts_at, ends_at)."""

    starts_at: values.InstantTold
    ends_at: values.InstantTold
    value: values.DecimalTold
    quality: str


class BilledIntervals(values.Told):
    """The intervals that a bill was made from, as they were then.

    `is_kept`: they are those that the bill names by digest. `is_changed`: what is known now differs.
    """

    unit: str
    is_kept: bool
    is_changed: bool
    items: list[BilledInterval]


class StoredReading(values.Told):
    """`raw` is an integer of the register's resolution, as it came."""

    at: values.InstantTold
    raw: int
    quality: str
    source: str
    received_at: values.InstantTold


class ReadingFact(values.Told):
    """What a person said of a reading later."""

    kind: CorrectionKind
    raw: int | None
    reason: str
    author: str
    recorded_at: values.InstantTold


class OriginOfReading(values.Told):
    """Where a reading came from; null where it does not apply, or is not known any more."""

    person: str | None
    has_photo: bool
    file_name: str | None
    file_sha256: str | None
    gateway: str | None
    batch_sequence: int | None
    batch_sha256: str | None
    protocol: str | None
    device_address: str | None
    request_hex: str | None
    response_hex: str | None


class ReadingEvidence(values.Told):
    """An instant of a register: `reading` null where nobody read it. `unit` and `decimals` are the register's."""

    meter_point: uuid.UUID
    at: values.InstantTold
    serial_number: str
    register_code: str
    unit: str
    decimals: int
    multiplier: str
    calibrated_until: date | None
    reading: StoredReading | None
    around: list[StoredReading]
    facts: list[ReadingFact]
    origin: OriginOfReading


def explanation(bill: billing_queries.BillDetail) -> BillExplanation:
    """This will tell every line of a bill."""
    content = bill.content
    return BillExplanation(
        currency=content["currency"],
        lines=[_line(each) for each in explaining.lines_of(content)],
        shared_costs=list(content.get("shared_costs", ())),
        settlements=list(content.get("settlements", ())),
        taxes=list(content["taxes"]),
    )


def intervals(bill: billing_queries.BillDetail, found: explaining.MeteredPoint) -> BilledIntervals:
    """This will tell the intervals behind a meter point of a bill.

    :raises problems.Problem: for a register of maximum demand, which has none
    """
    if found.is_maximum:
        raise problems.not_found(_("A register of maximum demand has no intervals: ask for its reading."))
    issued = issued_intervals.intervals_of(point=found.plain, series=found.series, approved_at=bill.approved_at)
    columns, codes = issued.blocks.columns(found.period), issued.blocks.codes(found.series.id, found.period)
    amounts = issued.blocks.values[0, columns]
    qualities = np.zeros(len(amounts), np.uint8) if codes is None else codes
    return BilledIntervals(
        unit=found.series.unit.value,
        is_kept=issued.is_kept,
        is_changed=issued.is_changed,
        items=[
            BilledInterval(
                starts_at=values.instant(found.period.start + place * issued.length),
                ends_at=values.instant(found.period.start + (place + 1) * issued.length),
                value=values.scaled(int(amount), found.series.decimals),
                quality=Quality(int(quality)).name,
            )
            for place, (amount, quality) in enumerate(zip(amounts, qualities, strict=True))
        ],
    )


def point_of(bill: billing_queries.BillDetail, place: int, register: str = "") -> explaining.MeteredPoint:
    """This will find a meter point of a bill, or a further register of it.

    :raises problems.Problem: when the bill has none there, or it is gone
    """
    try:
        return explaining.point_of(bill.content, place, register)
    except explaining.LineNotFound as error:
        raise problems.not_found(_("The bill has no such line.")) from error


def evidence(found: explaining.MeteredPoint, at: datetime, *, is_fine: bool, is_own: bool) -> ReadingEvidence:
    """This will tell what is kept of an instant.

    :param is_fine: single readings of the time may be told
    :param is_own: a tenant asks: nothing of the network
    """
    kept = raw_readings.evidence_of(detail=found.detail, series=found.series, at=at, within=found.period)
    register = kept.register
    test = None if kept.asset is None else kept.asset.latest_test
    return ReadingEvidence(
        meter_point=found.detail.public_id,
        at=values.instant(at),
        serial_number="" if register is None else register.meter.serial_number,
        register_code="" if register is None else register.code,
        unit=found.series.unit.value if register is None else register.unit,
        decimals=found.series.decimals if register is None else register.decimals,
        multiplier="1" if register is None else str(register.multiplier),
        calibrated_until=None if test is None else test.test.until_day,
        reading=None if kept.reading is None else _stored(kept.reading),
        around=[_stored(each) for each in kept.around] if is_fine else [],
        facts=[
            ReadingFact(
                kind=each.kind,
                raw=each.raw,
                reason=each.reason,
                author=each.author,
                recorded_at=values.instant(each.recorded_at),
            )
            for each in kept.facts
        ],
        origin=_origin(kept, is_own=is_own),
    )


def _line(each: explaining.ExplainedLine) -> BillLine:
    line, tariff = each.line, each.charge["tariff"]
    return BillLine(
        place=each.place[0],
        charge=each.place[1],
        line=each.place[2],
        meter_point=uuid.UUID(each.point["public_id"]),
        code=line["code"],
        text=dict(line["text"]),
        quantity=line["quantity"],
        unit=line["unit"],
        price=line["price"],
        exact=line["exact"],
        amount=line["amount"],
        tariff=ExplainedTariff(
            code=tariff["code"], version=tariff["version"], sha256=tariff["digest"], sentences=list(each.sentences)
        ),
        trace=dict(line["trace"]),
        readings=[values.instant(at) for at in each.readings],
        registers=[
            LineRegister(code=own.code, readings=[values.instant(at) for at in own.readings]) for own in each.registers
        ],
    )


def _stored(row: raw_readings.RawReading) -> StoredReading:
    return StoredReading(
        at=values.instant(row.at),
        raw=row.raw,
        quality=row.quality.name,
        source=Source(row.source).name,
        received_at=values.instant(row.received_at),
    )


def _origin(kept: raw_readings.Evidence, *, is_own: bool) -> OriginOfReading:
    origin = kept.origin
    person, file, gateway, device = origin.person, origin.file, origin.gateway, origin.device
    frame = next(iter(origin.frames), None)
    return OriginOfReading(
        person=person.author if person else None,
        has_photo=bool(person and person.photo),
        file_name=file.name if file else None,
        file_sha256=file.digest if file else None,
        gateway=gateway.gateway if gateway and not is_own else None,
        batch_sequence=gateway.sequence if gateway else None,
        batch_sha256=gateway.digest if gateway else None,
        protocol=device.bus.protocol.value if device else None,
        device_address=device.address if device else None,
        request_hex=frame.request_hex if frame else None,
        response_hex=frame.response_hex if frame else None,
    )
