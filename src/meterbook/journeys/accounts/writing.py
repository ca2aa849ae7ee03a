"""Write what a plan holds: customers, accounts, contracts. Inside an operation."""

from __future__ import annotations

import uuid
from collections import defaultdict
from dataclasses import replace
from datetime import datetime

from meterbook.customers import models as customer_models
from meterbook.customers import operations as customer_operations
from meterbook.customers import records, tenancies
from meterbook.customers import values as customer_values
from meterbook.journeys import readings
from meterbook.journeys.accounts import agreed
from meterbook.journeys.accounts.present import Present
from meterbook.journeys.accounts.sheets import AccountSheet, Holder
from meterbook.journeys.building.planning import Entry, Plan
from meterbook.journeys.building.present import Values
from meterbook.kernel.actor import Actor


def write(*, actor: Actor, at: datetime, plan: Plan, present: Present) -> None:
    """This will write a plan without problems; the caller's transaction undoes all of it when anything fails."""
    customers = dict(present.customers)
    for each in plan.entries[AccountSheet.CUSTOMERS]:
        code = str(each.values["code"])
        customers[code] = _customer(actor, at, each, None if each.is_new else customers[code])
    accounts = dict(present.accounts)
    for each in plan.entries[AccountSheet.ACCOUNTS]:
        number = str(each.values["number"])
        accounts[number] = _account(actor, at, number, each.values, customers, present)
    entries = plan.entries[AccountSheet.CONTRACTS]
    # Ends first: they make room for who comes after.
    for each in entries:
        if not each.is_new:
            _end(actor, at, each, present)
    _begin(actor, at, [each for each in entries if each.is_new], accounts, present)


def _customer(
    actor: Actor, at: datetime, entry: Entry, known: customer_models.Customer | None
) -> customer_models.Customer:
    values = entry.values
    before = records.Facts(name="") if known is None else records.facts_of(known)
    occupants = values.get("occupants")
    facts = replace(
        before,
        name=str(values["name"]),
        kind=customer_values.CustomerKind(str(values["kind"])),
        legal_name=_text(values, "legal_name"),
        tax_number=_text(values, "tax_number"),
        email=_text(values, "email"),
        phones=tuple(_text(values, "phones").splitlines()),
        address=_text(values, "address") if known is None or "address" in entry.differing else before.address,
        language=str(values["language"]),
        occupants=occupants if isinstance(occupants, int) else None,
    )
    if known is None:
        return records.create_record(actor=actor, at=at, code=str(values["code"]), facts=facts)
    return records.change_record(actor=actor, at=at, customer=known.public_id, facts=facts)


def _account(
    actor: Actor,
    at: datetime,
    number: str,
    values: Values,
    customers: dict[str, customer_models.Customer],
    present: Present,
) -> customer_models.Account:
    tariff = values.get("vacancy_tariff")
    return customer_operations.open_account(
        actor=actor,
        at=at,
        customer=customers[str(values["customer"])],
        site=present.sites[str(values["site"])],
        number=number,
        is_landlord=values.get("holder") == Holder.LANDLORD,
        is_internal=values.get("holder") == Holder.COST_CENTER,
        vacancy_tariff=None if tariff is None else present.tariffs[str(tariff)].public_id,
    )


def _end(actor: Actor, at: datetime, entry: Entry, present: Present) -> None:
    point = present.points[str(entry.values["point"])]
    contract = present.contracts[f"{point.code} {entry.values['since']}"]
    _start, ends_at = agreed.bounds(entry.values, point)
    if ends_at is not None:
        tenancies.end_contract_at(actor=actor, at=at, contract=contract.public_id, ends_at=ends_at)


def _begin(
    actor: Actor,
    at: datetime,
    entries: list[Entry],
    accounts: dict[str, customer_models.Account],
    present: Present,
) -> None:
    """Contracts by their first instant: what the meters showed then is read for all of them at once."""
    starting: dict[datetime, list[Entry]] = defaultdict(list)
    for each in entries:
        starting[agreed.bounds(each.values, present.points[str(each.values["point"])])[0]].append(each)
    moved_in: set[uuid.UUID] = set()
    for starts_at, listed in sorted(starting.items()):
        points = [present.points[str(each.values["point"])] for each in listed]
        faces = readings.faces_at(meter_point_ids=[each.pk for each in points], instant=starts_at, at=at)
        for each, point in zip(listed, points, strict=True):
            account = accounts[str(each.values["account"])]
            contract = customer_operations.start_contract(
                actor=actor,
                at=at,
                account=account,
                meter_point=point,
                tariff=present.tariffs[str(each.values["tariff"])].public_id,
                starts_at=starts_at,
                ends_at=agreed.bounds(each.values, point)[1],
                reason=_text(each.values, "reason"),
            )
            seen = readings.keep(actor=actor, at=at, faces=faces.get(point.pk, ()), instant=starts_at, given={})
            if seen.is_known:
                tenancies.note_start(contract=contract, reading=seen)
            if account.moved_out_at is not None:
                moved_in.add(account.public_id)
    for account_id in sorted(moved_in):
        tenancies.mark_moved_in(actor=actor, at=at, account=account_id)


def _text(values: Values, key: str) -> str:
    value = values.get(key)
    return "" if value is None else str(value)
