"""What lies behind lines that no single meter point makes: taxes, shared costs, settlements of earlier bills."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from meterbook.billing import permissions
from meterbook.billing import queries as billing_queries
from meterbook.billing.queries import pools as pool_queries
from meterbook.documents.rendering import shared as paper_shared
from meterbook.identity.values import Module
from meterbook.reporting.queries import explaining, pool_readings
from meterbook.web import access
from meterbook.web.billing import bills, glass, paper, shared_words, words
from meterbook.web.meters import captions
from meterbook.web.templatetags import meterbook as tags

Plain = Mapping[str, Any]
MOST_DIGITS = 6


@dataclass(frozen=True)
class Taxed:
    """A line, share or earlier tax that a tax is on."""

    name: str
    detail: str
    amount: str
    href: str


@dataclass(frozen=True)
class CostLine:
    """A line of a shared cost: of an invoice, or counted and priced."""

    kind: str
    text: str
    quantity: str
    price: str
    amount: str


@dataclass(frozen=True)
class CostReading:
    """What the register of a meter showed at an end of the time of a shared cost."""

    meter: str
    serial: str
    time: str
    raw: str
    value: str
    unit: str
    chip: captions.Chip
    href: str


@require_GET
@access.page(permission=permissions.VIEW_BILL, module=Module.BILLING, by_site=True)
def part(request: access.Request, bill: uuid.UUID, part: str) -> HttpResponse:
    """This will show what lies behind "tax-0", "shared-0" or "settlement-0" of a bill."""
    return show(request, bills.opened(request, bill), part)


def show(request: access.Request, opened: glass.Opened, part: str) -> HttpResponse:
    """This will answer with the inside of a tax, a shared cost or a settlement; of what is not there, "not found"."""
    kind, _dash, place = part.partition("-")
    shows = {"tax": show_tax, "shared": show_shared, "settlement": show_settlement}
    if kind not in shows or not (place.isascii() and place.isdigit() and len(place) < MOST_DIGITS):
        raise Http404(_("The bill has no such line."))
    return shows[kind](request, opened, int(place))


def show_tax(request: access.Request, opened: glass.Opened, place: int) -> HttpResponse:
    """This will answer with the inside of a tax."""
    content, row = opened.content, glass.at_place(opened.content["taxes"], place)
    rows, base = [], Decimal(0)
    for point_place, point in enumerate(content["meter_points"]):
        for charge_place, charge in enumerate(point["charges"]):
            taxed = _taxed_components(charge, row)
            for line_place, line in enumerate(charge["lines"]):
                if line["component"] in taxed:
                    anchor = f"#in-line-{point_place}-{charge_place}-{line_place}"
                    base += Decimal(line["amount"])
                    amount = words.amount(line["amount"], content["currency"])
                    rows.append(Taxed(words.said(line["text"]), point["name"], amount, f"{opened.base}{anchor}"))
    for number, share in enumerate(content.get("shared_costs", ())):
        own = share.get("tax")
        if own and (own["code"], Decimal(own["rate"])) == (row["code"], Decimal(row["rate"])):
            base += Decimal(share["amount"])
            amount = words.amount(share["amount"], content["currency"])
            name, href = paper_shared.named(share, words.language()), f"{opened.base}#in-shared-{number}"
            rows.append(Taxed(name, _("Shared costs"), amount, href))
    rest = Decimal(row["base"]) - base
    context = {
        "rows": rows,
        # An earlier tax, or a settled bill: what the lines of this bill do not make.
        "rest": words.amount(str(rest), content["currency"]) if rest else "",
        "base": words.amount(row["base"], content["currency"]),
        "rate": words.tidy(str(Decimal(row["rate"]) * 100)),
        "amount": words.amount(row["amount"], content["currency"]),
        "exact": words.tidy(str(Decimal(row["base"]) * Decimal(row["rate"]))),
        "exempt": row.get("trace", {}).get("certificate", ""),
        "currency": content["currency"],
        "points": paper.read(content).points,
        "base_href": opened.base,
    }
    return render(request, "billing/_tax_inside.html", context)


def show_shared(request: access.Request, opened: glass.Opened, place: int) -> HttpResponse:
    """This will answer with the inside of a shared cost.

    A tenant is told what the own bill says of it: sheets name the other tenants, and are the organization's only.
    """
    told = glass.at_place(opened.content.get("shared_costs", ()), place)
    currency = opened.content["currency"]
    row, plain = _sheet(opened, uuid.UUID(told["sheet"]["id"]))
    readings = pool_readings.of_sheet(public_id=row.public_id, is_main_only=opened.is_own) if row else []
    context = {
        "told": told,
        "name": paper_shared.named({"pool": told["pool"]}, words.language()),
        "is_own": opened.is_own,
        "is_same": row is not None and row.digest == told["sheet"]["digest"],
        "lines": [_cost(each, currency) for each in plain["lines"]],
        "members": sum(len(each["rows"]) for each in plain.get("parts", ())),
        "readings": [_reading(request, opened, each) for each in readings],
        "part": words.amount(told.get("part", told["total"]), currency),
        "own": shared_words.weight(told["own"], told["unit"], is_daily=told["is_daily"]) if "own" in told else "",
        "whole": shared_words.weight(told["whole"], told["unit"], is_daily=told["is_daily"]) if "own" in told else "",
        "key": shared_words.key(told["key"]) if "key" in told else "",
        "exact": shared_words.exact(told["exact"]) if told.get("exact") else "",
        "amount": words.amount(told["amount"], currency),
        "currency": currency,
        "sheet_href": reverse("sheet", args=[request.organization.public_id, row.public_id]) if row else "",
        "points": paper.read(opened.content).points,
        "base_href": opened.base,
    }
    return render(request, "billing/_shared_inside.html", context)


def _sheet(opened: glass.Opened, public_id: uuid.UUID) -> tuple[pool_queries.SheetRow | None, Plain]:
    """The sheet with its content; nothing for a tenant."""
    if opened.is_own:
        return None, {"lines": []}
    try:
        row, _pool, data = pool_queries.get_sheet(public_id=public_id)
    except pool_queries.SheetNotFound as error:
        raise Http404(_("The allocation sheet is not there any more.")) from error
    return row, json.loads(data) if data else {"lines": []}


def show_settlement(request: access.Request, opened: glass.Opened, place: int) -> HttpResponse:
    """This will answer with the readings of the bill that is settled; to a tenant, of an own one only."""
    settled = glass.at_place(opened.content.get("settlements", ()), place)
    try:
        earlier = billing_queries.get_bill(public_id=uuid.UUID(settled["public_id"]))
    except billing_queries.BillNotFound as error:
        raise Http404(_("There is no such bill.")) from error
    is_foreign = opened.is_own and earlier.account_public_id != opened.bill.account_public_id
    route = "tenant_bill_page" if opened.is_own else "bill"
    context = {
        "number": settled["bill"],
        "is_foreign": is_foreign,
        "points": () if is_foreign else paper.read(earlier.content).points,
        "now": paper.read(opened.content).points,
        "base_href": opened.base,
        "earlier_href": "" if is_foreign else reverse(route, args=[request.organization.public_id, earlier.public_id]),
    }
    return render(request, "billing/_settlement_inside.html", context)


def _taxed_components(charge: Plain, tax: Plain) -> frozenset[str]:
    """The components of the charge's tariff that the tax is on."""
    document = explaining.document_of(charge)
    if document is None:
        return frozenset()
    wanted = tax["code"], Decimal(tax["rate"])
    return frozenset().union(*(each.components for each in document.taxes if (each.code, each.rate) == wanted))


def _cost(line: Plain, currency: str) -> CostLine:
    quantity = ""
    if line.get("quantity"):
        quantity = f"{words.number(line['quantity'])}\u00a0{shared_words.unit(line['unit'])}"
    return CostLine(
        kind=line["kind"],
        text=line["text"],
        quantity=quantity,
        price=words.tidy(line["price"]) if line.get("price") else "",
        amount=words.amount(line["amount"], currency),
    )


def _reading(request: access.Request, opened: glass.Opened, row: pool_readings.PoolReading) -> CostReading:
    day = row.at.astimezone(row.zone)
    href = ""
    if not opened.is_own:
        href = reverse("meter", args=[request.organization.public_id, row.meter_point])
        href += f"?view=day&day={day.date().isoformat()}"
    return CostReading(
        meter=row.name,
        serial=row.serial_number,
        time=words.moment(day.isoformat()),
        raw=str(row.raw),
        value=tags.number(row.value, row.decimals),
        unit=row.unit.symbol,
        chip=captions.QUALITIES[row.quality],
        href=href,
    )
