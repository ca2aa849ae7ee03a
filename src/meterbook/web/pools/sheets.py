"""An allocation sheet: its arithmetic for a person, its data and a script for a program, its rows for a spreadsheet."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from meterbook.billing import permissions, pool_words
from meterbook.billing.operations import pools as pool_operations
from meterbook.billing.pools import recompute
from meterbook.billing.pools.definition import Leaving
from meterbook.billing.queries import pool_later, pool_rebills
from meterbook.billing.queries import pools as pool_queries
from meterbook.identity.values import Module
from meterbook.web import access, once, tables
from meterbook.web.billing import shared_words as words
from meterbook.web.billing import words as bill_words
from meterbook.web.pools import finding, rebilling


@dataclass(frozen=True)
class Row:
    """A member's share, every figure that it was made from."""

    member: str
    name: str
    payer: str
    is_vacancy: bool
    is_estimated: bool
    values: tuple[str, ...]
    weight: str
    percent: str
    exact: str
    extra: int
    share: str
    over: str
    left: str
    quantity: str


@dataclass(frozen=True)
class Part:
    """A part of the cost with its key."""

    number: int
    percent: str
    line: str
    key: str
    is_secondary: bool
    is_daily: bool
    amount: str
    weight: str
    rows: tuple[Row, ...]
    sum: str


@dataclass(frozen=True)
class Cost:
    """A line of the cost."""

    kind: str
    text: str
    meter: str
    quantity: str
    price: str
    amount: str


@require_GET
@access.page(permission=permissions.VIEW_BILL, module=Module.BILLING, by_site=True)
def sheet(request: access.Request, sheet: uuid.UUID) -> HttpResponse:
    """This will show how a cost was divided, so that everybody can follow it with a pencil."""
    row, pool, content = finding.find_sheet(request, sheet, permissions.VIEW_BILL)
    plain = json.loads(content) if content else None
    difference = pool_queries.difference_of(public_id=row.public_id) if plain and row.is_approved else None
    files = reverse("sheet_file", args=[request.organization.public_id, row.public_id])
    context: dict[str, Any] = {
        "row": row,
        "pool": pool,
        "days": words.days(row.first_day, row.until_day),
        "plain": plain,
        "csv_href": f"{files}?kind={tables.CSV}",
        "xlsx_href": f"{files}?kind={tables.XLSX}",
        "difference": difference,
        "shifts": [
            (each.account, *(bill_words.amount(str(value), row.currency) for value in (each.before, each.now)))
            for each in (difference.shifts if difference else ())
        ],
        "may_manage": request.access.allows(permissions.MANAGE_POOL, pool.site_id),
        "rebills": [(each, rebilling.STATES[each.state]) for each in pool_rebills.rebills_of(sheet=row.public_id)],
        "links": _links(pool_later.links_of(sheet=row.public_id)),
        "standing": pool_rebills.standing_of(sheet=row.public_id),
    }
    if plain is not None:
        context |= {
            "parts": [_part(each, plain) for each in plain["parts"]],
            "costs": [_cost(each, plain["currency"]) for each in plain["lines"]],
            "total": bill_words.amount(plain["total"], plain["currency"]),
            "shared": bill_words.amount(plain["shared"], plain["currency"]),
            "borne": [_borne(each, plain["currency"]) for each in plain["landlord"]],
            "flags": [str(pool_words.FLAGS.get(each, each)) for each in plain["flags"]],
            "loss": _loss(plain["loss"]) if plain.get("loss") else None,
            "is_equal": not recompute.differences(plain),
            "leaving": str(pool_words.LEAVINGS[Leaving(plain.get("leaving", Leaving.FORMER_MEMBER.value))]),
            "has_quantity": "quantity" in plain,
        }
    return render(request, "pools/sheet.html", context)


def _links(found: pool_later.Links) -> list[tuple[bool, str, uuid.UUID]]:
    """Whether each is put off, its days, and which it is."""
    return [
        (each.is_put_off, words.days(each.first_day, each.until_day), each.public_id)
        for each in (*found.put_off, *found.divided)
    ]


