"""Changes of who lives where: end a contract with its reading, change its tariff, move out, agree a deposit."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from decimal import Decimal

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils.translation import gettext as _

from meterbook.audit import operations as audit_operations
from meterbook.customers import models, operations, overriding, values
from meterbook.foundation import operation, scoping
from meterbook.kernel.actor import Actor
from meterbook.tariffs import models as tariff_models


class AccountNotThere(LookupError):
    """The organization has no such account."""


class ContractNotThere(LookupError):
    """The organization has no such contract."""


class EndMisplaced(ValueError):
    """A contract ends after it begins, and not after the end that was agreed before."""


class DepositInvalid(ValueError):
    """A deposit is more than nothing."""


def find_account(account: uuid.UUID) -> models.Account:
    """This will return an account of the running scope, locked.

    :raises AccountNotThere: when the organization has none of that id
    """
    accounts = models.Account.objects.select_for_update(of=("self",)).filter(
        organization_id=scoping.current().organization_id, public_id=account
    )
    found = accounts.select_related("customer", "site").first()
    if found is None:
        raise AccountNotThere(_("There is no such account."))
    return found


def find_contract(contract: uuid.UUID) -> models.Contract:
    """This will return a contract of the running scope, locked.

    :raises ContractNotThere: when the organization has none of that id
    """
    contracts = models.Contract.objects.select_for_update(of=("self",)).filter(
        organization_id=scoping.current().organization_id, public_id=contract
    )
    found = contracts.select_related("account", "meter_point__site", "tariff").first()
    if found is None:
        raise ContractNotThere(_("There is no such contract."))
    return found


@operation.operation
def note_start(*, contract: models.Contract, reading: values.SeenMeter) -> None:
    """This will keep what the meter showed when a contract began; part of starting it."""
    contract.readings = {**contract.readings, "start": reading.plain()}
    contract.save(update_fields=["readings"])


@operation.operation
def end_contract_at(
    *,
    actor: Actor,
    at: datetime,
    contract: uuid.UUID,
    ends_at: datetime,
    reading: values.SeenMeter | None = None,
) -> models.Contract:
    """This will end a contract at an instant, also one whose end was agreed for later; the same end again is kept.

    :param reading: what the meter showed then
    :raises ContractNotThere: when the organization has no such contract
    :raises EndMisplaced: when it would end before it begins, or later than was agreed
    """
    found = find_contract(contract)
    start, before = found.during.lower, found.during.upper
    if ends_at <= start or (before is not None and ends_at > before):
        raise EndMisplaced(
            _("The contract for %(point)s must end after it begins, and not later than was agreed.")
            % {"point": found.meter_point.code}
        )
    after: dict[str, object] = {"ends_at": ends_at}
    found.during = DateTimeTZRange(start, ends_at, "[)")
    if reading is not None:
        found.readings = {**found.readings, "end": reading.plain()}
        after |= _told(reading)
    found.save(update_fields=["during", "readings"])
    if before != ends_at or reading is not None:
        audit_operations.record(
            actor=actor,
            at=at,
            action="customers:end_contract",
            subject=found.account,
            before={"meter_point": found.meter_point.code, "ends_at": before},
            after=after,
        )
    return found


@operation.operation
def change_tariff(
    *, actor: Actor, at: datetime, contract: uuid.UUID, tariff: uuid.UUID, starts_at: datetime, reason: str = ""
) -> models.Contract:
    """This will let another tariff hold for a meter point from an instant on: the contract is cut there in two.

    Returns the contract that goes on; the given one, unchanged, where the tariff overrides the default and waits for a
    second person. Whoever calls it has made sure that nothing after `starts_at` is billed.

    :param reason: why another tariff than the default is to hold, if one is
    :raises ContractNotThere: when the organization has no such contract
    :raises EndMisplaced: when the contract does not run at `starts_at`
    :raises operations.ContractMisfit: when the currency differs
    :raises operations.NotThere: when the organization has no such tariff
    :raises overriding.OverrideUnreasoned: without a reason for another tariff than the default
    """
    found = find_contract(contract)
    ends_at = found.during.upper
    if starts_at <= found.during.lower or (ends_at is not None and starts_at >= ends_at):
        raise EndMisplaced(_("Take an instant inside the time of the contract, after its first day."))
    tariffs = tariff_models.Tariff.objects.filter(organization_id=found.organization_id, public_id=tariff)
    wanted = tariffs.first()
    if wanted is None:
        raise operations.NotThere(_("There is no such object in this organization."))
    asked = overriding.Asked(found.account, found.meter_point, wanted, starts_at, found.tariff)
    (holds,) = overriding.settle(actor=actor, at=at, asked=[asked], reason=reason)
    if holds.pk != wanted.pk:
        return found
    return let_hold(actor=actor, at=at, contract=found, tariff=wanted, starts_at=starts_at)


@operation.operation
def let_hold(
    *, actor: Actor, at: datetime, contract: models.Contract, tariff: tariff_models.Tariff, starts_at: datetime
) -> models.Contract:
    """This will `change_tariff` to one that was settled already; from its beginning on, the contract is not cut."""
    start, ends_at = contract.during.lower, contract.during.upper
    before, going_on = contract.tariff, contract
    if starts_at == start:
        contract.tariff = tariff
        contract.save(update_fields=["tariff"])
    else:
        contract.during = DateTimeTZRange(start, starts_at, "[)")
        contract.save(update_fields=["during"])
        going_on = operations.begin_contract(
            actor=actor,
            at=at,
            account=contract.account,
            meter_point=contract.meter_point,
            tariff=tariff,
            starts_at=starts_at,
            ends_at=ends_at,
        )
        if "end" in contract.readings:
            going_on.readings = {"end": contract.readings.pop("end")}
            going_on.save(update_fields=["readings"])
            contract.save(update_fields=["readings"])
    audit_operations.record(
        actor=actor,
        at=at,
        action="customers:change_tariff",
        subject=contract.account,
        before={"meter_point": contract.meter_point.code, "tariff": before.code},
        after={"tariff": tariff.code, "starts_at": starts_at},
    )
    return going_on


@operation.operation
def mark_moved_out(*, actor: Actor, at: datetime, account: uuid.UUID, moved_out_at: datetime) -> models.Account:
    """This will note that the customer of an account left then, so that its next bill is the final one.

    :raises AccountNotThere: when the organization has no such account
    """
    found = find_account(account)
    before = found.moved_out_at
    if before == moved_out_at:
        return found
    found.moved_out_at = moved_out_at
    found.save(update_fields=["moved_out_at"])
    _record(actor, at, "customers:move_out", found, {"moved_out_at": before}, {"moved_out_at": moved_out_at})
    return found


@operation.operation
def mark_moved_in(*, actor: Actor, at: datetime, account: uuid.UUID) -> models.Account:
    """This will take back that the customer of an account left: it pays for something again.

    :raises AccountNotThere: when the organization has no such account
    """
    found = find_account(account)
    before = found.moved_out_at
    if before is not None:
        found.moved_out_at = None
        found.save(update_fields=["moved_out_at"])
        _record(actor, at, "customers:move_in", found, {"moved_out_at": before}, {"moved_out_at": None})
    return found


@operation.operation
def agree_deposit(
    *, actor: Actor, at: datetime, account: uuid.UUID, amount: Decimal, agreed_date: date
) -> models.Deposit:
    """This will note which deposit was agreed, in the currency of the account. Nothing is posted.

    :raises AccountNotThere: when the organization has no such account
    :raises DepositInvalid: when the amount is not positive
    """
    found = find_account(account)
    if amount <= 0:
        raise DepositInvalid(_("A deposit is more than nothing."))
    deposit = models.Deposit.objects.create(
        organization_id=found.organization_id,
        account=found,
        amount=amount,
        currency=found.currency,
        agreed_date=agreed_date,
        author=actor.label[:200],
    )
    _record(actor, at, "customers:agree_deposit", found, None, {"amount": amount, "currency": found.currency})
    return deposit


def _told(reading: values.SeenMeter) -> dict[str, object]:
    """What the trail says of it: {"reading": "12.5 KWH", "energy_export": "3 KWH"}."""
    named = {} if reading.main is None else {"reading": reading.main}
    return {name: f"{each.value:f} {each.unit}" for name, each in {**named, **reading.further}.items()}


def _record(
    actor: Actor,
    at: datetime,
    action: str,
    account: models.Account,
    before: dict[str, object] | None,
    after: dict[str, object],
) -> None:
    audit_operations.record(actor=actor, at=at, action=action, subject=account, before=before, after=after)
