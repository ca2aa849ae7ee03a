"""Buses that are commissioned and the meters that were found on them, as screens see them; reads in a running scope."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet

from meterbook.acquisition import catalogue, models, queries, values
from meterbook.acquisition.commissioning import ranking, survey
from meterbook.acquisition.contract.frames import Kind, Record, Sample
from meterbook.acquisition.library import decode, documents, orders
from meterbook.acquisition.library.orders import ByteOrder
from meterbook.foundation import scoping

MOST_KEPT = 500  # meters of which the ranking is kept in a process
_kept: dict[tuple[object, ...], tuple[ranking.Candidate, ...]] = {}
LINES = tuple(
    each for each in values.BusProtocol if values.MODEL_PROTOCOL_OF[each] in ("MODBUS", "MBUS")
)  # whose meters have addresses that can be searched


class CommissioningNotFound(LookupError):
    """There is no such bus that can be commissioned, or nothing was found at it."""


@dataclass(frozen=True)
class SearchState:
    """How far the addresses of a bus were asked. `is_begun` is whether somebody ever did."""

    bus: queries.BusRow
    is_begun: bool
    next_unit: int
    is_waiting: bool
    is_stopped: bool
    problem: queries.ProblemRow | None
    pending: tuple[str, ...] | None = None  # masks left of a search by numbers; None: addresses are asked

    @property
    def is_by_number(self) -> bool:
        """Whether M-Bus meters are searched by their numbers."""
        return self.pending is not None

    @property
    def tried_percent(self) -> int:
        """Which share of all numbers was tried, by numbers: a mask with two digits is a hundredth of them."""
        left = sum(Fraction(1, 10 ** len(each.rstrip("F"))) for each in self.pending or ())
        return int(100 * (1 - min(left, Fraction(1))))

    @property
    def addresses(self) -> range:
        """All addresses that are asked."""
        return values.unit_ids(self.bus.protocol)

    @property
    def asked(self) -> int:
        """How many of them were."""
        return self.next_unit - self.addresses[0]

    @property
    def is_over(self) -> bool:
        """Whether every address was asked, or every number."""
        return not self.pending if self.pending is not None else self.next_unit > self.addresses[-1]


@dataclass(frozen=True)
class SurveyedMeter:
    """A meter that answered at an address, with everything it sent and what was chosen and typed about it.

    `meter_point` is where the device at this address hangs, None while nobody set one up. `device` is what a SunSpec
    device says of itself (`operations.ProbeAnswer.device`).
    """

    public_id: uuid.UUID
    bus: queries.BusRow
    unit_id: int
    found_at: datetime
    is_waiting: bool
    errand: values.Errand
    sent: survey.Sent
    records: tuple[Record, ...]
    kin: tuple[str, str, int, int] | None
    device: Mapping[str, Any] | None
    is_surveyed: bool
    surveyed_at: datetime | None
    problem: queries.ProblemRow | None
    model_code: str
    byte_order: str
    scale: Fraction
    notes: Mapping[str, str]
    is_set_up: bool
    secondary: str = ""  # of an M-Bus meter that was found by its number

    @property
    def address(self) -> str:
        """Its address on the line as people write it: 7, or the digits of its secondary one."""
        return self.secondary or str(self.unit_id)

    @property
    def is_mbus(self) -> bool:
        """Whether the meter names its values itself."""
        return self.bus.protocol.is_mbus

    @cached_property
    def candidates(self) -> list[ranking.Candidate]:
        """The types of the catalogue that it may be of, the likeliest first."""
        if not self.is_mbus:
            return _ranked(self.sent, self.says)
        types = catalogue.current().offered(is_demo=settings.IS_DEMO)
        return ranking.rank_named(types, self.records, self.kin) if self.records else []

    @cached_property
    def says(self) -> str:
        """The code of the type that a SunSpec device describes, whether somebody made it or not; else empty."""
        return documents.read(self.device["document"]).code if self.device else ""

    @property
    def model(self) -> documents.MeterModel | None:
        """The type that was chosen, else the likeliest one; None while nothing fits."""
        if self.model_code in catalogue.current():
            return catalogue.current().load(self.model_code)
        return self.candidates[0].model if self.candidates else None

    @property
    def order(self) -> ByteOrder:
        """The order that was chosen, else the one in which the model makes most sense."""
        chosen = next((each for each in ByteOrder if each.value == self.byte_order), None)
        if chosen is not None:
            return chosen
        model = self.model
        found = next((each for each in self.candidates if model is not None and each.model.code == model.code), None)
        if found is not None:
            return found.order
        return orders.order_of(orders.main_counter(model)) if model is not None else ByteOrder.O1234

    def scaled(self, sample: Sample) -> Decimal:
        """This will return a register's number, that of a counter times the scale; nothing is rounded."""
        number = sample.quantity.number
        return ranking.scaled(number, self.scale) if sample.kind is Kind.CUMULATIVE else number

    def samples(self) -> tuple[Sample, ...]:
        """This will return all registers of the model that came, in the order of bytes that counts, not scaled."""
        model = self.model
        if model is None:
            return ()
        if self.is_mbus:
            return decode.decode_records(model.registers, self.records).samples
        return ranking.samples_of(model, self.order, self.sent)


