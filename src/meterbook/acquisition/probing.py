"""What a test read brought, in every byte order; reads that need a running scope."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from meterbook.acquisition import catalogue, models, queries, values
from meterbook.acquisition.contract import errors
from meterbook.acquisition.contract.frames import Record, Sample
from meterbook.acquisition.library import decode, documents
from meterbook.acquisition.library import orders as byte_orders
from meterbook.foundation import scoping

# Of Modbus TCP frames: the transaction's header, then the unit, function and (in answers) the count of bytes.
HEADER = 6


class ProbeNotFound(LookupError):
    """There is no such test read in this organization."""


@dataclass(frozen=True)
class FrameRow:
    """A request and its answer in hex, without spaces."""

    request: str
    response: str


@dataclass(frozen=True)
class MarkedFrame:
    """A request, and its answer before, in and behind the register that is looked at."""

    asked: bytes
    before: bytes
    marked: bytes
    behind: bytes


@dataclass(frozen=True)
class ProbeRow:
    """A test read as a screen waits for it. `orders` are of the main counter, empty while nothing came of it.

    `own_order` is that of the model, `proposed` the one that makes sense.
    """

    public_id: uuid.UUID
    site_id: int
    host: str
    port: int
    unit_id: int
    model: documents.MeterModel
    status: values.RequestStatus
    requested_at: datetime
    answered_at: datetime | None
    took_ms: int | None
    frames: tuple[FrameRow, ...]
    raw: Mapping[str, str]
    problem: queries.ProblemRow | None
    exception: int | None
    orders: tuple[byte_orders.OrderReading, ...]
    own_order: byte_orders.ByteOrder
    proposed: byte_orders.ByteOrder
    protocol: values.BusProtocol = values.BusProtocol.MODBUS_TCP
    secondary: str = ""
    records: tuple[Record, ...] = ()
    kin: tuple[str, str, int, int] | None = None

    @property
    def address(self) -> str:
        """The meter's address as people write it."""
        return self.secondary or str(self.unit_id)

    @property
    def is_final(self) -> bool:
        """Whether nothing more will come."""
        return self.status.is_final

    @property
    def main(self) -> documents.Register:
        """The register that is compared with the display."""
        return byte_orders.main_counter(self.model)

    @property
    def is_the_same_everywhere(self) -> bool:
        """Whether all orders say the same, as zero does: then the display decides nothing."""
        return len({each.number for each in self.orders}) == 1

    def main_frame(self) -> MarkedFrame | None:
        """This will return the frame that carried the main counter, divided around its bytes; None when none came."""
        for each in self.frames:
            asked, answered = bytes.fromhex(each.request), bytes.fromhex(each.response)
            start, end = self._marked(asked, answered)
            if 0 < start < end <= len(answered):
                return MarkedFrame(asked, answered[:start], answered[start:end], answered[end:])
        return None

    def _marked(self, asked: bytes, answered: bytes) -> tuple[int, int]:
        """Where the bytes of the main counter stand in an answer, (0, 0) when they do not."""
        if self.model.is_named:
            sent = bytes.fromhex(self.raw.get(self.main.code, ""))
            start = answered.find(sent) if sent else 0
            return start, start + len(sent)
        at = HEADER if asked[2:HEADER] == (len(asked) - HEADER).to_bytes(4, "big") else 0  # else RTU
        function, address = asked[at + 1], int.from_bytes(asked[at + 2 : at + 4], "big")
        start = at + 3 + 2 * (self.main.address - address)
        is_there = function == self.main.function and start >= at + 3
        return (start, start + 2 * self.main.words) if is_there else (0, 0)

    def reading(self, order: byte_orders.ByteOrder) -> byte_orders.OrderReading | None:
        """This will return what the main counter says in an order; None while nothing came of it."""
        return next((each for each in self.orders if each.order is order), None)

    def matching(self, shown: Decimal) -> byte_orders.ByteOrder | None:
        """This will return the order in which the main counter says what the display shows; None when none does."""
        return byte_orders.matching(self.orders, shown)

    def samples(self, order: byte_orders.ByteOrder) -> tuple[Sample, ...]:
        """This will return all registers that came, read in an order; those that make no sense are left out."""
        if self.model.is_named:
            return decode.decode_records(self.model.registers, self.records).samples
        found = []
        for register in byte_orders.in_order(self.model, order).registers:
            sent = self.raw.get(register.code, "")
            numbers = tuple(int(sent[start : start + 4], 16) for start in range(0, len(sent), 4))
            if not numbers:
                continue
            try:
                found.append(decode.decode(register, numbers))
            except errors.Nonsense:
                continue
        return tuple(found)


