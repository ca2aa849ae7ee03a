"""Changes of customers, accounts and contracts."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TypeVar, Unpack

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils.translation import gettext as _

from meterbook.audit import operations as audit_operations
from meterbook.customers import models, overriding, values
from meterbook.foundation import operation, scoping
from meterbook.kernel.actor import Actor
from meterbook.ledger import models as ledger_models
from meterbook.ledger import operations as ledger_operations
from meterbook.ledger import values as ledger_values
from meterbook.metering import models as metering_models
from meterbook.sites import models as site_models
from meterbook.tariffs import models as tariff_models

Owned = TypeVar(
    "Owned",
    site_models.Site,
    tariff_models.Tariff,
    metering_models.MeterPoint,
    models.Account,
    models.Contract,
)


LONGEST_NAME = 200  # of a ledger account
RECEIVABLE, COST_CENTER = "AR", "CC"  # before an account's number, in the code of its account in the ledger


class CodeTaken(ValueError):
    """The code or number is in use already; take another one."""


class LandlordPresent(ValueError):
    """The site has a landlord's account already."""


class LandlordInternal(ValueError):
    """The landlord's account takes vacancies and is no cost center; open two accounts."""


class ContractsOverlap(ValueError):
    """Another contract covers the meter point at that time; end it first."""


class ContractMisfit(ValueError):
    """Account, meter point and tariff of a contract must share the site and the currency."""


class NotThere(LookupError):
    """The organization has no such site, tariff, meter point, account or contract."""


class NotRunning(ValueError):
    """The contract has ended already, or would end before it begins."""


@operation.operation
def create_customer(
    *,
    actor: Actor,
    at: datetime,
    code: str,
    name: str,
    **known: Unpack[values.CustomerFacts],
) -> models.Customer:
    """This will add a customer, with what is known of them.

    :raises CodeTaken: when the organization has a customer of that code
    """
    facts = {"code": code, "name": name, **values.NOTHING_KNOWN, **known}
    after = {key: value for key, value in facts.items() if key != "address"}
    try:
        with scoping.unlimited(), transaction.atomic():
            customer = models.Customer.objects.create(organization_id=scoping.current().organization_id, **facts)
        scoping.widen(customers=[customer.pk])
    except IntegrityError as error:
        raise CodeTaken(_("There is a customer “%(code)s” already; take another code.") % {"code": code}) from error
    audit_operations.record(
        actor=actor, at=at, action="customers:create_customer", subject=customer, before=None, after=after
    )
    return customer


@operation.operation
def change_customer(
    *,
    actor: Actor,
    at: datetime,
    account: models.Account | uuid.UUID,
    name: str,
    email: str,
    language: str,
    tax_number: str,
    address: str,
) -> models.Customer:
    """This will change what is known of the customer of an account; bills already issued keep what they say.

    :param email: where bills go; empty: they are printed
    :raises NotThere: when the organization has no such account
    """
    customer = _own(models.Account, account).customer
    after = {"name": name, "email": email, "language": language, "tax_number": tax_number, "address": address}
    before = {key: getattr(customer, key) for key in after}
    for key, value in after.items():
        setattr(customer, key, value)
    customer.save(update_fields=list(after))
    audit_operations.record(
        actor=actor, at=at, action="customers:change_customer", subject=customer, before=before, after=after
    )
    return customer


