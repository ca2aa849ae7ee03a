"""Read a supplier's invoice. Reading never fails: what is wrong is returned with its place, for a form to say.

A total that is not the sum of its lines, or a price that does not make its line, is a fault and never put right.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from meterbook.billing.pools.definition import LineKind
from meterbook.billing.pools.invoices import (
    FORMAT,
    LONGEST,
    MOST_DAYS,
    MOST_LINES,
    SERVICES,
    USUAL_CODE,
    Invoice,
    InvoiceFault,
    InvoiceProblem,
    Line,
    money,
)
from meterbook.kernel import currency as currencies
from meterbook.kernel import rounding, signs
from meterbook.kernel.quantity import Unit

_DECIMAL = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,8})?", re.ASCII)
_CODE = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}", re.ASCII)
KNOWN = frozenset(
    [
        *("format", "supplier", "number", "code", "service", "first_day", "until_day", "charged_days"),
        *("currency", "quantity", "unit", "lines", "total"),
    ]
)
KNOWN_OF_LINE = frozenset(["kind", "text", "quantity", "unit", "price", "amount", "pool"])


def read(document: Mapping[str, Any]) -> tuple[Invoice | None, list[InvoiceProblem]]:
    """This will read a document; no invoice where there are problems."""
    reader = _Reader()
    found = reader.invoice(document)
    return (None if reader.problems else found), reader.problems


class _Reader:
    """Collects problems while it reads; what cannot be read gets a harmless stand-in."""

    def __init__(self) -> None:
        self.problems: list[InvoiceProblem] = []

    def invoice(self, given: Mapping[str, Any]) -> Invoice:
        if given.get("format", FORMAT) != FORMAT:
            self._wrong("format", InvoiceFault.FORMAT)
        self._known(given, KNOWN, "")
        first, until = self._days(given, "")
        charged = given.get("charged_days")
        charged_first, charged_until = (first, until)
        if charged:
            charged_first, charged_until = self._days(charged if isinstance(charged, Mapping) else {}, "charged_days/")
        currency = str(given.get("currency") or "")
        if currency not in currencies.MINOR_UNITS:
            self._wrong("currency", InvoiceFault.UNKNOWN)
        places = currencies.MINOR_UNITS.get(currency, 2)
        lines = self._lines(given.get("lines"), places)
        made = Invoice(
            supplier=self._text(given, "supplier", "supplier"),
            number=self._text(given, "number", "number"),
            code=self._code(given),
            service=self._service(given),
            first_day=first,
            until_day=until,
            charged_first=charged_first,
            charged_until=charged_until,
            currency=currency,
            places=places,
            quantity=self._decimal(given, "quantity", "quantity", least=Decimal(0), places=6),
            unit=self._unit(given, "unit", is_needed=bool(given.get("quantity"))),
            lines=lines,
        )
        total = self._minor(given, "total", "total", places, is_needed=True)
        if not self.problems and total != made.total:
            written = money(made.total, places)
            self._wrong("total", InvoiceFault.TOTAL, sum=written, total=money(total, places))
        return made

    def _wrong(self, path: str, fault: InvoiceFault, **data: object) -> None:
        self.problems.append(InvoiceProblem(path, fault, tuple((key, str(value)) for key, value in data.items())))

    def _known(self, given: Mapping[str, Any], known: frozenset[str], path: str) -> None:
        for key in sorted(str(each) for each in given.keys() - known)[:1]:
            self._wrong(path + (key[:40] if key.isprintable() else "?"), InvoiceFault.UNKNOWN)

    def _lines(self, given: object, places: int) -> tuple[Line, ...]:
        if not isinstance(given, list | tuple) or not given:
            self._wrong("lines", InvoiceFault.REQUIRED)
            return ()
        if len(given) > MOST_LINES:
            self._wrong("lines", InvoiceFault.TOO_MANY, most=MOST_LINES)
        return tuple(
            self._line(each if isinstance(each, Mapping) else {}, f"lines/{place}/", places)
            for place, each in enumerate(given[:MOST_LINES])
        )

    def _line(self, given: Mapping[str, Any], path: str, places: int) -> Line:
        self._known(given, KNOWN_OF_LINE, path)
        kind = given.get("kind")
        if not isinstance(kind, str) or kind not in {each.value for each in LineKind}:
            self._wrong(f"{path}kind", InvoiceFault.UNKNOWN if kind else InvoiceFault.REQUIRED)
            kind = LineKind.OTHER.value
        made = Line(
            kind=LineKind(kind),
            text=self._text(given, "text", f"{path}text"),
            amount=self._minor(given, "amount", f"{path}amount", places, is_needed=True),
            quantity=self._decimal(given, "quantity", f"{path}quantity", places=6),
            unit=self._unit(given, f"{path}unit", is_needed=False),
            price=self._decimal(given, "price", f"{path}price", places=8),
            pool=self._text(given, "pool", f"{path}pool", is_needed=False),
        )
        if made.quantity is not None and made.price is not None:
            exact = Fraction(made.quantity) * Fraction(made.price) * 10**places
            # Suppliers round up, down and to the nearest: a smallest unit either way is theirs to decide.
            if abs(exact - made.amount) > 1:
                worked_out = rounding.round_fraction(exact / 10**places, places)
                self._wrong(f"{path}amount", InvoiceFault.PRICE, amount=worked_out)
        return made

    def _text(self, given: Mapping[str, Any], key: str, path: str, *, is_needed: bool = True) -> str:
        text = given.get(key)
        if text is None or text == "" or (isinstance(text, str) and not text.strip()):
            if is_needed:
                self._wrong(path, InvoiceFault.REQUIRED)
            return ""
        if not isinstance(text, str) or len(text) > LONGEST[key] or signs.find(text) is not None:
            self._wrong(path, InvoiceFault.TEXT, most=LONGEST[key])
            return ""
        return signs.composed(text.strip())

    def _code(self, given: Mapping[str, Any]) -> str:
        code = given.get("code") or USUAL_CODE
        if not isinstance(code, str) or not _CODE.fullmatch(code):
            self._wrong("code", InvoiceFault.CODE)
            return USUAL_CODE
        return code

    def _service(self, given: Mapping[str, Any]) -> str:
        service = given.get("service")
        if not isinstance(service, str) or service not in SERVICES:
            self._wrong("service", InvoiceFault.UNKNOWN if service else InvoiceFault.REQUIRED)
            return SERVICES[0]
        return service

    def _unit(self, given: Mapping[str, Any], path: str, *, is_needed: bool) -> str:
        unit = given.get("unit")
        if not unit:
            if is_needed:
                self._wrong(path, InvoiceFault.REQUIRED)
            return ""
        found = next((each for each in Unit if unit in (each.value, each.symbol)), None)
        if found is None:
            self._wrong(path, InvoiceFault.UNKNOWN)
            return ""
        return found.value

    def _decimal(
        self, given: Mapping[str, Any], key: str, path: str, *, places: int, least: Decimal | None = None
    ) -> Decimal | None:
        text = given.get(key)
        if text is None or text == "":
            return None
        if not isinstance(text, str) or not _DECIMAL.fullmatch(text):
            self._wrong(path, InvoiceFault.NUMBER)
            return None
        number = Decimal(text)
        if number != number.quantize(Decimal(1).scaleb(-places)):
            self._wrong(path, InvoiceFault.PLACES, places=places)
        if least is not None and number < least:
            self._wrong(path, InvoiceFault.NEGATIVE)
        return number

    def _minor(self, given: Mapping[str, Any], key: str, path: str, places: int, *, is_needed: bool) -> int:
        number = self._decimal(given, key, path, places=places)
        if number is None:
            if is_needed and given.get(key) in (None, ""):
                self._wrong(path, InvoiceFault.REQUIRED)
            return 0
        return int(number.scaleb(places))

    def _days(self, given: Mapping[str, Any], path: str) -> tuple[date, date]:
        found = []
        for key in ("first_day", "until_day"):
            try:
                found.append(date.fromisoformat(str(given.get(key) or "")))
            except ValueError:
                fault = InvoiceFault.DAYS if given.get(key) else InvoiceFault.REQUIRED
                self._wrong(path + key, fault)
                found.append(date(2000, 1, 1))
        first, until = found
        if not self.problems and not 0 < (until - first).days <= MOST_DAYS:
            self._wrong(f"{path}until_day", InvoiceFault.DAYS)
        return first, until
