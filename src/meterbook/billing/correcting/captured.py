"""What a bill says it was made from, read from its own content ("meterbook-bill/1"), so that it can be made again.

Measured values are not in it: their blocks are named by digest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from meterbook.billing import content
from meterbook.kernel import quantity, rounding
from meterbook.kernel.period import Period
from meterbook.kernel.quality import Quality
from meterbook.kernel.quantity import Unit
from meterbook.tariffs.rating.tax_points import TaxPoint

Plain = Mapping[str, Any]


@dataclass(frozen=True)
class Version:
    """A tariff version as a charge names it; `from_at` and `until_at` are the time that it priced.

    `calendar` is the version of the calendar of its holidays, `tax_point` what the legal profile said of taxes; None:
    the bill says none.
    """

    code: str
    number: int
    digest: str
    from_at: datetime
    until_at: datetime
    calendar: int | None = None
    tax_point: TaxPoint | None = None


@dataclass(frozen=True)
class Point:
    """A meter point of a bill, once for each of its times."""

    public_id: str
    period: Period
    versions: tuple[Version, ...]
    plain: Plain


@dataclass(frozen=True)
class Bill:
    """The captured inputs of a bill."""

    plain: Plain
    points: tuple[Point, ...]

    def point(self, public_id: str, period: Period) -> Point | None:
        """This will return what the bill says of a meter point in a time; None where it says nothing."""
        return next(
            (each for each in self.points if each.public_id == public_id and each.period.overlaps(period)), None
        )


def read(plain: Plain) -> Bill:
    """This will read the content of a bill."""
    return Bill(plain, tuple(map(_point, plain["meter_points"])))


def heading(bill: Bill) -> content.Heading:
    """This will return the head of a bill as it was printed."""
    plain = bill.plain
    period = plain["period"]
    return content.Heading(
        organization=plain["organization"],
        site=plain["site"],
        account=plain["account"],
        customer=plain["customer"],
        currency=plain["currency"],
        period=_period(period),
        days=period["days"],
        zone=ZoneInfo(period.get("zone", plain["site"]["zone"])),
        language=plain.get("language", plain["customer"].get("language", "")),
    )


def segments(plain: Plain) -> tuple[content.Segment, ...]:
    """This will return what registers showed; quantities are worked out again from the values that were captured.

    :param plain: a meter point of a bill, or a further register of one
    """
    unit, decimals = Unit(plain["unit"]), plain["decimals"]
    return tuple(_segment(each, unit, decimals) for each in plain["segments"])


def registers(point: Point, counted: Iterable[content.Counter]) -> tuple[content.Counter, ...]:
    """This will return the further registers that a bill tells, with what they showed; earlier bills tell none.

    :param counted: the same as they are calculated from the blocks of then
    """
    told = {each["code"]: each for each in point.plain.get("registers", ())}
    return tuple(
        replace(each, segments=segments(told[each.code]), estimates=estimates(told[each.code]))
        for each in counted
        if each.code in told
    )


def history(point: Point) -> list[content.Month]:
    """This will return the twelve months that stood beside it, and the one of the year before where it was told."""
    before = [point.plain["last_year"]] if "last_year" in point.plain else []
    return [
        content.Month(date.fromisoformat(f"{each['month']}-01"), each["days"], each["quantity"], each["is_estimated"])
        for each in [*before, *point.plain["history"]]
    ]


def estimates(plain: Plain) -> tuple[content.Estimate, ...]:
    """This will return what a meter point of a bill, or a further register, says was estimated by which method.

    Measured sums that were spread over time are among it.
    """
    return tuple(
        content.Estimate(_period(each), each["method"], each["quantity"], each["intervals"], is_spread=is_spread)
        for key, is_spread in (("estimates", False), ("apportioned", True))
        for each in plain.get(key, ())
    )


def _point(plain: Plain) -> Point:
    versions = tuple(
        Version(
            each["tariff"]["code"],
            each["tariff"]["version"],
            each["tariff"]["digest"],
            _instant(each["from"]),
            _instant(each["until"]),
            each["tariff"].get("calendar", {}).get("version"),
            TaxPoint(each["tariff"]["tax_point"]) if "tax_point" in each["tariff"] else None,
        )
        for each in plain["charges"]
    )
    return Point(plain["public_id"], _period(plain), versions, plain)


def _period(plain: Plain) -> Period:
    return Period(_instant(plain["from"]), _instant(plain["until"]))


def _segment(plain: Plain, unit: Unit, decimals: int) -> content.Segment:
    previous, present = _register(plain["previous"]), _register(plain["present"])
    # Past the end of the register only the difference that was captured tells where the end is.
    difference = plain["difference"] if present.value < previous.value else present.value - previous.value
    multiplier = Fraction(plain["multiplier"])
    scale = quantity.factor(Unit(plain["unit"]), unit) * Fraction(10) ** (decimals - plain["decimals"])
    corrected_by = Fraction(plain.get("corrected_by", "1"))
    factor = multiplier * corrected_by * scale
    counted = content.quantity_of(previous.value, previous.value + difference, factor)
    # Bills from before were rounded once, as a difference.
    once = difference * factor
    is_once = plain["quantity"] == rounding.divide(once.numerator, once.denominator)
    return content.Segment(
        serial=plain["serial"],
        model=plain["model"],
        register=plain["register"],
        unit=plain["unit"],
        decimals=plain["decimals"],
        previous=previous,
        present=present,
        difference=difference,
        multiplier=multiplier,
        quantity=plain["quantity"] if is_once else counted,
        corrected_by=corrected_by,
        test=plain.get("test", ""),
    )


def _register(plain: Plain) -> content.Register:
    return content.Register(_instant(plain["at"]), plain["value"], Quality[plain["quality"]], plain["source"])


def _instant(text: str) -> datetime:
    """In UTC, as instants come from the database: digests are over how they are written."""
    return datetime.fromisoformat(text).astimezone(UTC)
