"""A charged line of a bill: its row, its formula, and a sentence on how it came about. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from meterbook.kernel.quantity import Unit
from meterbook.tariffs.rating.lines import DAY, MONTH, ONCE, YEAR
from meterbook.web.billing import charge_words, words
from meterbook.web.templatetags import meterbook as tags

Plain = Mapping[str, Any]


@dataclass(frozen=True)
class Term:
    """One figure of a formula; `operator` stands before it."""

    operator: str
    value: str
    unit: str
    caption: str
    is_result: bool = False


@dataclass(frozen=True)
class Line:
    """A charged line, and what its inside shows at once; `place` finds it again: point, charge, line."""

    place: tuple[int, int, int]
    anchor: str
    icon: str
    tone: str
    name: str
    words: str
    quantity: str
    unit: str
    price: str
    price_unit: str
    amount: str
    terms: tuple[Term, ...]
    sentence: str
    tariff: str
    tariff_code: str
    tariff_version: int
    is_metered: bool
    registers: tuple[str, ...] = ("",)

    @property
    def is_by_main(self) -> bool:
        """Whether it goes by the register that its meter point is billed by; others go by tariff registers, volume."""
        return "" in self.registers


def read(
    place: tuple[int, int, int],
    line: Plain,
    charge: Plain,
    icon: str,
    tone: str,
    currency: str,
    registers: tuple[str, ...] = ("",),
) -> Line:
    """This will turn a line of a bill's content into what its row and its formula show.

    :param registers: the codes of those that it was priced from, the meter point's own one empty
    """
    quantity, price = words.tidy(line["quantity"]), words.number(line["price"])
    unit, per = words.unit_of(line["unit"], line["quantity"]), words.price_unit(line["unit"], currency)
    due = words.amount(line["amount"], currency)
    tariff = charge["tariff"]
    return Line(
        place=place,
        anchor="line-" + "-".join(map(str, place)),
        icon=icon if is_metered(line) else "calendar",
        tone=tone,
        name=words.said(line["text"]),
        words=_words(line, charge),
        quantity=quantity,
        unit=unit,
        price=price,
        price_unit=per,
        amount=due,
        terms=_terms(line, charge, quantity, unit, price, per, due, currency),
        sentence=_sentence(line, charge),
        tariff=words.said(tariff["name"]),
        tariff_code=tariff["code"],
        tariff_version=tariff["version"],
        is_metered=is_metered(line),
        registers=registers,
    )


def is_metered(line: Plain) -> bool:
    """This will tell whether a line charges what was measured, and not days, pieces or a share of other lines."""
    return line["unit"] not in (DAY, MONTH, YEAR, ONCE, Unit.PERCENT)


def _terms(
    line: Plain, charge: Plain, quantity: str, unit: str, price: str, per: str, due: str, currency: str
) -> tuple[Term, ...]:
    tariff = charge["tariff"]
    source = _("%(tariff)s, version %(version)s") % {"tariff": words.said(tariff["name"]), "version": tariff["version"]}
    exact = words.tidy(line["exact"])
    terms = [Term("", quantity, unit, _quantity_words(line, charge)), Term("×", price, per, source)]
    if Decimal(line["exact"]) != Decimal(line["amount"]):
        terms.append(Term("=", exact, currency, _("exact")))
        terms.append(Term("→", due, currency, _("rounded once"), is_result=True))
    else:
        terms.append(Term("=", due, currency, _("nothing to round"), is_result=True))
    return tuple(terms)


def _period_of(line: Plain, charge: Plain) -> Plain | None:
    code = line["trace"].get("period")
    return next((each for each in charge["periods"] if each["code"] == code), None)


def _quantity_words(line: Plain, charge: Plain) -> str:
    if (special := charge_words.short(line)) is not None:
        return special
    period = _period_of(line, charge)
    if period is not None:
        return _("used in “%(period)s”") % {"period": words.said(period["text"])}
    if line["unit"] == DAY:
        return _("calendar days")
    if line["unit"] == MONTH:
        if "of" not in line["trace"]:
            return _("whole months")
        return _("%(days)s of %(of)s days") % {"days": line["trace"]["days"], "of": line["trace"]["of"]}
    return _("in this step") if "tier" in line["trace"] else _("used in the period")


def _words(line: Plain, charge: Plain) -> str:
    trace = line["trace"]
    if (special := charge_words.short(line)) is not None:
        return special
    if line["unit"] == DAY:
        return _("every calendar day")
    if line["unit"] == MONTH:
        return _("part of a month") if "of" in trace else _("every calendar month")
    if "tier" in trace:
        return _("step %(tier)s") % {"tier": trace["tier"]}
    if trace.get("intervals") and trace.get("apportioned_intervals") == trace["intervals"]:
        return _("apportioned between readings")
    count = tags.number(trace.get("intervals", 0))
    return _("%(count)s intervals") % {"count": count}


def _sentence(line: Plain, charge: Plain) -> str:
    trace = line["trace"]
    if (special := charge_words.sentence(line)) is not None:
        return special
    if line["unit"] == DAY:
        return _("A fixed charge for each calendar day, %(span)s, whatever the hours of a day.") % {
            "span": words.span(charge)
        }
    if line["unit"] == MONTH:
        if "of" in trace:
            return _("A monthly charge; of %(month)s only %(days)s of %(of)s days count.") % {
                "month": trace["months"][0],
                "days": trace["days"],
                "of": trace["of"],
            }
        return _("A fixed charge for each whole calendar month: %(months)s.") % {"months": ", ".join(trace["months"])}
    if "tier" in trace:
        return _tier_sentence(line)
    if _period_of(line, charge) is not None:
        found = _("Each unit used in these hours costs the same; an interval belongs to the hours that it starts in.")
        if trace.get("apportioned_intervals"):
            found += " " + _("Intervals over a change of hours were divided by minutes.")
        return found
    return _("Each unit costs the same at any time.")


def _tier_sentence(line: Plain) -> str:
    trace, unit = line["trace"], Unit(line["unit"]).symbol
    low = f"{words.tidy(trace['from'])}\u00a0{unit}"
    if trace["up_to"] is None:
        found = _("Units above %(from)s cost this price.") % {"from": low}
    else:
        high = f"{words.tidy(trace['up_to'])}\u00a0{unit}"
        found = _("Units from %(from)s up to %(up_to)s cost this price.") % {"from": low, "up_to": high}
    if trace.get("threshold") and trace.get("proration") not in (None, "1"):
        found += " " + _("The tariff's limit %(threshold)s was multiplied by %(proration)s for %(days)s days.") % {
            "threshold": f"{words.tidy(trace['threshold'])}\u00a0{unit}",
            "proration": trace["proration"].replace("/", words.FRACTION),
            "days": trace["days"],
        }
    return found
