"""Commissioning: search a bus, survey what answers, and note what was compared."""

from __future__ import annotations

import os
import uuid

from django.conf import settings
from ninja import Router
from pydantic import Field

from meterbook.acquisition import commissionings, networks, permissions
from meterbook.acquisition import operations as acquisition_operations
from meterbook.acquisition import values as acquisition_values
from meterbook.acquisition.commissioning import ranking
from meterbook.acquisition.library.orders import ByteOrder
from meterbook.api import entry, problems, values
from meterbook.api.endpoints import endpoint
from meterbook.identity.values import Module
from meterbook.kernel import clock
from meterbook.kernel.quantity import Unit

router = Router(tags=["Commissioning"])
MOST_TOLD = 10  # candidates


class StepGiven(values.Given):
    """What to do: the next step; after a stop or a problem with `go_on`; from the first address with `again`.

    `by_number`: search an M-Bus line by the numbers of its meters (secondary addresses) from now on, or by addresses.
    """

    go_on: bool = False
    again: bool = False
    stop: bool = False
    by_number: bool | None = None


class SurveyGiven(values.Given):
    """What to ask: `again` reads everything anew, `is_sunspec` asks for the models that the device says it has."""

    again: bool = False
    is_sunspec: bool = False


class ChoiceGiven(values.Given):
    """What was chosen and typed. An empty model or order is the likeliest one; `scale` multiplies the counters."""

    model: str = Field("", max_length=60)
    byte_order: ByteOrder | None = None
    scale: str = Field("1", max_length=12)
    notes: dict[str, values.Words] = Field(default_factory=dict, max_length=30)


class CommissioningCandidate(values.Told):
    """A type that a meter may be of; `came` of `asked` registers were sent."""

    model: str
    byte_order: ByteOrder
    grade: ranking.Grade
    score: int
    came: int
    asked: int


class CommissioningValue(values.Told):
    """A register of the likeliest or the chosen type; counters are multiplied by the scale."""

    register_code: str
    value: values.DecimalTold
    unit: Unit


class FoundMeterTold(values.Told):
    """A meter that answered at an address. `device` is the document of a meter type that a SunSpec device described."""

    id: uuid.UUID
    bus: uuid.UUID
    unit_id: int
    secondary: str
    is_set_up: bool
    is_waiting: bool
    is_surveyed: bool
    model: str | None
    byte_order: ByteOrder | None
    scale: str
    notes: dict[str, str]
    candidates: list[CommissioningCandidate]
    items: list[CommissioningValue]
    device: str | None
    problem: str | None


class CommissioningTold(values.Told):
    """How far a bus is searched, and who answered: their ids, by address.

    By numbers `tried_percent` is the share of all that were tried.
    """

    bus: uuid.UUID
    is_begun: bool
    is_waiting: bool
    is_stopped: bool
    is_over: bool
    is_by_number: bool
    tried_percent: int
    asked: int
    total: int
    found: list[uuid.UUID]
    problem: str | None


@endpoint(
    router,
    "GET",
    "/buses/{uuid:bus}/commissioning",
    permission=permissions.MANAGE_DEVICE,
    module=Module.METERING,
    answers=CommissioningTold,
    by_site=True,
)
def get_commissioning(request: entry.Request, bus: uuid.UUID) -> CommissioningTold:
    """This will return how far a bus is searched, and who answered."""
    return _told(_bus(request, bus))


@endpoint(
    router,
    "POST",
    "/buses/{uuid:bus}/commissioning",
    permission=permissions.MANAGE_DEVICE,
    module=Module.METERING,
    answers=CommissioningTold,
    status=202,
    by_site=True,
)
def step_commissioning(request: entry.Request, bus: uuid.UUID, given: StepGiven) -> CommissioningTold:
    """This will take the next step of a bus; call it again, a second later, until nothing waits and all is asked."""
    _bus(request, bus)
    caller = request.caller
    if given.stop:
        acquisition_operations.stop_search(actor=caller.actor, at=caller.at, bus=bus)
        return _told(_bus(request, bus))
    try:
        acquisition_operations.step_bus(
            actor=caller.actor,
            at=caller.at,
            real_at=clock.real_now(),
            bus=bus,
            allowed=_allowed(),
            go_on=given.go_on,
            again=given.again,
            by_number=given.by_number,
        )
    except acquisition_operations.ProbeRefused as error:
        raise problems.invalid("/body", str(error)) from error
    return _told(_bus(request, bus))


@endpoint(
    router,
    "GET",
    "/found-meters/{uuid:found_meter}",
    permission=permissions.MANAGE_DEVICE,
    module=Module.METERING,
    answers=FoundMeterTold,
    by_site=True,
)
def get_found_meter(request: entry.Request, found_meter: uuid.UUID) -> FoundMeterTold:
    """This will return a meter that answered, the types that it may be of, and what it says."""
    return _told_meter(_meter(request, found_meter))


