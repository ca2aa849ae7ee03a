"""Content of bills, in the form of docs/reference/bill-format.md."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from meterbook.documents.rendering import bills

Plain = dict[str, Any]
FROM, UNTIL = "2026-10-01T00:00:00-04:00", "2026-11-01T00:00:00-04:00"
MONTHS = ["2025-11", "2025-12", *(f"2026-{month:02}" for month in range(1, 11))]
DAYS = [30, 31, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31]


def text(english: str, spanish: str | None = None) -> dict[str, str]:
    """This will return a text in both languages."""
    return {"en": english, "es": spanish or english}


def reading(at: str, value: int, *, quality: str = "VALID", source: str | None = "METER") -> Plain:
    """This will return what a register showed."""
    return {"at": at, "value": value, "quality": quality, "source": source}


def segment(**changes: object) -> Plain:
    """This will return a meter behind current transformers: 82.47 x 40 = 3,298.8 kWh."""
    return {
        "serial": "EL-40117",
        "model": "ECX-320",
        "register": "1.8.0",
        "unit": "KWH",
        "decimals": 2,
        "previous": reading(FROM, 119588),
        "present": reading(UNTIL, 127835),
        "difference": 8247,
        "multiplier": "40",
        "quantity": 3298800,
        **changes,
    }


def history(quantities: list[int | None], *, estimated: tuple[int, ...] = ()) -> list[Plain]:
    """This will return months up to October 2026; `estimated` names positions."""
    first = len(MONTHS) - len(quantities)
    return [
        {
            "month": MONTHS[first + each],
            "quantity": quantity,
            "days": DAYS[first + each],
            "is_estimated": each in estimated,
        }
        for each, quantity in enumerate(quantities)
    ]


def line(code: str, words: dict[str, str], quantity: str, unit: str, price: str, amount: str, **trace: object) -> Plain:
    """This will return a rated line."""
    exact = str(Decimal(quantity) * Decimal(price)) if "/" not in quantity else amount
    component = code.split(".")[0]
    return {
        "code": code,
        "component": component,
        "text": words,
        "quantity": quantity,
        "unit": unit,
        "price": price,
        "exact": exact,
        "amount": amount,
        "trace": trace,
    }


def electricity(**changes: object) -> Plain:
    """This will return a meter point with three price periods."""
    peak, shoulder = (
        text("Energy, Peak hours", "Energía, Horas punta"),
        text("Energy, Shoulder hours", "Energía, Llano"),
    )
    valley = text("Energy, Valley hours", "Energía, Horas valle")
    lines = [
        line("daily", text("Daily charge", "Cargo diario"), "31", "DAY", "0.5500", "17.05"),
        line("energy.peak", peak, "951.200", "KWH", "0.2840", "270.14", period="peak"),
        line("energy.shoulder", shoulder, "1103.600", "KWH", "0.1975", "217.96", period="shoulder"),
        line("energy.valley", valley, "1244.000", "KWH", "0.1210", "150.52", period="valley"),
    ]
    periods = [
        ("peak", text("Peak hours", "Horas punta"), "951.200", 704),
        ("shoulder", text("Shoulder hours", "Llano"), "1103.600", 1024),
        ("valley", text("Valley hours", "Horas valle"), "1244.000", 1248),
    ]
    past = [None, 3690800, 3840800, 3378400, 3487200, 3227200, 3214800, 3168400, 3446800, 3411200, 3179600, 3298800]
    whole = point(
        code="EL-G04",
        name="G-04",
        segments=[segment()],
        quantity=3298800,
        daily_average="106.413",
        quality=counts(2976, estimated=12),
        history=history(past, estimated=(5,)),
        charges=[charge("Retail", "Comercios", 4, lines, net="655.67", quantity=3298800, periods=periods)],
    )
    return {**whole, **changes}


def water(**changes: object) -> Plain:
    """This will return a meter point with two steps."""
    lines = [
        line("steps.1", text("Water, 0 … 20 m³", "Agua, 0 … 20 m³"), "20.000", "M3", "2.1500", "43.00", tier=1),
        line("steps.2", text("Water, > 20 m³", "Agua, > 20 m³"), "11.400", "M3", "2.9400", "33.52", tier=2),
    ]
    part = segment(
        serial="WA-20931",
        model="Q3 4.0",
        register="volume",
        unit="M3",
        decimals=1,
        multiplier="1",
        quantity=31400,
        previous=reading(FROM, 4126),
        present=reading(UNTIL, 4440),
        difference=314,
    )
    past = [None, 29100, 30000, 26400, 28800, 30100, 33300, 34900, 36000, 35500, 33000, 31400]
    whole = point(
        public_id="00000000-0000-4000-8000-000000000002",
        code="WA-G04",
        name="G-04",
        service="COLD_WATER",
        unit="M3",
        segments=[part],
        quantity=31400,
        daily_average="1.013",
        quality=counts(744),
        history=history(past),
        charges=[charge("Water", "Agua", 2, lines, net="76.52", quantity=31400)],
    )
    return {**whole, **changes}


def point(**changes: object) -> Plain:
    """This will return a meter point without anything measured."""
    return {
        "public_id": "00000000-0000-4000-8000-000000000001",
        "code": "P",
        "name": "P",
        "unit_name": "G-04",
        "service": "ELECTRICITY",
        "unit": "KWH",
        "decimals": 3,
        "from": FROM,
        "until": UNTIL,
        "days": 31,
        "is_vacancy": False,
        "segments": [],
        "adjustment": 0,
        "quantity": 0,
        "quality": counts(0),
        "daily_average": "0.000",
        "history": [],
        "charges": [],
        **changes,
    }


def counts(intervals: int, *, estimated: int = 0, interpolated: int = 0, edited: int = 0) -> Plain:
    """This will return how intervals came."""
    return {
        "intervals": intervals,
        "measured": intervals - estimated - interpolated - edited,
        "estimated": estimated,
        "interpolated": interpolated,
        "edited": edited,
    }


def charge(
    name: str,
    spanish: str,
    version: int,
    lines: list[Plain],
    *,
    net: str,
    quantity: int,
    periods: Sequence[tuple[str, dict[str, str], str, int]] = (),
    **more: object,
) -> Plain:
    """This will return a tariff version over the whole period."""
    return {
        "from": FROM,
        "until": UNTIL,
        "days": 31,
        "tariff": {"code": name.upper(), "name": text(name, spanish), "version": version, "digest": "0" * 64},
        "quantity": quantity,
        "periods": [
            {"code": code, "text": words, "quantity": used, "intervals": intervals}
            for code, words, used, intervals in periods
        ],
        "lines": lines,
        "net": net,
        **more,
    }


def bill_content(**changes: object) -> Plain:
    """This will return a bakery's bill of October 2026: electricity, water, one tax."""
    return {
        "format": "meterbook-bill/1",
        "engine": "1",
        "organization": {
            "public_id": "00000000-0000-4000-8000-0000000000aa",
            "name": "Harbor Row Utilities LLC",
            "language": "en",
            "tax_number": "00-0000000",
            "address": "118 Harbor Row\nBaltimore, MD 21230",
        },
        "site": {"public_id": "s", "code": "HR", "name": "Harbor Row", "zone": "America/New_York"},
        "account": {"public_id": "a", "number": "A-1001", "is_landlord": False},
        "customer": {
            "code": "C-1",
            "name": "Calder & Sons Bakery LLC",
            "tax_number": "00-0000001",
            "address": "118 Harbor Row, Unit G-04\nBaltimore, MD 21230",
            "language": "en",
        },
        "period": {"from": FROM, "until": UNTIL, "days": 31, "minutes": 44640, "offsets": ["-04:00"]},
        "currency": "USD",
        "is_estimated": True,
        "is_vacancy": False,
        "meter_points": [electricity(), water()],
        "net": "732.19",
        "tax": "43.93",
        "total": "776.12",
        "taxes": [tax("Sales tax", "Impuesto sobre ventas", "0.06", "732.19", "43.93")],
        "inputs_digest": "0" * 64,
        **changes,
    }


def tax(name: str, spanish: str, rate: str, base: str, amount: str) -> Plain:
    """This will return a tax of a bill."""
    return {"code": name.upper(), "text": text(name, spanish), "rate": rate, "base": base, "amount": amount}


def bill_pdf(content: Plain | None = None, *, language: str = "en", number: str = "HR-2026-004127") -> bytes:
    """This will render a bill issued on 3 November 2026."""
    return bills.render_bill(
        content or bill_content(),
        number=number,
        bill_date=date(2026, 11, 3),
        due_date=date(2026, 11, 17),
        sha256=hashlib.sha256(number.encode()).hexdigest(),
        code="DMWD-DIBA-NRBP",
        language=language,
    )