@dataclass(frozen=True)
class SearchRow:
    """A part of a search: the addresses from `first` up to `until`. `found` are those that answered, with the codes of
    the models that fit; `next_unit` is the first that was not asked.
    """

    public_id: uuid.UUID
    site_id: int
    host: str
    first: int
    until: int
    status: values.RequestStatus
    found: tuple[tuple[int, tuple[str, ...]], ...]
    next_unit: int
    problem: queries.ProblemRow | None


def get_search(*, public_id: uuid.UUID, real_at: datetime) -> SearchRow:
    """This will return a part of a search for meters.

    :param real_at: the machine's present instant (`kernel.clock.real_now`): searches expire in real time
    :raises ProbeNotFound: when it is not there, belongs to another organization, or is a test read of one meter
    """
    probes = models.Probe.objects.filter(organization_id=scoping.current().organization_id, public_id=public_id)
    probe = probes.exclude(until_unit=None).first()
    if probe is None or probe.until_unit is None:
        raise ProbeNotFound(ProbeNotFound.__doc__)
    status = values.RequestStatus(probe.status)
    if not status.is_final and probe.expires_at <= real_at:
        status = values.RequestStatus.EXPIRED
    answer: Mapping[str, Any] = probe.answer or {}
    return SearchRow(
        public_id=probe.public_id,
        site_id=probe.site_id,
        host=probe.host,
        first=probe.unit_id,
        until=probe.until_unit,
        status=status,
        found=tuple((unit, tuple(codes)) for unit, codes in answer.get("found", ())),
        next_unit=answer.get("next_unit", probe.unit_id),
        problem=queries.problem_row(values.Problem.from_json(answer.get("problem"))),
    )


def get_probe(*, public_id: uuid.UUID, real_at: datetime) -> ProbeRow:
    """This will return a test read. One that nobody took in time shows as expired, also without a collector.

    :param real_at: the machine's present instant (`kernel.clock.real_now`): test reads expire in real time
    :raises ProbeNotFound: when it is not there or belongs to another organization
    """
    probes = models.Probe.objects.filter(organization_id=scoping.current().organization_id, public_id=public_id)
    probe = probes.first()
    if probe is None:
        raise ProbeNotFound(ProbeNotFound.__doc__)
    status = values.RequestStatus(probe.status)
    if not status.is_final and probe.expires_at <= real_at:
        status = values.RequestStatus.EXPIRED
    return _row(probe, status, probe.answer or {})


def _row(probe: models.Probe, status: values.RequestStatus, answer: Mapping[str, Any]) -> ProbeRow:
    model = documents.read(probe.document) if probe.document else catalogue.current().load(probe.model_code)
    main = byte_orders.main_counter(model)
    own = byte_orders.order_of(main)
    raw: Mapping[str, str] = answer.get("raw", {})
    records = tuple(
        Record(name, None if number is None else Decimal(number), unit, text, sent)
        for name, number, unit, text, sent in answer.get("records", ())
    )
    if model.is_named:
        found = byte_orders.of_record(main, records)
    else:
        found = byte_orders.readings(main, raw[main.code]) if main.code in raw else ()
    kin = answer.get("kin")
    problem = values.Problem.from_json(answer.get("problem"))
    return ProbeRow(
        public_id=probe.public_id,
        site_id=probe.site_id,
        host=probe.host,
        port=probe.port,
        unit_id=probe.unit_id,
        model=model,
        status=status,
        requested_at=probe.requested_at,
        answered_at=probe.answered_at,
        took_ms=answer.get("took_ms"),
        frames=tuple(FrameRow(*each) for each in answer.get("frames", ())),
        raw=raw,
        problem=queries.problem_row(problem),
        exception=problem.data.get("exception") if problem is not None else None,
        orders=found,
        own_order=own,
        proposed=byte_orders.choose(found, own),
        protocol=values.BusProtocol(probe.protocol),
        secondary=probe.secondary,
        records=records,
        kin=tuple(kin) if kin else None,
    )
