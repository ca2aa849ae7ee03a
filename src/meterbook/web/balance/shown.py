"""A balance sheet as its page shows it: numbers with units, words, and where each leads."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from meterbook.billing.values import BILLED_ALONE
from meterbook.kernel import rounding
from meterbook.metering.values import SERVICE_CAPTIONS, Service
from meterbook.reporting import balancing
from meterbook.reporting.balancing import Bearer, Part
from meterbook.reporting.queries import balance_checks, site_energy, site_money
from meterbook.web.balance import drawing, words
from meterbook.web.billing import words as bill_words
from meterbook.web.meters import pages
from meterbook.web.templatetags import meterbook as tags

PLACES = 3
MOST_ROWS = 200
TONES = {
    Part.TENANTS: "a",
    Part.COMMON: "b",
    Part.LOSSES: "c",
    Part.VACANCY: "d",
    Part.LANDLORD: "e",
    Part.UNMETERED: "c",
}


@dataclass(frozen=True)
class Line:
    """One row below a part; empty addresses lead nowhere."""

    name: str
    name_href: str
    account: str
    bill: str
    bill_href: str
    value: str


@dataclass(frozen=True)
class Total:
    """A part with its sum, what it says, and its rows; `more` of them are in the file only."""

    caption: str | Promise
    words: str | Promise
    value: str
    percent: str
    rows: tuple[Line, ...]
    more: int


@dataclass(frozen=True)
class Supplied:
    """What suppliers say beside what the main meters counted, and the difference by name."""

    invoices: tuple[tuple[str, str], ...]  # number, address
    value: str
    difference: str
    is_equal: bool
    is_part: bool


@dataclass(frozen=True)
class ServiceView:
    """A service: what came in, where it went, the picture."""

    caption: str | Promise
    icon: str
    unit: str
    through: str
    mains: tuple[Line, ...]
    totals: tuple[Total, ...]
    sum: str
    difference: str
    is_zero: bool
    flow: drawing.Flow | None
    supplied: Supplied | None
    unread: int
    points: int


@dataclass(frozen=True)
class CostView:
    """What was paid."""

    name: str
    detail: str
    value: str
    href: str
    is_part: bool


@dataclass(frozen=True)
class MoneyView:
    """A currency: costs and who bears them."""

    currency: str
    costs: tuple[CostView, ...]
    paid: str
    totals: tuple[Total, ...]
    sum: str
    difference: str
    is_zero: bool
    outside: tuple[str, ...]


@dataclass(frozen=True)
class CheckView:
    """Two numbers that must be one."""

    caption: str | Promise
    name: str
    left: str
    right: str
    difference: str
    unit: str
    is_zero: bool
    href: str


def decimal(value: Fraction) -> Decimal:
    """This will write an exact quantity with three decimals, rounded half up where it has more."""
    scaled = value * 10**PLACES
    return Decimal(rounding.divide(scaled.numerator, scaled.denominator)).scaleb(-PLACES)


def service_caption(service: Service) -> str:
    """This will name a service."""
    return str(SERVICE_CAPTIONS[service])


@dataclass(frozen=True)
class Reader:
    """Turns a balance sheet into what the page shows."""

    organization: uuid.UUID
    may_view_meters: bool

    def service(self, balance: site_energy.ServiceBalance, invoiced: Sequence[site_money.Invoiced]) -> ServiceView:
        """This will show the quantities of a service."""
        sheet, unit = balance.sheet, balance.unit.symbol
        whole = sheet.through if sheet.through is not None else sheet.total
        totals = tuple(self._part(part, amount, whole, sheet.rows) for part, amount in sheet.parts.items())
        shares = [
            drawing.Share(str(words.PARTS[part]), f"{_number(amount)} {unit}", TONES.get(part, "f"), amount)
            for part, amount in sheet.parts.items()
        ]
        own = next((each for each in invoiced if each.service == balance.service.value), None)
        return ServiceView(
            caption=SERVICE_CAPTIONS[balance.service],
            icon=pages.SERVICE_ICONS[balance.service],
            unit=unit,
            through="" if sheet.through is None else _number(sheet.through),
            mains=tuple(
                Line(f"{each.code} {each.name}", self._meter(str(each.public_id)), "", "", "", _number(each.quantity))
                for each in balance.mains
            ),
            totals=totals,
            sum=_number(sheet.total),
            difference=_number(sheet.difference),
            is_zero=not sheet.difference,
            flow=drawing.draw(shares),
            supplied=None if own is None else self._supplied(own, balance),
            unread=balance.unread,
            points=balance.points,
        )

    def money(self, balance: site_money.MoneyBalance) -> MoneyView:
        """This will show the money of a currency."""
        sheet, currency = balance.sheet, balance.currency
        totals = [self._bearer(bearer, amount, currency, sheet) for bearer, amount in sheet.bearers.items()]
        return MoneyView(
            currency=currency,
            costs=tuple(
                CostView(
                    each.name,
                    _detail(each.detail),
                    bill_words.amount(str(each.amount), currency),
                    self._cost(each.href),
                    each.is_part,
                )
                for each in sheet.costs
            ),
            paid=bill_words.amount(str(sheet.paid), currency),
            totals=tuple(totals),
            sum=bill_words.amount(str(sheet.total), currency),
            difference=bill_words.amount(str(sheet.difference), currency),
            is_zero=not sheet.difference,
            outside=balance.outside,
        )

    def check(self, check: balance_checks.Check) -> CheckView:
        """This will show a check."""
        href = ""
        if check.kind is balance_checks.ComparedSums.SHEET:
            href = reverse("sheet", args=[self.organization, check.href])
        elif check.href:
            href = self._meter(check.href)
        return CheckView(
            caption=words.CHECKS[check.kind],
            name=check.name,
            left=_number(check.left),
            right=_number(check.right),
            difference=_number(check.difference),
            unit=check.unit,
            is_zero=not check.difference,
            href=href,
        )

    def _part(self, part: Part, amount: Fraction, whole: Fraction, rows: Sequence[balancing.Row]) -> Total:
        own = [each for each in rows if each.part is part]
        lines = tuple(
            Line(
                name=each.name or _("The site as a whole"),
                name_href=self._meter(each.key) if each.key else "",
                account=each.account,
                bill=each.bill,
                bill_href=self._bill(each.href),
                value=_number(each.quantity),
            )
            for each in own[:MOST_ROWS]
        )
        percent = tags.number(decimal(amount * 100 / whole).quantize(Decimal("0.1")), 1) if whole else ""
        more = len(own) - len(lines)
        return Total(words.PARTS[part], words.PART_WORDS[part], _number(amount), percent, lines, more)

    def _bearer(self, bearer: Bearer, amount: Decimal, currency: str, sheet: balancing.Money) -> Total:
        own = [each for each in sheet.rows if each.bearer is bearer]
        lines = tuple(
            Line(
                name=each.name or _("Costs less everything that bills say"),
                name_href="",
                account=each.account,
                bill=each.bill,
                bill_href=self._bill(each.href),
                value=bill_words.amount(str(each.amount), currency),
            )
            for each in own[:MOST_ROWS]
        )
        told: str | Promise = ""
        if bearer is Bearer.REMAINDER:
            told = _("paid, and on no bill") if amount > 0 else _("billed beyond what was paid: what tariffs earn")
        value = bill_words.amount(str(amount), currency)
        return Total(words.BEARERS[bearer], told, value, "", lines, len(own) - len(lines))

    def _supplied(self, own: site_money.Invoiced, balance: site_energy.ServiceBalance) -> Supplied | None:
        if own.unit.dimension is not balance.unit.dimension:
            return None
        amount = own.quantity * site_energy.factor(own.unit, balance.unit)
        rest = amount - (balance.sheet.through if balance.sheet.through is not None else balance.sheet.total)
        return Supplied(
            invoices=tuple((f"{each.supplier}, {each.number}", self._invoice(each.public_id)) for each in own.invoices),
            value=_number(amount),
            difference=_number(rest),
            is_equal=not rest,
            is_part=own.is_part,
        )

    def _meter(self, key: str) -> str:
        return reverse("meter", args=[self.organization, key]) if self.may_view_meters else ""

    def _bill(self, key: str) -> str:
        return reverse("bill", args=[self.organization, key]) if key else ""

    def _invoice(self, key: uuid.UUID) -> str:
        return reverse("supplier_invoice", args=[self.organization, key])

    def _cost(self, href: str) -> str:
        kind, _colon, key = href.partition(":")
        return self._invoice(uuid.UUID(key)) if kind == "invoice" else reverse("pool", args=[self.organization, key])


def _detail(text: str) -> str:
    """The service of an invoice by its name; the words of an amount as they are."""
    if text in set(Service):
        return str(SERVICE_CAPTIONS[Service(text)])
    return str(BILLED_ALONE.get(text, text))


def _number(value: Fraction) -> str:
    found = decimal(value)
    return tags.number(found, PLACES)