@endpoint(
    router,
    "POST",
    "/found-meters/{uuid:found_meter}/survey",
    permission=permissions.MANAGE_DEVICE,
    module=Module.METERING,
    answers=FoundMeterTold,
    status=202,
    by_site=True,
)
def survey_found_meter(request: entry.Request, found_meter: uuid.UUID, given: SurveyGiven) -> FoundMeterTold:
    """This will take the next step of reading a meter; call it again until it is surveyed."""
    _meter(request, found_meter)
    caller = request.caller
    errand = acquisition_values.Errand.SUNSPEC if given.is_sunspec else acquisition_values.Errand.BLOCKS
    try:
        acquisition_operations.survey_meter(
            actor=caller.actor,
            at=caller.at,
            real_at=clock.real_now(),
            found=found_meter,
            allowed=_allowed(),
            again=given.again,
            errand=errand,
        )
    except acquisition_operations.ProbeRefused as error:
        raise problems.invalid("/body", str(error)) from error
    return _told_meter(_meter(request, found_meter))


@endpoint(
    router,
    "PUT",
    "/found-meters/{uuid:found_meter}/choice",
    permission=permissions.MANAGE_DEVICE,
    module=Module.METERING,
    answers=FoundMeterTold,
    by_site=True,
)
def note_found_meter(request: entry.Request, found_meter: uuid.UUID, given: ChoiceGiven) -> FoundMeterTold:
    """This will keep what was chosen and typed about a meter, and return what it says then."""
    _meter(request, found_meter)
    try:
        acquisition_operations.note_choice(
            actor=request.caller.actor,
            at=request.caller.at,
            found=found_meter,
            model_code=given.model,
            byte_order=given.byte_order.value if given.byte_order is not None else "",
            scale=given.scale,
            notes=given.notes,
        )
    except acquisition_operations.ChoiceRefused as error:
        field = "model" if error.field == "model_code" else error.field
        raise problems.invalid(f"/body/{field}", str(error)) from error
    return _told_meter(_meter(request, found_meter))


def _bus(request: entry.Request, bus: uuid.UUID) -> commissionings.SearchState:
    try:
        state = commissionings.get_search_of_bus(bus=bus)
    except commissionings.CommissioningNotFound as error:
        raise problems.not_found() from error
    if not request.caller.access.allows(permissions.MANAGE_DEVICE, state.bus.site_id):
        raise problems.not_found()
    return state


def _meter(request: entry.Request, found: uuid.UUID) -> commissionings.SurveyedMeter:
    try:
        row = commissionings.get_found(public_id=found)
    except commissionings.CommissioningNotFound as error:
        raise problems.not_found() from error
    if not request.caller.access.allows(permissions.MANAGE_DEVICE, row.bus.site_id):
        raise problems.not_found()
    return row


def _allowed() -> networks.AllowedNetworks:
    return networks.AllowedNetworks.from_environment(os.environ, is_demo=settings.IS_DEMO)


def _told(state: commissionings.SearchState) -> CommissioningTold:
    bus = state.bus.public_id
    return CommissioningTold(
        bus=bus,
        is_begun=state.is_begun,
        is_waiting=state.is_waiting,
        is_stopped=state.is_stopped,
        is_over=state.is_over,
        is_by_number=state.is_by_number,
        tried_percent=state.tried_percent,
        asked=state.asked,
        total=len(state.addresses),
        found=[each.public_id for each in commissionings.list_found(bus=bus)],
        problem=f"{state.problem.words} {state.problem.remedy}" if state.problem else None,
    )


def _told_meter(row: commissionings.SurveyedMeter) -> FoundMeterTold:
    model = row.model
    return FoundMeterTold(
        id=row.public_id,
        bus=row.bus.public_id,
        unit_id=row.unit_id,
        secondary=row.secondary,
        is_set_up=row.is_set_up,
        is_waiting=row.is_waiting,
        is_surveyed=row.is_surveyed,
        model=model.code if model is not None else None,
        byte_order=row.order if model is not None else None,
        scale=str(row.scale),
        notes=dict(row.notes),
        candidates=[
            CommissioningCandidate(
                model=each.model.code,
                byte_order=each.order,
                grade=each.grade,
                score=each.score,
                came=each.came,
                asked=each.asked,
            )
            for each in row.candidates[:MOST_TOLD]
        ],
        items=[
            CommissioningValue(register_code=each.code, value=f"{row.scaled(each):f}", unit=each.unit)
            for each in row.samples()
        ],
        device=row.device["document"] if row.device else None,
        problem=f"{row.problem.words} {row.problem.remedy}" if row.problem else None,
    )
