"""Open accounts. Posting is in `posting`, which only money domains may import."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from meterbook.audit import operations as audit_operations
from meterbook.foundation import operation, scoping
from meterbook.kernel import currency as currencies
from meterbook.kernel.actor import Actor
from meterbook.kernel.money import CurrencyMismatch, Money
from meterbook.ledger import models, values


class AccountCodeTaken(ValueError):
    """Another account of the organization has this code; take another one."""


class AccountGone(LookupError):
    """The organization has no such account in its books."""


class FloorNotPossible(ValueError):
    """A control account spreads its balance over several rows and cannot have a floor; open an ordinary account."""


@operation.operation
def open_account(
    *,
    actor: Actor,
    at: datetime,
    code: str,
    name: str,
    kind: values.AccountKind,
    currency: str,
    is_control: bool = False,
    floor: Money | None = None,
) -> models.LedgerAccount:
    """This will open an account with a balance of zero. Currency, kind and floor are for ever.

    :param is_control: for accounts that nearly every transaction touches, such as revenue, tax and clearing: writers
        at the same time do not wait for each other
    :param floor: what a posting that gives money away must leave, counted on the side on which the account grows: zero
        for a till means that only what is in it is paid out. None is no floor
    :raises AccountCodeTaken: when the code is in use
    :raises FloorNotPossible: when a control account is given a floor
    :raises currencies.CurrencyUnknown: when the currency is not known
    :raises CurrencyMismatch: when the floor has another currency
    """
    decimals = currencies.minor_units(currency)
    if floor is not None and is_control:
        raise FloorNotPossible(FloorNotPossible.__doc__)
    if floor is not None and floor.currency != currency:
        raise CurrencyMismatch(f"{floor}, {currency}: {CurrencyMismatch.__doc__}")
    try:
        with transaction.atomic():
            account = models.LedgerAccount.objects.create(
                organization_id=scoping.current().organization_id,
                code=code,
                name=name,
                kind=kind,
                currency=currency,
                decimals=decimals,
                stripes=values.CONTROL_STRIPES if is_control else 1,
                floor=None if floor is None else floor.amount,
            )
    except IntegrityError as error:
        if "ledger_account_code_once" not in str(error):
            raise
        raise AccountCodeTaken(
            _("Another account has the code “%(code)s”; take another one.") % {"code": code}
        ) from error
    after = {
        "code": code,
        "name": name,
        "kind": kind,
        "currency": currency,
        "floor": None if floor is None else str(floor),
    }
    audit_operations.record(actor=actor, at=at, action="ledger:open_account", subject=account, before=None, after=after)
    return account


@operation.operation
def forget_name(*, actor: Actor, at: datetime, account_id: int) -> None:
    """This will call an account by its code from now on, because the person whose name it bore was erased.

    Nothing else of an account ever changes. Whoever erases the person records that; here it would be the name again.

    :raises AccountGone: when the scope's organization has no such account
    """
    accounts = models.LedgerAccount.objects.filter(organization_id=scoping.current().organization_id)
    if not accounts.filter(pk=account_id).exists():
        raise AccountGone(AccountGone.__doc__)
    # The application may not write into this table: the function does what the trigger lets pass, and no more.
    with connection.cursor() as cursor:
        cursor.execute("SELECT ledger_forget_name(%s)", [account_id])
