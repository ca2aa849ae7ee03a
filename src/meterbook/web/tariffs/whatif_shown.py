"""A what-if as its page and its files show it: bars, chips, words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from meterbook.billing.queries.reasons import Reason
from meterbook.billing.whatif import asked as asking
from meterbook.billing.whatif.asked import TariffEffect
from meterbook.kernel.quantity import Unit
from meterbook.web import tables
from meterbook.web.tariffs import views

BAR, HALF = 200, 100  # units of the drawing: the whole, and where nothing changes
TROUBLED = "TROUBLED"
CHIPS: dict[str, str | Promise] = {
    "": gettext_lazy("Everybody"),
    TariffEffect.LOSES: gettext_lazy("Pay more"),
    TariffEffect.WINS: gettext_lazy("Pay less"),
    TariffEffect.SAME: gettext_lazy("Pay the same"),
    TROUBLED: gettext_lazy("With days left out"),
}


@dataclass(frozen=True)
class Bar:
    """A bar from the middle of 200 units, to the right where more is to pay."""

    x: int
    width: int
    kind: str


@dataclass(frozen=True)
class AccountLine:
    """An account with its bar and what was left out."""

    row: asking.AccountResult
    bar: Bar
    troubles: tuple[tuple[asking.Trouble, tuple[Reason, ...]], ...]


@dataclass(frozen=True)
class MonthLine:
    """A month with its bar."""

    row: asking.MonthResult
    bar: Bar


@dataclass(frozen=True)
class PriceLine:
    """What a component brings: in words, with its share of all lines in percent, and in 200 units of a bar."""

    row: asking.LineResult
    words: str
    unit: str
    share: Decimal
    bar: int


@dataclass(frozen=True)
class Chip:
    """A way to narrow the list."""

    code: str
    caption: str | Promise
    count: int
    is_chosen: bool


def narrowed(result: asking.Result, show: str) -> list[asking.AccountResult]:
    """This will return the accounts of a chip; those who win are turned, so that the most stands first."""
    if show == TROUBLED:
        return list(result.troubled)
    if show not in set(TariffEffect):
        return list(result.accounts)
    found = [each for each in result.accounts if each.verdict is TariffEffect(show)]
    return found[::-1] if show == TariffEffect.WINS else found


def chips(totals: asking.Totals, show: str) -> list[Chip]:
    """This will return the chips with their counts; those of nobody are left out."""
    counts = _counts(totals)
    return [
        Chip(code, caption, counts.get(code, 0), code == show)
        for code, caption in CHIPS.items()
        if counts.get(code, 0) or code in ("", show)
    ]


def count_of(totals: asking.Totals, show: str) -> int:
    """This will return how many accounts a chip has; of a word that is none, all of them."""
    counts = _counts(totals)
    return counts.get(show if show in CHIPS else "", 0)


def _counts(totals: asking.Totals) -> dict[str, int]:
    counts: dict[str, int] = {str(key): count for key, count in totals.counts.items()}
    return counts | {"": totals.accounts, TROUBLED: totals.troubled}


def accounts(rows: Iterable[asking.AccountResult], most: Decimal) -> list[AccountLine]:
    """This will draw accounts, all on the scale of the largest change."""
    return [
        AccountLine(
            each,
            bar(each.change.amount, most),
            tuple((trouble, Reason.read(list(trouble.reasons))) for trouble in each.troubles),
        )
        for each in rows
    ]


def months(result: asking.Totals) -> list[MonthLine]:
    """This will draw the months."""
    most = max((abs(each.change.amount) for each in result.months), default=Decimal(0))
    return [MonthLine(each, bar(each.change.amount, most)) for each in result.months]


def prices(result: asking.Totals) -> list[PriceLine]:
    """This will say what each component, tier and price period brings."""
    whole = sum((abs(each.amount.amount) for each in result.lines), Decimal(0))
    several = len({each.tariff for each in result.lines}) > 1
    found = []
    for each in result.lines:
        words = views.said(each.text, views.language())
        if each.tier is not None:
            words = _("%(name)s, tier %(number)s") % {"name": words, "number": each.tier}
        if several:
            words = f"{each.tariff}: {words}"
        share = abs(each.amount.amount) / whole if whole else Decimal(0)
        found.append(PriceLine(each, words, unit(each.unit), (share * 100).quantize(Decimal("0.1")), int(share * BAR)))
    return found


def bar(change: Decimal, most: Decimal) -> Bar:
    """This will draw a change: a third of the largest is a third of the half; what is not nothing is seen."""
    width = int((abs(change) * HALF / most).to_integral_value()) if most else 0
    width = max(width, 1) if change else 0
    return Bar(HALF if change > 0 else HALF - width, width, "wi-loses" if change > 0 else "wi-wins")


def unit(code: str) -> str:
    """This will write the unit of a line; those of fixed charges have none here."""
    return Unit(code).symbol if code in set(Unit) else ""


CAPTIONS = (
    gettext_lazy("Account"),
    gettext_lazy("Customer"),
    gettext_lazy("Site"),
    gettext_lazy("Bills"),
    gettext_lazy("Months without a bill"),
    gettext_lazy("Before"),
    gettext_lazy("After"),
    gettext_lazy("Change"),
    gettext_lazy("Change in percent"),
    gettext_lazy("Currency"),
    gettext_lazy("Left out"),
)


def cells(rows: Iterable[asking.AccountResult], day: Callable[[date], str]) -> Iterator[Sequence[tables.Cell]]:
    """This will write accounts as rows of a file."""
    for each in rows:
        yield (
            each.number,
            each.customer_name,
            each.site_name,
            each.bills,
            each.months,
            each.before.amount,
            each.after.amount,
            each.change.amount,
            each.percent,
            each.before.currency,
            "; ".join(left_out(trouble, day) for trouble in each.troubles),
        )


def left_out(trouble: asking.Trouble, day: Callable[[date], str]) -> str:
    """This will say in a line which days are left out and why."""
    why = ", ".join(f"{each.meter_point} {each.caption}".strip() for each in Reason.read(list(trouble.reasons)))
    return f"{day(trouble.first_day)} – {day(date.fromordinal(trouble.until_day.toordinal() - 1))}: {why}"