@require_GET
@access.page(permission=permissions.VIEW_BILL, module=Module.BILLING, by_site=True)
def data(request: access.Request, sheet: uuid.UUID) -> HttpResponse:
    """This will give out a sheet as canonical JSON, byte for byte what its digest is of."""
    row, pool, content = finding.find_sheet(request, sheet, permissions.VIEW_BILL)
    if not content:
        raise Http404(_("The sheet is not made yet."))
    name = tables.file_safe(f"{pool.code}-{row.first_day}")
    disposition = {"Content-Disposition": f'attachment; filename="{name}.json"'}
    return HttpResponse(content, content_type="application/json", headers=disposition)


@require_GET
@access.page(permission=permissions.VIEW_BILL, module=Module.BILLING, by_site=True)
def file(request: access.Request, sheet: uuid.UUID) -> HttpResponse:
    """This will give out the rows of a sheet: `?kind=csv` or `?kind=xlsx`."""
    row, pool, content = finding.find_sheet(request, sheet, permissions.VIEW_BILL)
    if not content:
        raise Http404(_("The sheet is not made yet."))
    heads = (
        *(_("Part"), _("Key"), _("Member"), _("Name"), _("Paid by"), _("First day"), _("Until, not included")),
        *(_("Key value"), _("Key value of all"), _("Share, %"), _("Exact share"), _("Rounding"), _("Share")),
        *(_("Currency"), _("Quantity")),
    )
    name = f"{pool.code}-{row.first_day}"
    kind = tables.XLSX if request.GET.get("kind") == tables.XLSX else tables.CSV
    return tables.file(kind, tables.file_safe(name), heads, list(_rows(json.loads(content))))


@require_GET
@access.page(permission=permissions.VIEW_BILL, module=Module.BILLING, by_site=True)
def script(request: access.Request) -> HttpResponse:
    """This will give out the script that works every share of a sheet out again."""
    text = Path(recompute.__file__).read_text(encoding="utf-8")
    disposition = {"Content-Disposition": 'attachment; filename="recompute.py"'}
    return HttpResponse(text, content_type="text/x-python; charset=utf-8", headers=disposition)


@require_POST
@access.page(permission=permissions.MANAGE_POOL, module=Module.BILLING, by_site=True)
@once.carried_out_once
def carry(request: access.Request, sheet: uuid.UUID) -> HttpResponse:
    """This will carry the difference of an approved sheet into the next period."""
    row, pool, _content = finding.find_sheet(request, sheet, permissions.MANAGE_POOL)
    try:
        pool_operations.carry_difference(actor=request.actor, at=request.at, sheet=row.public_id)
    except (pool_operations.NothingToCarry, pool_operations.CarryRefused) as error:
        messages.error(request, str(error))
        return redirect("sheet", request.organization.public_id, row.public_id)
    messages.success(request, _("The difference is carried into the next period; it stands among the amounts."))
    return redirect("pool", request.organization.public_id, pool.public_id)


def _part(part: dict[str, Any], plain: dict[str, Any]) -> Part:
    currency = plain["currency"]
    shares = sum((Decimal(each["share"]) for each in part["rows"]), Decimal(0))
    return Part(
        number=part["number"],
        percent=bill_words.tidy(part["percent"]) if len(plain["parts"]) > 1 and "line" not in part else "",
        line=part.get("line", {}).get("text", ""),
        key=words.key(part["used"]),
        is_secondary=part["used"] != part["key"],
        is_daily=part["is_daily"],
        amount=bill_words.amount(part["amount"], currency),
        weight=words.weight(part["weight"], part["unit"], is_daily=part["is_daily"]),
        rows=tuple(_row(each, part, currency) for each in part["rows"]),
        sum=bill_words.amount(str(shares), currency),
    )