@dataclass(frozen=True)
class Discovery:
    """A test read that asked a device for its SunSpec models. `device` is there when it answered."""

    public_id: uuid.UUID
    site_id: int
    bus: uuid.UUID | None
    unit_id: int
    host: str
    is_final: bool
    is_expired: bool
    device: Mapping[str, Any] | None
    problem: queries.ProblemRow | None


def get_discovery(*, public_id: uuid.UUID, real_at: datetime) -> Discovery:
    """This will return how a question for SunSpec models stands.

    :param real_at: the machine's present instant (`kernel.clock.real_now`): test reads expire in real time
    :raises CommissioningNotFound: when it is not there, belongs to another organization, or asks something else
    """
    probes = models.Probe.objects.filter(organization_id=scoping.current().organization_id, public_id=public_id)
    probe = probes.filter(errand=values.Errand.SUNSPEC.value).select_related("bus").first()
    if probe is None:
        raise CommissioningNotFound(CommissioningNotFound.__doc__)
    status = values.RequestStatus(probe.status)
    if not status.is_final and probe.expires_at <= real_at:
        status = values.RequestStatus.EXPIRED
    answer: Mapping[str, Any] = probe.answer or {}
    return Discovery(
        public_id=probe.public_id,
        site_id=probe.site_id,
        bus=probe.bus.public_id if probe.bus is not None else None,
        unit_id=probe.unit_id,
        host=probe.host,
        is_final=status.is_final,
        is_expired=status is values.RequestStatus.EXPIRED,
        device=answer.get("device"),
        problem=queries.problem_row(values.Problem.from_json(answer.get("problem"))),
    )


def list_searchable(*, site_ids: frozenset[int] | None = None) -> list[SearchState]:
    """This will return the buses whose meters have addresses and that our collector asks, by site and name.

    :param site_ids: internal ids of the sites that count; None: all
    """
    organization_id = scoping.current().organization_id
    known = models.Commissioning.objects.filter(organization_id=organization_id)
    begun = {each.bus_id: each for each in known.order_by("id")}
    asked = set(_searchable().values_list("pk", flat=True))
    rows = [each for each in queries.list_buses() if each.id in asked]
    return [_state(each, begun.get(each.id)) for each in rows if site_ids is None or each.site_id in site_ids]


def get_search_of_bus(*, bus: uuid.UUID) -> SearchState:
    """This will return how far a bus is searched.

    :raises CommissioningNotFound: when there is no such bus, or its meters have no addresses
    """
    row = _searchable().filter(public_id=bus).first()
    if row is None:
        raise CommissioningNotFound(CommissioningNotFound.__doc__)
    begun = models.Commissioning.objects.filter(organization_id=row.organization_id, bus=row).first()
    return _state(queries.bus_row(row), begun)


def list_found(*, bus: uuid.UUID) -> list[SurveyedMeter]:
    """This will return the meters that were found on a bus, by address."""
    found = _found().filter(commissioning__bus__public_id=bus).order_by("unit_id", "secondary", "id")
    rows = list(found)
    used = _used(rows)
    return [_surveyed(each, used) for each in rows]


