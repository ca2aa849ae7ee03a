"""What accounts would have paid by other prices: nothing of it is kept."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from ninja import Router
from pydantic import Field

from meterbook.api import entry, problems, values
from meterbook.api.endpoints import endpoint
from meterbook.api.resources import reach
from meterbook.billing import permissions
from meterbook.billing.queries.reasons import Reason
from meterbook.billing.whatif import asked as asking
from meterbook.billing.whatif import comparing
from meterbook.identity.values import Module
from meterbook.metering.values import Service
from meterbook.tariffs.rating.problems import TariffInvalid

router = Router(tags=["Tariffs"])


class NewWhatIf(values.Given):
    """Days [first_day, until_day) are priced by a version, published or a draft, by a document, or, without both, by
    what contracts say, which gives the issued bills again.

    `site`, `tariff` (who pays by it) and `accounts` (numbers) narrow for whom; `service`, what gets the other prices.
    """

    first_day: values.DayGiven
    until_day: values.DayGiven
    tariff_version: uuid.UUID | None = None
    document: dict[str, Any] | None = None
    site: uuid.UUID | None = None
    tariff: uuid.UUID | None = None
    accounts: list[values.Code] = Field(default_factory=list, max_length=2_000)
    service: Service | None = None


class DaysLeftOut(values.Told):
    """Days [first_day, until_day) of an account that cannot be priced, and why; they are in no sum."""

    first_day: date
    until_day: date
    reasons: list[str]


class WhatIfAccount(values.Told):
    """`bills` that were issued and `months` without one; a positive change is more to pay, in percent of before."""

    account: uuid.UUID
    number: str
    customer_name: str
    site_name: str
    bills: int
    months: int
    is_touched: bool
    before: values.Money
    after: values.Money
    change: values.Money
    percent: values.DecimalTold | None
    verdict: asking.TariffEffect
    left_out: list[DaysLeftOut]


class WhatIfMonth(values.Told):
    """Sums of the `count` bills and months that begin in a month."""

    month: date
    count: int
    before: values.Money
    after: values.Money


class WhatIfLine(values.Told):
    """What a component, one of its tiers or price periods brings, before tax; `quantity` null for fixed charges."""

    tariff: str
    text: dict[str, str]
    tier: int | None
    unit: str
    quantity: values.DecimalTold | None
    amount: values.Money
    accounts: int


class WhatIf(values.Told):
    """The whole, accounts from the one that loses most, months and lines; `elsewhere` have another currency.

    `services` are those whose meter points get the prices: gas and water are both counted in cubic meters.
    """

    before: values.Money
    after: values.Money
    change: values.Money
    percent: values.DecimalTold | None
    elsewhere: int
    services: list[Service]
    accounts: list[WhatIfAccount]
    months: list[WhatIfMonth]
    lines: list[WhatIfLine]


@endpoint(
    router,
    "POST",
    "/what-ifs",
    permission=permissions.VIEW_BILL,
    module=Module.BILLING,
    by_site=True,
    answers=WhatIf,
)
def compare_tariffs(request: entry.Request, given: NewWhatIf) -> WhatIf:
    """This will price what accounts used by other prices and compare it with what was billed; nothing is kept."""
    with told_by_field():
        asked, _document = asked_of(request, given, permissions.VIEW_BILL)
        return told(comparing.compare(asked, now=request.caller.at))


def asked_of(request: entry.Request, given: NewWhatIf, permission: str) -> tuple[asking.Asked, dict[str, Any] | None]:
    """This will read what is asked, where the caller has the permission, and the document of the prices.

    :raises problems.Problem: when both a version and a document are given
    """
    site = reach.site_id(request, given.site, permission)
    if given.tariff_version is not None and given.document is not None:
        raise problems.invalid("/body/document", "give a tariff_version or a document, not both")
    scope = asking.Scope(
        sites=request.caller.access.sites(permission) if site is None else frozenset({site}),
        tariff=given.tariff,
        numbers=tuple(dict.fromkeys(given.accounts)),
        service=given.service,
    )
    chosen, document = None, given.document
    if given.tariff_version is not None:
        chosen, document = comparing.of_version(given.tariff_version), comparing.document_of(given.tariff_version)
    elif document is not None:
        chosen = comparing.of_document(document)
    return asking.Asked(scope, given.first_day, given.until_day, chosen), document


@contextmanager
def told_by_field() -> Iterator[None]:
    """This will name the field of the body that is at fault.

    :raises problems.Problem: for what a comparison refuses
    """
    try:
        yield
    except comparing.VersionNotFound as error:
        raise problems.invalid("/body/tariff_version", str(error)) from error
    except TariffInvalid as error:
        raise problems.invalid("/body/document", str(error)) from error
    except asking.DaysInvalid as error:
        raise problems.invalid("/body/first_day", str(error)) from error
    except asking.ScopeInvalid as error:
        raise problems.invalid(f"/body/{error.field}", str(error)) from error
    except (asking.NobodyThere, asking.TooMuchAtOnce) as error:
        raise problems.invalid("/body", str(error)) from error


def told(result: asking.Result) -> WhatIf:
    """This will write a comparison for programs."""
    return WhatIf(
        before=values.money(result.before),
        after=values.money(result.after),
        change=values.money(result.change),
        percent=None if result.percent is None else values.decimal(result.percent),
        elsewhere=result.elsewhere,
        services=list(result.services),
        accounts=[_account(each) for each in result.accounts],
        months=[
            WhatIfMonth(
                month=each.month, count=each.count, before=values.money(each.before), after=values.money(each.after)
            )
            for each in result.months
        ],
        lines=[
            WhatIfLine(
                tariff=each.tariff,
                text=dict(each.text),
                tier=each.tier,
                unit=each.unit,
                quantity=None if each.quantity is None else values.decimal(each.quantity),
                amount=values.money(each.amount),
                accounts=each.accounts,
            )
            for each in result.lines
        ],
    )


def _account(row: asking.AccountResult) -> WhatIfAccount:
    return WhatIfAccount(
        account=row.public_id,
        number=row.number,
        customer_name=row.customer_name,
        site_name=row.site_name,
        bills=row.bills,
        months=row.months,
        is_touched=row.is_touched,
        before=values.money(row.before),
        after=values.money(row.after),
        change=values.money(row.change),
        percent=None if row.percent is None else values.decimal(row.percent),
        verdict=row.verdict,
        left_out=[
            DaysLeftOut(
                first_day=each.first_day,
                until_day=each.until_day,
                reasons=[
                    f"{reason.meter_point}: {reason.caption} {reason.detail}".strip()
                    for reason in Reason.read(list(each.reasons))
                ],
            )
            for each in row.troubles
        ],
    )
