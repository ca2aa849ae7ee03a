"""What a test read brought, in every byte order; reads that need a running scope."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from meterbook.acquisition import models, queries, values
from meterbook.acquisition.contract import errors
from meterbook.acquisition.contract.frames import Sample
from meterbook.acquisition.library import decode, documents
from meterbook.acquisition.library import orders as byte_orders
from meterbook.foundation import scoping

# Of Modbus TCP frames: the transaction's header with the unit, then function and (in answers) the count of bytes.
HEADER, ANSWER = 7, 9


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
            function, address = asked[HEADER], int.from_bytes(asked[HEADER + 1 : HEADER + 3], "big")
            start = ANSWER + 2 * (self.main.address - address)
            end = start + 2 * self.main.words
            if function == self.main.function and start >= ANSWER and end <= len(answered):
                return MarkedFrame(asked, answered[:start], answered[start:end], answered[end:])
        return None

    def reading(self, order: byte_orders.ByteOrder) -> byte_orders.OrderReading | None:
        """This will return what the main counter says in an order; None while nothing came of it."""
        return next((each for each in self.orders if each.order is order), None)

    def matching(self, shown: Decimal) -> byte_orders.ByteOrder | None:
        """This will return the order in which the main counter says what the display shows; None when none does."""
        return byte_orders.matching(self.orders, shown)

    def samples(self, order: byte_orders.ByteOrder) -> tuple[Sample, ...]:
        """This will return all registers that came, read in an order; those that make no sense are left out."""
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
    model = documents.load(probe.model_code)
    main = byte_orders.main_counter(model)
    own = byte_orders.order_of(main)
    raw: Mapping[str, str] = answer.get("raw", {})
    found = byte_orders.readings(main, raw[main.code]) if main.code in raw else ()
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
    )
