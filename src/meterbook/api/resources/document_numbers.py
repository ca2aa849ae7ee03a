"""The monthly report on the numbers of documents."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Annotated

from django.utils.translation import gettext as _
from ninja import Query, Router
from pydantic import Field

from meterbook.api import entry, problems, values
from meterbook.api.endpoints import endpoint
from meterbook.billing.queries import numbers
from meterbook.documents import permissions
from meterbook.documents.values import DocumentKind
from meterbook.identity.values import Module

router = Router(tags=["Issued documents"])


class NumbersLacking(values.Told):
    """Numbers from `first` to `final` that no document has."""

    first: str
    final: str
    count: int


class NumbersOfSeries(values.Told):
    """A series: the numbers of the month, how many of them twice, how many bills were taken back, and what lacks."""

    kind: DocumentKind
    prefix: str
    count: int
    first: str
    final: str
    doubles: int
    voids: int
    lacking: list[NumbersLacking]
    is_sound: bool


class VoidedNumber(values.Told):
    """A bill that was taken back and keeps its number; `instead` is the number of what came for it, or empty."""

    number: str
    bill: uuid.UUID
    credit_note_number: str
    credit_note: uuid.UUID
    instead: str


class NumbersOfMonth(values.Told):
    """A month; `is_sound`: no number lacks, none is there twice."""

    month: str
    is_sound: bool
    series: list[NumbersOfSeries]
    voids: list[VoidedNumber]


@endpoint(
    router,
    "GET",
    "/document-numbers",
    permission=permissions.VIEW_DOCUMENT,
    module=Module.BILLING,
    answers=NumbersOfMonth,
)
def get_document_numbers(
    request: entry.Request, month: Annotated[str, Query(), Field(pattern=r"^[0-9]{4}-[0-9]{2}$")] = ""
) -> NumbersOfMonth:
    """This will report the numbers of a month, such as 2026-03; of the present month (UTC) without one."""
    report = numbers.number_report(month=_month(month) if month else request.caller.at.date().replace(day=1))
    return NumbersOfMonth(
        month=f"{report.month:%Y-%m}",
        is_sound=report.is_sound,
        series=[
            NumbersOfSeries(
                kind=each.kind,
                prefix=each.prefix,
                count=each.count,
                first=each.first,
                final=each.final,
                doubles=each.doubles,
                voids=each.voids,
                lacking=[NumbersLacking(first=gap.first, final=gap.final, count=gap.count) for gap in each.lacking],
                is_sound=each.is_sound,
            )
            for each in report.series
        ],
        voids=[
            VoidedNumber(
                number=each.number,
                bill=each.bill,
                credit_note_number=each.note_number,
                credit_note=each.note,
                instead=each.instead,
            )
            for each in report.voids
        ],
    )


def _month(text: str) -> date:
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError as error:
        raise problems.invalid("/query/month", _("Write the month as year and month, such as 2026-03.")) from error
