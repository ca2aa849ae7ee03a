"""Moving in and out in one request each, and the moves that people have begun on the pages."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from django.utils.translation import gettext as _
from ninja import Router
from pydantic import Field

from meterbook.api import entry, problems, values
from meterbook.api.endpoints import endpoint
from meterbook.api.resources import customer_shapes, lettings, tariff_overrides
from meterbook.customers import agreements, letting, lookups, numbering, permissions
from meterbook.customers import queries as customer_queries
from meterbook.customers import values as customer_values
from meterbook.identity.values import Module
from meterbook.journeys import moving_in, moving_out, operations, readings
from meterbook.journeys import queries as journey_queries
from meterbook.journeys.values import JourneyKind, JourneyState, Step
from meterbook.kernel import currency as currencies
from meterbook.sites import queries as site_queries

router = Router(tags=["Moves"])
QUARTER = 15
MOST_POINTS = Field(max_length=200)
Readings = Annotated[dict[uuid.UUID, values.DecimalGiven], MOST_POINTS]
Registers = Annotated[dict[values.Code, values.DecimalGiven], Field(min_length=1, max_length=20)]
FurtherReadings = Annotated[dict[uuid.UUID, Registers], MOST_POINTS]


class MovingCustomer(values.Given):
    """Somebody new."""

    name: values.Name
    kind: customer_values.CustomerKind = customer_values.CustomerKind.PERSON
    email: values.MaybeEmail = ""
    phone: customer_shapes.MaybePhone = ""
    language: values.Language = "en"
    tax_number: customer_shapes.TaxNumber = ""


class MoveIn(values.Given):
    """Who moves into which unit when, by which tariffs.

    One of `account` (it goes on), `customer` (known, with a new account) and `new_customer`. `tariffs` and `readings`
    are by the id of a meter point; what a meter tells itself needs no reading. `further_readings` are those of further
    registers that people read (T1, reactive energy, ...), by meter point and series. The next free `number` is taken
    without. `reason` says why a tariff is not the default of its meter point.
    """

    unit: lettings.UnitKey
    starts_at: values.InstantGiven
    account: uuid.UUID | None = None
    customer: uuid.UUID | None = None
    new_customer: MovingCustomer | None = None
    number: values.Code | None = None
    tariffs: Annotated[dict[uuid.UUID, uuid.UUID], MOST_POINTS]
    readings: Readings = Field({})
    further_readings: FurtherReadings = Field({})
    deposit: values.DecimalGiven | None = None
    reason: tariff_overrides.OverrideReason = ""


class MoveOut(values.Given):
    """Which contracts of an account end when (all that run without `contracts`), and where the last bill goes.

    `readings` and `further_readings` as for moving in.
    """

    account: uuid.UUID
    ends_at: values.InstantGiven
    contracts: Annotated[list[uuid.UUID], Field(min_length=1, max_length=200)] | None = None
    readings: Readings = Field({})
    further_readings: FurtherReadings = Field({})
    address: customer_shapes.Address = ""


class Moved(values.Told):
    """What was carried out: the move, and the account that it is about."""

    move: uuid.UUID
    account: uuid.UUID
    number: str


class OpenMove(values.Told):
    """A move that somebody has begun, and which step comes next."""

    id: uuid.UUID
    kind: JourneyKind
    state: JourneyState
    title: str
    next_step: Step
    started_by: str
    started_at: values.InstantTold
    changed_by: str
    changed_at: values.InstantTold
    account: uuid.UUID | None


class OpenMoves(values.Told):
    """Those that go on, the one changed latest first; at most 200."""

    items: list[OpenMove]


@endpoint(
    router,
    "GET",
    "/moves",
    permission=permissions.MANAGE_CUSTOMER,
    module=Module.BILLING,
    by_site=True,
    answers=OpenMoves,
)
def list_moves(request: entry.Request) -> OpenMoves:
    """This will return the moves that people have begun on the pages and not finished."""
    return OpenMoves(items=[_move(each) for each in journey_queries.open_journeys()[:200]])


@endpoint(
    router,
    "GET",
    "/moves/{uuid:journey}",
    permission=permissions.MANAGE_CUSTOMER,
    module=Module.BILLING,
    by_site=True,
    answers=OpenMove,
)
def get_move(request: entry.Request, journey: uuid.UUID) -> OpenMove:
    """This will return one move; `account` is there once it was carried out."""
    return _move(journey_queries.get_journey(public_id=journey))


@endpoint(
    router,
    "POST",
    "/moves/{uuid:journey}/leave",
    permission=permissions.MANAGE_CUSTOMER,
    module=Module.BILLING,
    by_site=True,
    answers=OpenMove,
)
def leave_move(request: entry.Request, journey: uuid.UUID) -> OpenMove:
    """This will leave a move for good; what was answered is forgotten, nothing is carried out."""
    operations.cancel_journey(actor=request.caller.actor, at=request.caller.at, journey=journey)
    return _move(journey_queries.get_journey(public_id=journey))


@endpoint(
    router,
    "POST",
    "/move-ins",
    permission=permissions.MANAGE_CUSTOMER,
    module=Module.BILLING,
    by_site=True,
    answers=Moved,
    status=201,
)
def move_in(request: entry.Request, given: MoveIn) -> Moved:
    """This will let somebody move into a unit: customer, account, contracts, readings, deposit; or nothing."""
    caller = request.caller
    _require_quarter("/body/starts_at", given.starts_at)
    place = next(iter(letting.places(at=caller.at, key=given.unit)), None)
    if place is None or not caller.access.allows(permissions.MANAGE_CUSTOMER, place.site_id):
        raise problems.invalid("/body/unit", _("There is no such unit with meters of tenants."))
    site = next(each for each in site_queries.list_sites() if each.id == place.site_id)
    points = {each.public_id for each in place.points}
    _require_known("tariffs", given.tariffs, points)
    _require_readings(given, points, given.starts_at, caller.at)
    facts: dict[str, object] = {
        Step.UNIT.value: {
            "place": place.key,
            "site": str(site.public_id),
            "points": [str(each.public_id) for each in place.points],
            "name": place.name,
        },
        Step.CUSTOMER.value: _who(given),
        Step.START.value: {"starts_at": given.starts_at.isoformat()},
        Step.READINGS.value: _read(given),
        Step.TARIFF.value: {
            **{str(point): str(tariff) for point, tariff in given.tariffs.items()},
            **({moving_in.REASON: given.reason} if given.reason else {}),
        },
        Step.DEPOSIT.value: {"amount": _deposit(given.deposit, site.currency), "currency": site.currency},
    }
    begun = operations.start_journey(
        actor=caller.actor, at=caller.at, kind=JourneyKind.MOVE_IN, facts=facts, title=place.name
    )
    account = moving_in.finish_move_in(actor=caller.actor, at=caller.at, journey=begun.public_id, version=begun.version)
    return _moved(begun.public_id, account)


@endpoint(
    router,
    "POST",
    "/move-outs",
    permission=permissions.MANAGE_CUSTOMER,
    module=Module.BILLING,
    by_site=True,
    answers=Moved,
    status=201,
)
def move_out(request: entry.Request, given: MoveOut) -> Moved:
    """This will end contracts of an account with what the meters show; the next bill run makes the last bill."""
    caller = request.caller
    _require_quarter("/body/ends_at", given.ends_at)
    row = customer_queries.get_account(public_id=given.account)
    if not caller.access.allows(permissions.MANAGE_CUSTOMER, row.site_id):
        raise problems.not_found()
    chosen = _contracts(given, row, caller.at)
    _require_readings(given, {each.point_public_id for each in chosen}, given.ends_at, caller.at)
    facts: dict[str, object] = {
        Step.ACCOUNT.value: {
            "account": str(row.public_id),
            "number": row.number,
            "name": row.customer_name,
            "contracts": [str(each.public_id) for each in chosen],
        },
        Step.END.value: {"ends_at": given.ends_at.isoformat()},
        Step.READINGS.value: _read(given),
        Step.ADDRESS.value: {"address": given.address},
    }
    begun = operations.start_journey(
        actor=caller.actor, at=caller.at, kind=JourneyKind.MOVE_OUT, facts=facts, title=row.customer_name
    )
    account = moving_out.finish_move_out(
        actor=caller.actor, at=caller.at, journey=begun.public_id, version=begun.version
    )
    return _moved(begun.public_id, account)


def _who(given: MoveIn) -> dict[str, Any]:
    named = [each for each in (given.account, given.customer, given.new_customer) if each is not None]
    if len(named) != 1:
        raise problems.invalid("/body/new_customer", _("Send one of account, customer and new_customer."))
    if given.account is not None:
        row = customer_queries.get_account(public_id=given.account)
        return {"account": str(row.public_id), "name": row.customer_name, "number": row.number}
    number = given.number or numbering.next_numbers()[0]
    if given.customer is not None:
        known = lookups.get_customer(public_id=given.customer)
        return {"customer": str(known.public_id), "name": known.facts.name, "number": number}
    assert given.new_customer is not None  # noqa: S101 - the only one that is left
    return {**given.new_customer.model_dump(mode="json"), "number": number}


def _contracts(given: MoveOut, row: customer_queries.AccountRow, at: datetime) -> list[agreements.AgreementRow]:
    own = agreements.of_account(account_id=row.id)
    if given.contracts is None:
        return [each for each in own if each.ends_at is None or each.ends_at > at]
    chosen = [each for each in own if each.public_id in set(given.contracts)]
    if len(chosen) != len(set(given.contracts)):
        raise problems.invalid("/body/contracts", _("A contract belongs to another account; name those of this one."))
    return chosen


def _require_quarter(pointer: str, instant: datetime) -> None:
    if instant.minute % QUARTER or instant.second or instant.microsecond:
        raise problems.invalid(pointer, _("Take a full quarter of an hour, such as 14:30."))


def _require_known(field: str, given: Mapping[uuid.UUID, object], points: set[uuid.UUID]) -> None:
    other = next((each for each in given if each not in points), None)
    if other is not None:
        raise problems.invalid(f"/body/{field}/{other}", _("This meter point does not belong to what moves."))


def _require_readings(given: MoveIn | MoveOut, points: set[uuid.UUID], instant: datetime, at: datetime) -> None:
    for field, read in (("readings", given.readings), ("further_readings", given.further_readings)):
        _require_known(field, read, points)
        if read and instant > at:
            raise problems.invalid(f"/body/{field}", _("No meter shows yet what it will show then; send no readings."))


def _read(given: MoveIn | MoveOut) -> dict[str, object]:
    """What a person read, by register; what is not given is taken from the meters themselves."""
    read = {readings.key_of(point): value for point, value in given.readings.items()}
    for point, registers in given.further_readings.items():
        read |= {readings.key_of(point, code): value for code, value in registers.items()}
    origin = customer_values.ReadingOrigin.PERSON.value
    return {key: {"origin": origin, "value": value} for key, value in read.items()}


def _deposit(text: str | None, currency: str) -> str:
    amount = values.read_decimal(text)
    if amount is None or not amount:
        return ""
    if -int(amount.normalize().as_tuple().exponent) > currencies.minor_units(currency):
        raise problems.invalid("/body/deposit", _("The currency has no such small parts."))
    return values.decimal(amount)


def _moved(move: uuid.UUID, account: uuid.UUID) -> Moved:
    return Moved(move=move, account=account, number=customer_queries.get_account(public_id=account).number)


def _move(row: journey_queries.JourneyRow) -> OpenMove:
    return OpenMove(
        id=row.public_id,
        kind=row.kind,
        state=row.state,
        title=row.title,
        next_step=row.next_step,
        started_by=row.started_by,
        started_at=values.instant(row.started_at),
        changed_by=row.changed_by,
        changed_at=values.instant(row.changed_at),
        account=row.result,
    )
