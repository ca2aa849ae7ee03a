"""Move-in: a customer, an account, a contract for each meter point of a unit, readings and deposit. All, or nothing."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from django.utils.translation import gettext as _

from meterbook.audit import operations as audit_operations
from meterbook.customers import letting, overriding, records, tenancies
from meterbook.customers import models as customer_models
from meterbook.customers import operations as customer_operations
from meterbook.customers import values as customer_values
from meterbook.foundation import operation, scoping
from meterbook.journeys import billed, operations, readings, values
from meterbook.kernel import civil, quantity
from meterbook.kernel.actor import Actor
from meterbook.kernel.quantity import Unit
from meterbook.metering import models as metering_models
from meterbook.metering import operations as metering_operations
from meterbook.metering import values as metering_values
from meterbook.sites import models as site_models
from meterbook.tariffs import queries as tariff_queries

Answers = Mapping[str, Mapping[str, object]]
REASON = "reason"  # beside the tariffs that were answered: why one of them is not the default
_KEPT = (values.Step.UNIT, values.Step.START, values.Step.READINGS, values.Step.TARIFF, values.Step.DEPOSIT)


@dataclass(frozen=True)
class NewTenancy:
    """What a move-in sets up: who pays from when on for which meter points, each by its tariff (public ids).

    `reason` says why a tariff is not the default of its meter point.
    """

    account: customer_models.Account
    tariffs: Mapping[uuid.UUID, uuid.UUID]
    starts_at: datetime
    readings: Mapping[str, object]
    reason: str = ""


@operation.operation
def finish_move_in(*, actor: Actor, at: datetime, journey: uuid.UUID, version: int) -> uuid.UUID:
    """This will carry out a move-in and return the public id of the account. Again: it answers the same account.

    Call it before the running transaction has looked at readings (`metering_operations.make_room`).

    :raises operations.JourneyNotThere: when the organization has no such journey
    :raises operations.JourneyClosed: when it was left for good
    :raises operations.JourneyChanged: when somebody answered since `version`
    :raises operations.JourneyIncomplete: naming the step that was not answered
    :raises operations.JourneyRefused: naming the step that cannot be carried out
    """
    found = operations.to_finish(journey=journey, version=version, kind=values.JourneyKind.MOVE_IN)
    if found.result is not None:
        return found.result
    answers: Answers = found.facts
    starts_at = datetime.fromisoformat(str(answers[values.Step.START]["starts_at"]))
    chosen = dict(answers[values.Step.TARIFF])
    reason = str(chosen.pop(REASON, ""))
    tariffs = {uuid.UUID(key): uuid.UUID(str(each)) for key, each in chosen.items()}
    if readings.was_typed(answers[values.Step.READINGS]):
        metering_operations.make_room(starts_at)
    points = _points(answers[values.Step.UNIT])
    require_vacant(points=points, starts_at=starts_at)
    account = _account(actor, at, answers)
    begin(
        actor=actor,
        at=at,
        tenancy=NewTenancy(account, tariffs, starts_at, answers[values.Step.READINGS], reason),
        points=points,
    )
    _agree_deposit(actor, at, account, answers, civil.local_date(starts_at, points[0].zone))
    operations.give_pictures(actor=actor, at=at, journey=found, account=account)
    operations.close(
        found,
        actor,
        at,
        values.JourneyState.DONE,
        facts={each.value: answers[each] for each in _KEPT},
        result=account.public_id,
    )
    audit_operations.record(
        actor=actor,
        at=at,
        action="journeys:move_in",
        subject=account,
        before=None,
        after={"starts_at": starts_at, "meter_points": [each.code for each in points]},
    )
    return account.public_id


def begin(
    *, actor: Actor, at: datetime, tenancy: NewTenancy, points: Sequence[metering_models.MeterPoint]
) -> list[customer_models.Contract]:
    """This will start the contracts of a tenancy with what the meters showed; part of an operation.

    :raises operations.JourneyRefused: naming the step that cannot be carried out
    """
    ids, starts_at = [each.pk for each in points], tenancy.starts_at
    faces = readings.faces_at(meter_point_ids=ids, instant=starts_at, at=at)
    readings.require_read(faces=faces.values(), given=tenancy.readings)
    begun = []
    for point in points:
        tariff = tenancy.tariffs.get(point.public_id)
        if tariff is None:
            raise operations.JourneyRefused(values.Step.TARIFF, _("Choose a tariff for each meter."), point.public_id)
        require_tariff_fits(point=point, tariff=tariff, on=civil.local_date(starts_at, point.zone))
        seen = readings.keep(
            actor=actor, at=at, faces=faces.get(point.pk, ()), instant=starts_at, given=tenancy.readings
        )
        begun.append(_start(actor, at, tenancy, point, tariff, seen))
    tenancies.mark_moved_in(actor=actor, at=at, account=tenancy.account.public_id)
    return begun


def check_start(*, points: Collection[uuid.UUID], starts_at: datetime) -> None:
    """This will refuse a start for meter points (public ids) that could not be carried out. Needs a running scope.

    :raises operations.JourneyRefused: saying who pays, until when, and what to do
    """
    require_vacant(points=_points({"points": [str(each) for each in points]}), starts_at=starts_at)


def require_vacant(*, points: Collection[metering_models.MeterPoint], starts_at: datetime) -> None:
    """This will refuse a start at which somebody else pays, or whose time is billed already.

    :raises operations.JourneyRefused: saying who, until when, and what to do
    """
    ids = [each.pk for each in points]
    payers = letting.payers(point_ids=ids)
    taken = billed.taken_after(meter_point_ids=ids, instant=starts_at)
    for point in points:
        payer = payers.get(point.pk)
        zone = point.zone
        if payer is not None and (payer.ends_at is None or payer.ends_at > starts_at):
            words = (
                _("%(name)s pays for %(point)s, without an end. Move that customer out first.")
                if payer.ends_at is None
                else _("%(name)s pays for %(point)s until %(day)s. Take that day or a later one.")
            )
            day = "" if payer.ends_at is None else f"{payer.ends_at.astimezone(zone):%Y-%m-%d %H:%M}"
            raise operations.JourneyRefused(
                values.Step.START,
                words % {"name": payer.customer_name, "point": point.code, "day": day},
                point.public_id,
            )
        found = taken.get(point.pk)
        if found is not None:
            raise operations.JourneyRefused(
                values.Step.START,
                _(
                    "%(point)s is on a bill of account %(number)s until %(day)s. Take that day or a later one, or"
                    " cancel that bill run first."
                )
                % {
                    "point": point.code,
                    "number": found.account_number,
                    "day": f"{found.until.astimezone(zone):%Y-%m-%d %H:%M}",
                },
                point.public_id,
            )


def require_tariff_fits(*, point: metering_models.MeterPoint, tariff: uuid.UUID, on: date) -> None:
    """This will refuse a tariff that prices another kind of quantity than the meter point counts.

    :raises operations.JourneyRefused: naming the meter point
    """
    try:
        row = tariff_queries.get_tariff(public_id=tariff, on=on)
    except tariff_queries.TariffNotFound as error:
        raise operations.JourneyRefused(
            values.Step.TARIFF, _("Choose a tariff of the list."), point.public_id
        ) from error
    version = row.current or row.draft
    counted = metering_values.series_type(metering_values.COUNTED_SERIES[metering_values.Service(point.service)])
    if version is not None and not is_priced(version.document.unit, counted.unit):
        raise operations.JourneyRefused(
            values.Step.TARIFF,
            _("Tariff %(tariff)s prices %(unit)s, which this meter does not count.")
            % {"tariff": row.code, "unit": version.document.unit.symbol},
            point.public_id,
        )


def is_priced(priced: Unit, counted: Unit) -> bool:
    """This will tell whether what is counted in one unit can be priced in another."""
    try:
        quantity.factor(counted, priced)
    except quantity.UnitMismatch:
        return False
    return True


def _points(unit: Mapping[str, object]) -> list[metering_models.MeterPoint]:
    listed = unit.get("points")
    wanted = [uuid.UUID(str(each)) for each in listed] if isinstance(listed, list) else []
    found = metering_models.MeterPoint.objects.filter(
        organization_id=scoping.current().organization_id, public_id__in=wanted
    ).select_related("site")
    points = list(found.order_by("code", "id"))
    if not points or len(points) != len(wanted):
        raise operations.JourneyRefused(values.Step.UNIT, _("A meter of this unit is no longer there; choose again."))
    return points


def _account(actor: Actor, at: datetime, answers: Answers) -> customer_models.Account:
    given = answers[values.Step.CUSTOMER]
    site = site_models.Site.objects.get(
        organization_id=scoping.current().organization_id, public_id=str(answers[values.Step.UNIT]["site"])
    )
    if given.get("account"):
        return _known_account(uuid.UUID(str(given["account"])), site)
    number = str(given["number"])
    try:
        if given.get("customer"):
            customer = records.find(uuid.UUID(str(given["customer"])))
        else:
            customer = records.create_record(actor=actor, at=at, code=number, facts=new_facts(given))
        return customer_operations.open_account(actor=actor, at=at, customer=customer, site=site, number=number)
    except (
        customer_operations.CodeTaken,
        records.CustomerCodeTaken,
        records.CustomerNotThere,
        records.CustomerClosed,
    ) as error:
        raise operations.JourneyRefused(values.Step.CUSTOMER, str(error)) from error


def new_facts(given: Mapping[str, object]) -> records.Facts:
    """This will read what was answered about a new customer."""
    phone, occupants = str(given.get("phone", "")), given.get("occupants")
    return records.Facts(
        name=str(given["name"]),
        kind=customer_values.CustomerKind(str(given.get("kind", customer_values.CustomerKind.PERSON))),
        tax_number=str(given.get("tax_number", "")),
        email=str(given.get("email", "")),
        phones=(phone,) if phone else (),
        address=str(given.get("address", "")),
        language=str(given.get("language", "en")),
        occupants=occupants if isinstance(occupants, int) else None,
    )


def _known_account(account: uuid.UUID, site: site_models.Site) -> customer_models.Account:
    found = tenancies.find_account(account)
    if found.site_id != site.pk or found.is_landlord:
        raise operations.JourneyRefused(
            values.Step.CUSTOMER, _("This account is at another site; open a new one for this unit.")
        )
    return found


def _start(
    actor: Actor,
    at: datetime,
    tenancy: NewTenancy,
    point: metering_models.MeterPoint,
    tariff: uuid.UUID,
    seen: customer_values.SeenMeter,
) -> customer_models.Contract:
    try:
        contract = customer_operations.start_contract(
            actor=actor,
            at=at,
            account=tenancy.account,
            meter_point=point,
            tariff=tariff,
            starts_at=tenancy.starts_at,
            reason=tenancy.reason,
        )
    except customer_operations.ContractsOverlap as error:
        raise operations.JourneyRefused(values.Step.START, str(error), point.public_id) from error
    except (
        customer_operations.ContractMisfit,
        customer_operations.NotThere,
        overriding.OverrideUnreasoned,
    ) as error:
        raise operations.JourneyRefused(values.Step.TARIFF, str(error), point.public_id) from error
    if seen.is_known:
        tenancies.note_start(contract=contract, reading=seen)
    return contract


def _agree_deposit(
    actor: Actor, at: datetime, account: customer_models.Account, answers: Answers, agreed_date: date
) -> None:
    text = str(answers[values.Step.DEPOSIT].get("amount", ""))
    if not text:
        return
    try:
        amount = Decimal(text)
        tenancies.agree_deposit(actor=actor, at=at, account=account.public_id, amount=amount, agreed_date=agreed_date)
    except (InvalidOperation, tenancies.DepositInvalid) as error:
        raise operations.JourneyRefused(values.Step.DEPOSIT, _("Write an amount, or nothing.")) from error