def list_unknown(*, bus: uuid.UUID) -> list[SurveyedMeter]:
    """This will return the meters of a bus that the survey goes on with, those that wait for an answer first."""
    rows = list_found(bus=bus)
    left = [each for each in rows if each.is_waiting or not (each.is_set_up or each.is_surveyed or each.problem)]
    return sorted(left, key=lambda each: not each.is_waiting)


def get_found(*, public_id: uuid.UUID) -> SurveyedMeter:
    """This will return a meter that was found.

    :raises CommissioningNotFound: when it is not there or belongs to another organization
    """
    row = _found().filter(public_id=public_id).first()
    if row is None:
        raise CommissioningNotFound(CommissioningNotFound.__doc__)
    return _surveyed(row, _used([row]))


def _ranked(sent: survey.Sent, says: str) -> list[ranking.Candidate]:
    """A page of a bus shows thirty meters each second; what is known of the same words and types is kept."""
    if sent.is_silent:
        return []
    types = catalogue.current()
    own = tuple(sorted((code, each.public_id) for code, each in types.own.items()))
    key = (frozenset(sent.answers.items()), says, own, settings.IS_DEMO)
    found = _kept.get(key)
    if found is None:
        if len(_kept) >= MOST_KEPT:
            _kept.clear()
        found = _kept[key] = tuple(ranking.rank(types.offered(is_demo=settings.IS_DEMO), sent, says=says))
    return list(found)


def _searchable() -> QuerySet[models.Bus]:
    buses = models.Bus.objects.filter(organization_id=scoping.current().organization_id, gateway=None)
    return buses.filter(protocol__in=[each.value for each in LINES])


def _found() -> QuerySet[models.FoundMeter]:
    found = models.FoundMeter.objects.filter(organization_id=scoping.current().organization_id)
    return found.select_related("commissioning__bus")


def _used(rows: list[models.FoundMeter]) -> set[tuple[int, int | str]]:
    """The buses and addresses of enabled devices; of those with a secondary one their numbers."""
    devices = models.Device.objects.filter(organization_id=scoping.current().organization_id, is_enabled=True)
    here = Q(bus__in={each.commissioning.bus_id for each in rows})
    held = devices.filter(here).order_by("id").values_list("bus_id", "unit_id", "secondary")
    return {(bus, secondary[:8] if secondary else unit) for bus, unit, secondary in held}


def _state(bus: queries.BusRow, begun: models.Commissioning | None) -> SearchState:
    first = values.unit_ids(bus.protocol)[0]
    problem = values.Problem.from_json(begun.problem) if begun is not None else None
    return SearchState(
        bus=bus,
        is_begun=begun is not None,
        next_unit=begun.next_unit if begun is not None else first,
        is_waiting=begun is not None and begun.search is not None,
        is_stopped=begun is not None and begun.is_stopped,
        problem=queries.problem_row(problem),
        pending=tuple(begun.pending) if begun is not None and begun.pending is not None else None,
    )


def _surveyed(row: models.FoundMeter, used: set[tuple[int, int | str]]) -> SurveyedMeter:
    bus = row.commissioning.bus
    return SurveyedMeter(
        public_id=row.public_id,
        bus=queries.bus_row(bus),
        unit_id=row.unit_id,
        found_at=row.found_at,
        is_waiting=row.question is not None,
        errand=values.Errand(row.errand),
        sent=survey.Sent.from_json(row.answers),
        records=tuple(
            Record(name, None if number is None else Decimal(number), unit, text, sent)
            for name, number, unit, text, sent in row.records
        ),
        kin=tuple(row.kin) if row.kin else None,
        device=row.device or None,
        is_surveyed=row.is_surveyed,
        surveyed_at=row.surveyed_at,
        problem=queries.problem_row(values.Problem.from_json(row.problem)),
        model_code=row.model_code,
        byte_order=row.byte_order,
        scale=Fraction(row.scale),
        notes=row.notes,
        is_set_up=(bus.pk, row.secondary[:8] if row.secondary else row.unit_id) in used,
        secondary=row.secondary,
    )
