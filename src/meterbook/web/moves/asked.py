"""What the steps of a journey have in common: what they show, what they keep, and what the journey is about."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms as django_forms

from meterbook.customers import queries as customer_queries
from meterbook.journeys import moving_out
from meterbook.journeys.queries import JourneyRow
from meterbook.journeys.values import Step
from meterbook.web import access
from meterbook.web.moves import places
from meterbook.web.sites import choice

Given = dict[str, Any]


class Unanswered(Exception):
    """What was sent back has faults; `form` says which."""

    def __init__(self, form: django_forms.Form) -> None:
        super().__init__()
        self.form = form


@dataclass(frozen=True)
class Answer:
    """What a step keeps; `title` names the journey in lists from now on."""

    given: Given
    title: str = ""


@dataclass(frozen=True)
class Handler:
    """`show` returns what the step's template needs; `take` reads what was sent back.

    :raises Unanswered: by `take`, when something must be corrected
    """

    template: str
    show: Callable[[access.Request, JourneyRow, django_forms.Form | None], dict[str, Any]]
    take: Callable[[access.Request, JourneyRow], Answer]


def account_of(row: JourneyRow) -> customer_queries.AccountRow:
    """This will return the account of a move-out.

    :raises customer_queries.AccountNotFound: when it is no longer there
    """
    return customer_queries.get_account(public_id=uuid.UUID(str(row.facts[Step.ACCOUNT]["account"])))


def contracts_of(row: JourneyRow) -> list[uuid.UUID]:
    """This will return the contracts that a move-out is to end."""
    listed = row.facts[Step.ACCOUNT].get("contracts")
    return [uuid.UUID(str(each)) for each in listed] if isinstance(listed, list) else []


def moment(row: JourneyRow) -> datetime:
    """This will return when somebody moves in or out."""
    given = row.facts.get(Step.START) or row.facts[Step.END]
    return places.instant(given.get("starts_at") or given.get("ends_at"))


def zone_of_leaving(row: JourneyRow) -> ZoneInfo:
    """This will return the zone of what a move-out ends: that of its meters, else that of the site."""
    account = account_of(row)
    return moving_out.zone_of(account_id=account.id, of_site=account.zone, contracts=contracts_of(row))


def zone_of(request: access.Request, row: JourneyRow) -> ZoneInfo:
    """This will return the zone of the place that a journey is about; that of the page before it is known."""
    if Step.ACCOUNT in row.facts:
        return zone_of_leaving(row)
    unit = places.chosen(row, at=request.at)
    return unit.zone if unit else choice.clock_zone(request)