@operation.operation
def open_account(
    *,
    actor: Actor,
    at: datetime,
    customer: models.Customer,
    site: site_models.Site | uuid.UUID,
    number: str,
    is_landlord: bool = False,
    vacancy_tariff: tariff_models.Tariff | uuid.UUID | None = None,
    is_internal: bool = False,
) -> models.Account:
    """This will open a postpaid account at a site, with its receivable in the ledger, or a cost center.

    :param vacancy_tariff: by which the landlord's account pays for vacant meter points
    :param is_internal: a cost center of the organization; its account in the ledger, "CC-" and its number, is expense
    :raises CodeTaken: when the organization has an account of that number
    :raises LandlordPresent: when the site has a landlord's account
    :raises LandlordInternal: when it would be both
    """
    if is_internal and is_landlord:
        raise LandlordInternal(_("The landlord's account takes vacancies and is no cost center; open two accounts."))
    site = _own(site_models.Site, site)
    if vacancy_tariff is not None:
        vacancy_tariff = _own(tariff_models.Tariff, vacancy_tariff)
    try:
        receivable = _open_in_ledger(actor, at, f"{number} {customer.name}", number, site.currency, is_internal)
        with transaction.atomic():
            account = models.Account.objects.create(
                organization_id=site.organization_id,
                number=number,
                customer=customer,
                site=site,
                mode=values.AccountMode.INTERNAL if is_internal else values.AccountMode.POSTPAID,
                currency=site.currency,
                is_landlord=is_landlord,
                vacancy_tariff=vacancy_tariff,
                receivable=receivable,
            )
        scoping.widen(accounts=[account.pk])
    except IntegrityError as error:
        if "account_one_landlord_a_site" in str(error):
            raise LandlordPresent(_("%(site)s has a landlord's account already.") % {"site": site.name}) from error
        raise _number_taken(number) from error
    except ledger_operations.AccountCodeTaken as error:
        raise _number_taken(number) from error
    after = {
        "number": number,
        "customer": customer.code,
        "site": site.code,
        "is_landlord": is_landlord,
        "mode": account.mode,
    }
    audit_operations.record(
        actor=actor, at=at, action="customers:open_account", subject=account, before=None, after=after
    )
    return account


def _open_in_ledger(
    actor: Actor, at: datetime, name: str, number: str, currency: str, is_internal: bool
) -> ledger_models.LedgerAccount:
    """What is owed is an asset; what a cost center bears is an expense."""
    return ledger_operations.open_account(
        actor=actor,
        at=at,
        code=f"{COST_CENTER if is_internal else RECEIVABLE}-{number}",
        kind=ledger_values.AccountKind.EXPENSE if is_internal else ledger_values.AccountKind.ASSET,
        currency=currency,
        name=name[:LONGEST_NAME],
    )


@operation.operation
def open_account_with_customer(
    *,
    actor: Actor,
    at: datetime,
    site: site_models.Site | uuid.UUID,
    number: str,
    name: str,
    is_landlord: bool = False,
    vacancy_tariff: tariff_models.Tariff | uuid.UUID | None = None,
    is_internal: bool = False,
    **known: Unpack[values.CustomerFacts],
) -> models.Account:
    """This will add a customer and `open_account`, or do neither; the customer's code is the account's number.

    :raises CodeTaken: when the organization has an account of that number, or a customer of that code
    :raises LandlordPresent: when the site has a landlord's account
    :raises LandlordInternal: when it would be a cost center too
    """
    if models.Account.objects.filter(organization_id=scoping.current().organization_id, number=number).exists():
        raise _number_taken(number)
    try:
        customer = create_customer(actor=actor, at=at, code=number, name=name, **known)
    except CodeTaken as error:
        raise CodeTaken(
            _(
                "Another customer has the code “%(code)s”, and a new customer's code is its account number; take"
                " another number."
            )
            % {"code": number}
        ) from error
    return open_account(
        actor=actor,
        at=at,
        customer=customer,
        site=site,
        number=number,
        is_landlord=is_landlord,
        vacancy_tariff=vacancy_tariff,
        is_internal=is_internal,
    )


def _number_taken(number: str) -> CodeTaken:
    return CodeTaken(_("There is an account “%(code)s” already; take another number.") % {"code": number})


