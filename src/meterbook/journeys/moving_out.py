"""Move-out: all contracts of an account end at one instant, with the meters' readings; then its final bill can come."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.utils.translation import gettext as _

from meterbook.audit import operations as audit_operations
from meterbook.customers import models as customer_models
from meterbook.customers import records, tenancies
from meterbook.foundation import operation, scoping
from meterbook.journeys import billed, operations, readings, values
from meterbook.kernel.actor import Actor
from meterbook.metering import operations as metering_operations
from meterbook.metering import zones

Answers = Mapping[str, Mapping[str, object]]
_KEPT = (values.Step.ACCOUNT, values.Step.END, values.Step.READINGS)


@operation.operation
def finish_move_out(*, actor: Actor, at: datetime, journey: uuid.UUID, version: int) -> uuid.UUID:
    """This will carry out a move-out and return the public id of the account. Again: it answers the same account.

    Call it before the running transaction has looked at readings (`metering_operations.make_room`).

    :raises operations.JourneyNotThere: when the organization has no such journey
    :raises operations.JourneyClosed: when it was left for good
    :raises operations.JourneyChanged: when somebody answered since `version`
    :raises operations.JourneyIncomplete: naming the step that was not answered
    :raises operations.JourneyRefused: naming the step that cannot be carried out
    """
    found = operations.to_finish(journey=journey, version=version, kind=values.JourneyKind.MOVE_OUT)
    if found.result is not None:
        return found.result
    answers: Answers = found.facts
    ends_at = datetime.fromisoformat(str(answers[values.Step.END]["ends_at"]))
    if readings.was_typed(answers[values.Step.READINGS]):
        metering_operations.make_room(ends_at)
    account = tenancies.find_account(uuid.UUID(str(answers[values.Step.ACCOUNT]["account"])))
    contracts = contracts_of(account_id=account.pk, wanted=_wanted(answers[values.Step.ACCOUNT]))
    if not contracts:
        raise operations.JourneyRefused(values.Step.ACCOUNT, _("None of these contracts runs any more; choose again."))
    require_endable(contracts=contracts, ends_at=ends_at)
    _end(actor, at, contracts, ends_at, answers[values.Step.READINGS])
    if not _goes_on(account, ends_at):
        tenancies.mark_moved_out(actor=actor, at=at, account=account.public_id, moved_out_at=ends_at)
    address = str(answers[values.Step.ADDRESS].get("address", ""))
    if address:
        records.change_address(actor=actor, at=at, customer=account.customer.public_id, address=address)
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
        action="journeys:move_out",
        subject=account,
        before=None,
        after={"ends_at": ends_at, "meter_points": [each.meter_point.code for each in contracts]},
    )
    return account.public_id


def contracts_of(*, account_id: int, wanted: Collection[uuid.UUID]) -> list[customer_models.Contract]:
    """This will return the contracts of an account that were chosen, by the code of their meter points."""
    found = customer_models.Contract.objects.filter(
        organization_id=scoping.current().organization_id, account_id=account_id, public_id__in=list(wanted)
    ).select_related("meter_point__site", "tariff")
    return list(found.order_by("meter_point__code", "id"))


def zone_of(*, account_id: int, of_site: str, contracts: Collection[uuid.UUID]) -> ZoneInfo:
    """This will return the zone that the meters of contracts share, else that of the account's site."""
    found = contracts_of(account_id=account_id, wanted=contracts)
    return zones.common((each.meter_point.zone for each in found), zones.resolve("", (), of_site))


@dataclass(frozen=True)
class Leaving:
    """What a move-out would do: the meter points that become vacant, and what of each is not billed yet."""

    point_id: int
    point_public_id: uuid.UUID
    point_code: str
    point_name: str
    starts_at: datetime
    ends_at: datetime | None
    tariff_code: str
    rest: billed.Rest | None