def _row(row: dict[str, Any], part: dict[str, Any], currency: str) -> Row:
    is_daily = part["is_daily"]
    values = tuple(
        f"{words.weight(each['value'], part['unit'], is_daily=False)} × {each['days']}"
        if is_daily
        else words.weight(each["value"], part["unit"], is_daily=False)
        for each in row["spans"]
    )
    payer = row["payer"]
    return Row(
        member=row["member"],
        name=row["name"],
        payer=payer.get("account") or _("shared cost %(code)s") % {"code": payer.get("pool", "")},
        is_vacancy=row["is_vacancy"],
        is_estimated=bool(row.get("is_estimated")),
        values=values,
        weight=words.weight(row["weight"], part["unit"], is_daily=is_daily),
        percent=bill_words.tidy(row["percent"]),
        exact=words.exact(row["ideal"]),
        extra=row["extra"],
        share=bill_words.amount(row["share"], currency),
        left=bill_words.amount(row["left"], currency) if row.get("left") else "",
        over=bill_words.amount(row["over"], currency) if row.get("over") else "",
        quantity=bill_words.number(row["quantity"]) if row.get("quantity") else "",
    )


def _cost(line: dict[str, Any], currency: str) -> Cost:
    quantity = f"{bill_words.tidy(line['quantity'])} {_unit_of(line)}" if line.get("quantity") else ""
    return Cost(
        kind=str(pool_words.LINE_KINDS.get(line["kind"], line["kind"])),
        text=line["text"] + (f" ({line['reference']})" if line.get("reference") else ""),
        meter=line.get("meter_point", ""),
        quantity=quantity,
        price=bill_words.tidy(line["price"]) if line.get("price") else "",
        amount=bill_words.amount(line["amount"], currency),
    )


def _unit_of(line: dict[str, Any]) -> str:
    if line["unit"] in ("DAY", "MONTH"):
        return bill_words.unit_of(line["unit"], line["quantity"])
    return words.unit(line["unit"])


def _borne(entry: dict[str, Any], currency: str) -> tuple[str, str, str]:
    why = str(pool_words.WHYS.get(entry["why"], entry["why"]))
    return why, entry.get("member", ""), bill_words.amount(entry["amount"], currency)


def _loss(loss: dict[str, Any]) -> dict[str, Any]:
    unit = words.unit(loss["unit"])
    return {
        "main": loss["main"]["meter_point"],
        "through": f"{words.exact(loss['main']['quantity'])}\u00a0{unit}",
        "behind": f"{words.exact(str(sum(_decimal(each['quantity']) for each in loss['behind'])))}\u00a0{unit}",
        "meters": len(loss["behind"]),
        "lost": f"{words.exact(loss['loss'])}\u00a0{unit}",
        "percent": bill_words.tidy(loss["percent"]),
    }


def _decimal(text: str) -> Decimal:
    numerator, _slash, denominator = text.partition("/")
    return Decimal(numerator) / Decimal(denominator or 1)


def _rows(plain: dict[str, Any]) -> Iterator[list[tables.Cell]]:
    for part in plain["parts"]:
        for row in part["rows"]:
            payer = row["payer"].get("account") or row["payer"].get("pool", "")
            yield [
                *(part["number"], part["used"], row["member"], row["name"], payer),
                *(row["first_day"], row["until_day"], row["weight"], part["weight"], row["percent"], row["ideal"]),
                *(row["extra"], Decimal(row["share"]), plain["currency"]),
                Decimal(row["quantity"]) if row.get("quantity") else None,
            ]
    for each in plain["landlord"]:
        payer = each["payer"]["account"]
        blank: list[tables.Cell] = [None] * 5
        yield [
            *(each.get("part"), each["why"], each.get("member", ""), "", payer),
            *(plain["first_day"], plain["until_day"], *blank[:4], 0),
            *(Decimal(each["amount"]), plain["currency"]),
            Decimal(each["quantity"]) if each.get("quantity") else None,
        ]