@operation.operation
def start_contract(
    *,
    actor: Actor,
    at: datetime,
    account: models.Account | uuid.UUID,
    meter_point: metering_models.MeterPoint | uuid.UUID,
    tariff: tariff_models.Tariff | uuid.UUID,
    starts_at: datetime,
    ends_at: datetime | None = None,
    reason: str = "",
) -> models.Contract:
    """This will let an account pay for a meter point from an instant on.

    It begins by the default tariff where another one waits for a second person (`overriding.settle`).

    :param reason: why another tariff than the default is to hold, if one is
    :raises ContractMisfit: when site or currency differ
    :raises ContractsOverlap: when another contract covers that time
    :raises NotRunning: when it would end before it begins
    :raises overriding.OverrideUnreasoned: without a reason for another tariff than the default
    """
    account, tariff = _own(models.Account, account), _own(tariff_models.Tariff, tariff)
    meter_point = _own(metering_models.MeterPoint, meter_point)
    _require_fit(account, meter_point, tariff)
    asked = overriding.Asked(account, meter_point, tariff, starts_at)
    (holds,) = overriding.settle(actor=actor, at=at, asked=[asked], reason=reason)
    return begin_contract(
        actor=actor,
        at=at,
        account=account,
        meter_point=meter_point,
        tariff=holds,
        starts_at=starts_at,
        ends_at=ends_at,
    )


@operation.operation
def begin_contract(
    *,
    actor: Actor,
    at: datetime,
    account: models.Account,
    meter_point: metering_models.MeterPoint,
    tariff: tariff_models.Tariff,
    starts_at: datetime,
    ends_at: datetime | None = None,
) -> models.Contract:
    """This will `start_contract` by a tariff that was settled already."""
    _require_fit(account, meter_point, tariff)
    if ends_at is not None and ends_at <= starts_at:
        raise NotRunning(_("A contract must end after it begins."))
    try:
        with transaction.atomic():
            contract = models.Contract.objects.create(
                organization_id=account.organization_id,
                account=account,
                meter_point=meter_point,
                tariff=tariff,
                during=DateTimeTZRange(starts_at, ends_at, "[)"),
            )
    except IntegrityError as error:
        raise ContractsOverlap(
            _("Another contract covers meter point %(point)s at that time; end it first.") % {"point": meter_point.code}
        ) from error
    after = {"meter_point": meter_point.code, "tariff": tariff.code, "starts_at": starts_at, "ends_at": ends_at}
    audit_operations.record(
        actor=actor, at=at, action="customers:start_contract", subject=account, before=None, after=after
    )
    return contract


def _require_fit(
    account: models.Account, meter_point: metering_models.MeterPoint, tariff: tariff_models.Tariff
) -> None:
    if account.site_id != meter_point.site_id or account.currency != tariff.currency:
        raise ContractMisfit(
            _("Account %(account)s, meter point %(point)s and tariff %(tariff)s must share the site and the currency.")
            % {"account": account.number, "point": meter_point.code, "tariff": tariff.code}
        )


@operation.operation
def end_contract(
    *, actor: Actor, at: datetime, contract: models.Contract | uuid.UUID, ends_at: datetime
) -> models.Contract:
    """This will end a running contract; from then on the unit is vacant until another begins.

    :raises NotRunning: when it has ended, or would end before it begins
    """
    contract = _own(models.Contract, contract)
    start, before = contract.during.lower, contract.during.upper
    if before is not None or ends_at <= start:
        raise NotRunning(_("The contract has ended already, or would end before it begins."))
    contract.during = DateTimeTZRange(start, ends_at, "[)")
    contract.save(update_fields=["during"])
    audit_operations.record(
        actor=actor,
        at=at,
        action="customers:end_contract",
        subject=contract.account,
        before={"ends_at": None},
        after={"ends_at": ends_at},
    )
    return contract


def _own(model: type[Owned], given: Owned | uuid.UUID) -> Owned:
    """An object as it came, or by its public id.

    :raises NotThere: when the organization has none of that id
    """
    if not isinstance(given, uuid.UUID):
        return given
    found = model._default_manager.filter(organization_id=scoping.current().organization_id, public_id=given).first()
    if found is None:
        raise NotThere(_("There is no such object in this organization."))
    return found