def leaving(*, account_id: int, contracts: Collection[uuid.UUID], ends_at: datetime | None) -> list[Leaving]:
    """This will return what would end; `ends_at` None: it is not known yet, and what is not billed neither."""
    found = contracts_of(account_id=account_id, wanted=contracts)
    rests = (
        {} if ends_at is None else {each.contract_id: each for each in billed.rest_of(contracts=found, until=ends_at)}
    )
    return [
        Leaving(
            each.meter_point_id,
            each.meter_point.public_id,
            each.meter_point.code,
            each.meter_point.name,
            each.during.lower,
            each.during.upper,
            each.tariff.code,
            rests.get(each.pk),
        )
        for each in found
    ]


def check_end(*, account_id: int, contracts: Collection[uuid.UUID], ends_at: datetime) -> None:
    """This will refuse an end that could not be carried out. Needs a running scope.

    :raises operations.JourneyRefused: saying what to do
    """
    require_endable(contracts=contracts_of(account_id=account_id, wanted=contracts), ends_at=ends_at)


def require_endable(*, contracts: Collection[customer_models.Contract], ends_at: datetime) -> None:
    """This will refuse an end outside of the contracts' time, or in a time that is billed already.

    :raises operations.JourneyRefused: saying what to do
    """
    taken = billed.taken_after(meter_point_ids=[each.meter_point_id for each in contracts], instant=ends_at)
    for each in contracts:
        zone = each.meter_point.zone
        start, end = each.during.lower, each.during.upper
        given = {"point": each.meter_point.code, "start": f"{start.astimezone(zone):%Y-%m-%d %H:%M}"}
        if ends_at <= start:
            words = _("The contract for %(point)s began %(start)s. Take a later day.") % given
            raise operations.JourneyRefused(values.Step.END, words, each.meter_point.public_id)
        if end is not None and ends_at > end:
            given["end"] = f"{end.astimezone(zone):%Y-%m-%d %H:%M}"
            words = _("The contract for %(point)s ends %(end)s. Take that day or an earlier one.") % given
            raise operations.JourneyRefused(values.Step.END, words, each.meter_point.public_id)
        found = taken.get(each.meter_point_id)
        if found is not None:
            words = _(
                "%(point)s is on a bill of account %(number)s until %(day)s. Take that day or a later one, or"
                " cancel that bill run first."
            ) % {
                "point": each.meter_point.code,
                "number": found.account_number,
                "day": f"{found.until.astimezone(zone):%Y-%m-%d %H:%M}",
            }
            raise operations.JourneyRefused(values.Step.END, words, each.meter_point.public_id)


def _wanted(given: Mapping[str, object]) -> list[uuid.UUID]:
    listed = given.get("contracts")
    return [uuid.UUID(str(each)) for each in listed] if isinstance(listed, list) else []


def _end(
    actor: Actor,
    at: datetime,
    contracts: Collection[customer_models.Contract],
    ends_at: datetime,
    answers: Mapping[str, object],
) -> None:
    faces = readings.faces_at(meter_point_ids=[each.meter_point_id for each in contracts], instant=ends_at, at=at)
    readings.require_read(faces=faces.values(), given=answers)
    for each in contracts:
        own = faces.get(each.meter_point_id, ())
        seen = readings.keep(actor=actor, at=at, faces=own, instant=ends_at, given=answers)
        known = seen if seen.is_known else None
        try:
            tenancies.end_contract_at(actor=actor, at=at, contract=each.public_id, ends_at=ends_at, reading=known)
        except tenancies.EndMisplaced as error:
            raise operations.JourneyRefused(values.Step.END, str(error), each.meter_point.public_id) from error


def _goes_on(account: customer_models.Account, ends_at: datetime) -> bool:
    """Whether the account pays for something after the instant."""
    contracts = customer_models.Contract.objects.filter(organization_id=account.organization_id, account=account)
    return contracts.filter(Q(during__endswith__isnull=True) | Q(during__endswith__gt=ends_at)).exists()
