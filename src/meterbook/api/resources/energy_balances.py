"""The balance sheet of energy of a site and some days, as the page shows it."""

from __future__ import annotations

import uuid
from fractions import Fraction

from django.utils.translation import gettext as _
from ninja import Router

from meterbook.api import entry, problems, values
from meterbook.api.endpoints import endpoint
from meterbook.api.resources import reach
from meterbook.billing import permissions
from meterbook.identity.values import Module
from meterbook.kernel import rounding
from meterbook.metering.values import Service
from meterbook.reporting.balancing import Bearer, Part
from meterbook.reporting.queries import balance_checks, site_energy, site_money, site_sheets

router = Router(tags=["Balance"])
PLACES, MOST_DAYS = 6, 400


class PartOfEnergy(values.Told):
    """One row: a quantity of a part; without a bill it is what is left of a meter point or of the site."""

    part: Part
    meter_point: uuid.UUID | None
    name: str
    account: str
    bill: uuid.UUID | None
    quantity: values.DecimalTold


class EnergyOfService(values.Told):
    """A service: `through` is what its main meters counted (null without one); with `difference` 0 the rows are that.

    `supplied` is what suppliers' invoices say for the days, null where none tells a quantity in such a unit.
    """

    service: Service
    unit: str
    through: values.DecimalTold | None
    supplied: values.DecimalTold | None
    total: values.DecimalTold
    difference: values.DecimalTold
    unread_intervals: int
    rows: list[PartOfEnergy]


class CostOfEnergy(values.Told):
    """What was paid, as far as it falls into the days; `is_part`: only some of its days do."""

    name: str
    detail: str
    amount: values.DecimalTold
    is_part: bool


class BearerOfCost(values.Told):
    """What somebody bears, before taxes on the bill; the remainder has no bill."""

    bearer: Bearer
    name: str
    account: str
    bill: uuid.UUID | None
    amount: values.DecimalTold


class MoneyOfEnergy(values.Told):
    """A currency: costs and who bears them. `outside`: numbers of bills that reach beyond the days, left out."""

    currency: str
    paid: values.DecimalTold
    total: values.DecimalTold
    difference: values.DecimalTold
    costs: list[CostOfEnergy]
    rows: list[BearerOfCost]
    outside: list[str]


class BalanceCheck(values.Told):
    """Two numbers from different records that must be one."""

    kind: balance_checks.ComparedSums
    name: str
    unit: str
    left: values.DecimalTold
    right: values.DecimalTold
    difference: values.DecimalTold


class EnergyBalance(values.Told):
    """The whole sheet. Quantities have six decimals, rounded half up where there are more."""

    services: list[EnergyOfService]
    money: list[MoneyOfEnergy]
    checks: list[BalanceCheck]


@endpoint(
    router,
    "GET",
    "/sites/{uuid:site}/energy-balance",
    permission=permissions.VIEW_BILL,
    module=Module.BILLING,
    by_site=True,
    answers=EnergyBalance,
)
def get_energy_balance(
    request: entry.Request, site: uuid.UUID, first_day: values.DayGiven, until_day: values.DayGiven
) -> EnergyBalance:
    """This will return what a site bought, used, lost and paid on the local days [first_day, until_day)."""
    row = reach.site(request, site, permissions.VIEW_BILL)
    if not 0 < (until_day - first_day).days <= MOST_DAYS:
        words = _("`until_day` must lie after `first_day`, by at most %(days)s days.") % {"days": MOST_DAYS}
        raise problems.Problem(422, "days", words)
    sheet = site_sheets.sheet_of(site_id=row.id, first_day=first_day, until_day=until_day)
    return EnergyBalance(
        services=[_service(each, sheet.invoiced) for each in sheet.services],
        money=[_money(each) for each in sheet.moneys],
        checks=[
            BalanceCheck(
                kind=each.kind,
                name=each.name,
                unit=each.unit,
                left=_exact(each.left),
                right=_exact(each.right),
                difference=_exact(each.difference),
            )
            for each in sheet.checks
        ],
    )


def _service(balance: site_energy.ServiceBalance, invoiced: tuple[site_money.Invoiced, ...]) -> EnergyOfService:
    sheet = balance.sheet
    own = next((each for each in invoiced if each.service == balance.service.value), None)
    is_told = own is not None and own.unit.dimension is balance.unit.dimension
    return EnergyOfService(
        service=balance.service,
        unit=balance.unit.value,
        through=None if sheet.through is None else _exact(sheet.through),
        supplied=_exact(own.quantity * site_energy.factor(own.unit, balance.unit)) if own and is_told else None,
        total=_exact(sheet.total),
        difference=_exact(sheet.difference),
        unread_intervals=balance.unread,
        rows=[
            PartOfEnergy(
                part=each.part,
                meter_point=uuid.UUID(each.key) if each.key else None,
                name=each.name,
                account=each.account,
                bill=uuid.UUID(each.href) if each.href else None,
                quantity=_exact(each.quantity),
            )
            for each in sheet.rows
        ],
    )


def _money(balance: site_money.MoneyBalance) -> MoneyOfEnergy:
    sheet = balance.sheet
    return MoneyOfEnergy(
        currency=balance.currency,
        paid=values.decimal(sheet.paid),
        total=values.decimal(sheet.total),
        difference=values.decimal(sheet.difference),
        costs=[
            CostOfEnergy(name=each.name, detail=each.detail, amount=values.decimal(each.amount), is_part=each.is_part)
            for each in sheet.costs
        ],
        rows=[
            BearerOfCost(
                bearer=each.bearer,
                name=each.name,
                account=each.account,
                bill=uuid.UUID(each.href) if each.href else None,
                amount=values.decimal(each.amount),
            )
            for each in sheet.rows
        ],
        outside=list(balance.outside),
    )


def _exact(value: Fraction) -> str:
    scaled = value * 10**PLACES
    return values.scaled(rounding.divide(scaled.numerator, scaled.denominator), PLACES)
