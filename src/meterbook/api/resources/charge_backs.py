"""The journal of charge-backs, for the general ledger."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Annotated

from django.utils.translation import gettext as _
from ninja import Query, Router

from meterbook.api import entry, problems, values
from meterbook.api.endpoints import endpoint
from meterbook.api.resources import reach
from meterbook.billing import queries as billing_queries
from meterbook.identity.values import Module
from meterbook.ledger import permissions

router = Router(tags=["Ledger"])
FirstDay = Annotated[values.DayGiven, Query(alias="from", description="The first day.")]
UntilDay = Annotated[values.DayGiven, Query(description="The first day that no longer belongs to it.")]


class ChargeBackEntry(values.Told):
    """One side of a posting: a debit of a cost center above zero, a credit of a recovery account below.

    `statement` is the charge-back statement that it is of; `number` its reference, or that of what took it back.
    """

    posted_date: date
    number: str
    statement: uuid.UUID
    transaction: uuid.UUID
    cost_center: uuid.UUID
    cost_center_number: str
    cost_center_name: str
    site_name: str
    ledger_account: str
    service: str
    amount: values.Money


class ChargeBackSums(values.Told):
    """A currency: debits and credits sum to zero, and `charged` is what the statements come to."""

    debits: values.Money
    credits: values.Money
    charged: values.Money
    statements: values.Money
    is_balanced: bool
    is_equal: bool


class ChargeBackJournal(values.Told):
    """What was posted for cost centers on the days [from, until)."""

    first_day: date
    until_day: date
    is_sound: bool
    sums: list[ChargeBackSums]
    entries: list[ChargeBackEntry]


@endpoint(
    router,
    "GET",
    "/charge-back-journal",
    permission=permissions.VIEW_LEDGER,
    module=Module.BILLING,
    by_site=True,
    answers=ChargeBackJournal,
)
def get_charge_back_journal(
    request: entry.Request, since: FirstDay, until: UntilDay, site: uuid.UUID | None = None
) -> ChargeBackJournal:
    """This will return what cost centers were charged and what was recovered on the days [from, until)."""
    if not since < until:
        raise problems.invalid("/query/until", _("The end must lie after the start."))
    found = billing_queries.journal_of_charge_backs(
        starts_on=since,
        ends_on=until,
        site_id=reach.site_id(request, site, permissions.VIEW_LEDGER),
        without_sites=reach.without(request, permissions.VIEW_LEDGER),
    )
    return ChargeBackJournal(
        first_day=found.starts_on,
        until_day=found.ends_on,
        is_sound=found.is_sound,
        sums=[_sums(each) for each in found.checks],
        entries=[_entry(each) for each in found.lines],
    )


def _sums(check: billing_queries.CurrencyCheck) -> ChargeBackSums:
    return ChargeBackSums(
        debits=values.money(check.debits),
        credits=values.money(check.credits),
        charged=values.money(check.charged),
        statements=values.money(check.statements),
        is_balanced=check.is_balanced,
        is_equal=check.is_equal,
    )


def _entry(line: billing_queries.JournalLine) -> ChargeBackEntry:
    return ChargeBackEntry(
        posted_date=line.posted_date,
        number=line.number,
        statement=line.source,
        transaction=line.transaction,
        cost_center=line.cost_center.public_id,
        cost_center_number=line.cost_center.number,
        cost_center_name=line.cost_center.customer_name,
        site_name=line.cost_center.site_name,
        ledger_account=line.account_code,
        service=line.service,
        amount=values.money(line.amount),
    )
