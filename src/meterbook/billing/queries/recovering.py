"""What was recovered of a supplier's invoice: line by line what tenants bear, what the landlord does, what waits."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from meterbook.billing import models
from meterbook.billing.pools import invoice_reading, invoices
from meterbook.billing.queries import supplier_invoices
from meterbook.customers import queries as customer_queries
from meterbook.foundation import scoping

Plain = Mapping[str, Any]
METER = "METER"  # the kind of a line that a meter counted


@dataclass(frozen=True)
class RecoveredLine:
    """A line of an invoice: `tenants` + `landlord` + `waiting` is what it cost.

    `waiting` is shared by a cost that is not divided yet. `sheet` is the id of the one that divided it.
    """

    kind: str
    text: str
    amount: Decimal
    pool: str
    tenants: Decimal
    landlord: Decimal
    waiting: Decimal
    sheet: str


@dataclass(frozen=True)
class Recovery:
    """An invoice beside what was recovered of it. `by_tariff` is what bills of exactly its days charge by tariffs."""

    lines: tuple[RecoveredLine, ...]
    paid: Decimal
    tenants: Decimal
    landlord: Decimal
    waiting: Decimal
    by_tariff: Decimal

    @property
    def recovered(self) -> Decimal:
        """What tenants bear, by shared costs and by tariffs."""
        return self.tenants + self.by_tariff

    @property
    def difference(self) -> Decimal:
        """What was recovered beyond what was paid; below zero: what the landlord bears."""
        return self.recovered - self.paid


def of_invoice(row: supplier_invoices.InvoiceRow, document: Plain) -> Recovery:
    """This will say who bears each line of an invoice; it sums to the line exactly."""
    made, _problems = invoice_reading.read(document)
    if made is None or row.is_withdrawn:
        return Recovery((), row.total, Decimal(0), Decimal(0), Decimal(0), Decimal(0))
    landlord = customer_queries.landlord_of(site_id=row.site_id)
    borne = _by_line(row, made, "" if landlord is None else landlord.number)
    found = []
    for place, line in enumerate(made.lines):
        cost = Decimal(line.amount).scaleb(-made.places)
        tenants, sheet = borne.get(place, (None, ""))
        is_waiting = bool(line.pool) and tenants is None
        own = tenants or Decimal(0)
        found.append(
            RecoveredLine(
                kind=line.kind.value,
                text=line.text,
                amount=cost,
                pool=line.pool,
                tenants=own,
                landlord=Decimal(0) if is_waiting else cost - own,
                waiting=cost if is_waiting else Decimal(0),
                sheet=sheet,
            )
        )
    return Recovery(
        lines=tuple(found),
        paid=row.total,
        tenants=sum((each.tenants for each in found), Decimal(0)),
        landlord=sum((each.landlord for each in found), Decimal(0)),
        waiting=sum((each.waiting for each in found), Decimal(0)),
        by_tariff=_by_tariff(row),
    )


def _by_line(
    row: supplier_invoices.InvoiceRow, made: invoices.Invoice, landlord: str
) -> dict[int, tuple[Decimal, str]]:
    """By the place of a line: what tenants bear of it, and the sheet that says so."""
    entries = models.PoolEntry.objects.filter(
        organization_id=scoping.current().organization_id, invoice_id=row.id, withdrawn_at=None
    )
    places: dict[int, list[int]] = defaultdict(list)
    for pool_id, line in entries.order_by("line").values_list("pool_id", "line"):
        places[pool_id].append(line or 0)
    sheets = models.PoolSheet.objects.filter(
        organization_id=scoping.current().organization_id,
        pool_id__in=places,
        is_replaced=False,
        days__contains=(row.charged_first, row.charged_until),
    ).exclude(digest="")
    found = {}
    for sheet in sheets.order_by("id"):
        plain, own = json.loads(bytes(sheet.content)), places[sheet.pool_id]
        borne = _of_sheet(plain, str(row.public_id), landlord, [made.lines[each] for each in own], made.places)
        for place, tenants in zip(own, borne, strict=False):
            found[place] = (tenants, str(sheet.public_id))
    return found


def _of_sheet(plain: Plain, invoice: str, landlord: str, lines: Sequence[invoices.Line], places: int) -> list[Decimal]:
    """What tenants bear of these lines by a sheet; nothing where it was made from what the invoice said before."""
    amounts, costs = _tenants(plain, landlord), plain["lines"]
    if any(each["kind"] == METER for each in costs):  # its price is limited by the lines, which do not stand in it
        shared = invoices.by_line([each.amount for each in lines], int(amounts[None].scaleb(places)))
        return [Decimal(each).scaleb(-places) for each in shared]
    numbers = [number for number, each in enumerate(costs) if each.get("invoice") == invoice]
    told = [(costs[each]["text"], Decimal(costs[each]["amount"])) for each in numbers]
    if told != [(each.text, Decimal(each.amount).scaleb(-places)) for each in lines]:
        return []
    if plain.get("division") == "EACH":
        return [amounts.get(each, Decimal(0)) for each in numbers]
    shared = invoices.by_line(
        [int(Decimal(each["amount"]).scaleb(places)) for each in costs], int(amounts[None].scaleb(places))
    )
    return [Decimal(shared[each]).scaleb(-places) for each in numbers]


def _tenants(plain: Plain, landlord: str) -> dict[int | None, Decimal]:
    """What others than the landlord bear of a sheet: by line where each was divided by itself, under None in all."""
    sums: dict[int | None, Decimal] = {None: Decimal(0)}
    for number, part in enumerate(plain["parts"]):
        rows: Sequence[Plain] = part["rows"]
        own = sum((Decimal(each["share"]) for each in rows if each["payer"].get("account") != landlord), Decimal(0))
        sums[number] = own
        sums[None] += own
    return sums


def _by_tariff(row: supplier_invoices.InvoiceRow) -> Decimal:
    """What bills of exactly these days charge by tariffs for the service to others than the landlord, before tax."""
    bills = models.Bill.objects.filter(
        organization_id=scoping.current().organization_id,
        run__site_id=row.site_id,
        run__days=(row.charged_first, row.charged_until),
        credit_note__isnull=True,
        account__is_landlord=False,
    )
    total = Decimal(0)
    for content in bills.order_by("id").values_list("draft__content", flat=True).iterator(chunk_size=500):
        points = [each for each in json.loads(bytes(content))["meter_points"] if each["service"] == row.service]
        total += sum((Decimal(charge["net"]) for each in points for charge in each["charges"]), Decimal(0))
    return total
