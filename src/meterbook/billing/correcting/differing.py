"""How two contents of one bill differ: line by line with the cause, and the sum. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from meterbook.billing import content
from meterbook.billing.correction_values import LineCause

Plain = Mapping[str, Any]
_ZERO = Decimal(0)
TIMES = ("DAY", "MONTH", "YEAR")  # units of amounts that go by time
REGISTERS = "registers"  # of a meter point: those beside the one that it is billed by


@dataclass(frozen=True)
class Line:
    """A line, or all lines of one code and unit of a meter point, before and now; amounts are of the bill's currency.

    `before` and `now` None: there is no such line. Quantities and prices are text as in the bill, or empty where lines
    with several were put together.
    """

    meter_point: str
    code: str
    text: Mapping[str, str]
    unit: str
    quantity_before: str
    quantity_now: str
    price_before: str
    price_now: str
    before: str | None
    now: str | None
    causes: tuple[LineCause, ...]

    @property
    def difference(self) -> Decimal:
        """What is more now."""
        return Decimal(self.now or 0) - Decimal(self.before or 0)


@dataclass(frozen=True)
class Difference:
    """All of it. `printed` are the parts of the head that say something else: customer, account, site."""

    net: str
    tax: str
    total: str
    lines: tuple[Line, ...] = ()
    causes: tuple[LineCause, ...] = ()
    printed: tuple[str, ...] = ()
    is_identical: bool = False

    def plain(self) -> dict[str, Any]:
        """This will return it as JSON."""
        return asdict(self)


IDENTICAL = Difference(net="0", tax="0", total="0", is_identical=True)


@dataclass
class _Sum:
    """Lines of one code."""

    text: Mapping[str, str] = field(default_factory=dict)
    quantities: list[str] = field(default_factory=list)
    prices: list[str] = field(default_factory=list)
    amount: Decimal | None = None

    def add(self, line: Plain) -> None:
        """Take a line in."""
        self.text = line["text"]
        self.quantities.append(line["quantity"])
        if line["price"] not in self.prices:
            self.prices.append(line["price"])
        self.amount = (self.amount or _ZERO) + Decimal(line["amount"])

    @property
    def shown(self) -> str:
        """The quantity of one line, or the sum of several where they are numbers."""
        if len(self.quantities) < 2:
            return "".join(self.quantities)
        try:
            return str(sum(map(Decimal, self.quantities), _ZERO))
        except InvalidOperation:  # a part of a month such as 14/31
            return ""

    @property
    def price(self) -> str:
        """The price, where there is one."""
        return self.prices[0] if len(self.prices) == 1 else ""


def compare(before: Plain, now: Plain | None) -> Difference:
    """This will compare the content of a bill with what came out now; None: nothing is to be billed any more.

    200 kWh at 0.30 instead of 250: the line differs by -15.00 because of READING, the total by that and its tax.
    """
    made = _nothing(before) if now is None else now
    now = _told_alike(before, made)
    points_before, points_now = _by_point(before), _by_point(now)
    lines: list[Line] = []
    for key in dict.fromkeys([*points_before, *points_now]):
        lines += _lines(points_before.get(key, []), points_now.get(key, []), before["engine"] != now["engine"])
    lines += _shared(before, now)
    return Difference(
        net=str(Decimal(now["net"]) - Decimal(before["net"])),
        tax=str(Decimal(now["tax"]) - Decimal(before["tax"])),
        total=str(Decimal(now["total"]) - Decimal(before["total"])),
        lines=tuple(lines),
        causes=tuple(each for each in LineCause if any(each in line.causes for line in lines)),
        printed=tuple(key for key in ("organization", "site", "account", "customer") if before[key] != now.get(key)),
        is_identical=is_identical(before, made),
    )


def is_identical(before: Plain, now: Plain) -> bool:
    """This will tell whether two contents have the same bytes, but for the number of the way of calculating."""
    alike = _told_alike(before, now)
    if before["engine"] == now["engine"] and alike is now:
        return content.canonical(before) == content.canonical(now)
    # The digest of the inputs holds the number, and further registers; sums by service came with the third.
    names: tuple[str, ...] = ("inputs_digest",)
    if before["engine"] != now["engine"]:
        names = ("engine", "inputs_digest", "services")
    now = alike
    return content.canonical(_without(before, names)) == content.canonical(_without(now, names))


def _told_alike(before: Plain, now: Plain) -> Plain:
    """What came out now without further registers, where the bill is from before they were told."""
    if REGISTERS not in {key for each in now["meter_points"] for key in each}:
        return now
    if REGISTERS in {key for each in before["meter_points"] for key in each}:
        return now
    return {**now, "meter_points": [_without(each, (REGISTERS,)) for each in now["meter_points"]]}


def same_inputs(before: Plain, now: Plain) -> bool:
    """This will tell whether both were made from the same blocks."""
    return _references(before) == _references(_told_alike(before, now))


def _without(plain: Plain, names: Iterable[str]) -> dict[str, Any]:
    return {key: value for key, value in plain.items() if key not in names}


def _nothing(before: Plain) -> dict[str, Any]:
    zero = str(_ZERO)
    return {
        **_without(before, ("shared_costs", "settlements")),
        "meter_points": [],
        "net": zero,
        "tax": zero,
        "taxes": [],
        "total": zero,
    }


def _references(plain: Plain) -> list[tuple[Any, ...]]:
    return [
        (point["public_id"], point["from"], each["reference"]["digest"])
        for point in plain["meter_points"]
        for each in (point, *point.get(REGISTERS, ()))
    ]


def _by_point(plain: Plain) -> dict[str, list[Plain]]:
    found: dict[str, list[Plain]] = defaultdict(list)
    for each in plain["meter_points"]:
        found[each["public_id"]].append(each)
    return found


def _lines(before: Sequence[Plain], now: Sequence[Plain], is_other_engine: bool) -> list[Line]:
    sums_before, sums_now = _sums(before), _sums(now)
    name = (before or now)[0]["name"]
    causes = _causes(before, now)
    found = []
    for key in dict.fromkeys([*sums_before, *sums_now]):
        old, new = sums_before.get(key, _Sum()), sums_now.get(key, _Sum())
        if old.amount == new.amount:
            continue
        found.append(
            Line(
                meter_point=name,
                code=key[0],
                text=new.text or old.text,
                unit=key[1],
                quantity_before=old.shown,
                quantity_now=new.shown,
                price_before=old.price,
                price_now=new.price,
                before=None if old.amount is None else str(old.amount),
                now=None if new.amount is None else str(new.amount),
                causes=_of_line(old, new, _moving(key[1], causes), is_other_engine),
            )
        )
    return found


def _shared(before: Plain, now: Plain) -> list[Line]:
    """What shared costs differ, by pool."""
    sums: list[dict[str, tuple[str, Decimal]]] = []
    for plain in (before, now):
        own: dict[str, tuple[str, Decimal]] = {}
        for each in plain.get("shared_costs", ()):
            pool = each["pool"]
            own[pool["code"]] = (pool["name"], own.get(pool["code"], ("", _ZERO))[1] + Decimal(each["amount"]))
        sums.append(own)
    old, new = sums
    return [
        Line(
            meter_point="",
            code=code,
            text={"en": (new.get(code) or old[code])[0]},
            unit="",
            quantity_before="",
            quantity_now="",
            price_before="",
            price_now="",
            before=str(old[code][1]) if code in old else None,
            now=str(new[code][1]) if code in new else None,
            causes=(LineCause.ALLOCATION,),
        )
        for code in dict.fromkeys([*old, *new])
        if old.get(code, ("", None))[1] != new.get(code, ("", None))[1]
    ]


def _sums(points: Sequence[Plain]) -> dict[tuple[str, str], _Sum]:
    """By code and unit: an amount a day and one a month are two lines, whatever another tariff calls them."""
    found: dict[tuple[str, str], _Sum] = defaultdict(_Sum)
    for point in points:
        for charge in point["charges"]:
            for line in charge["lines"]:
                found[line["code"], line["unit"]].add(line)
    return found


def _causes(before: Sequence[Plain], now: Sequence[Plain]) -> list[LineCause]:
    """What of a meter point's inputs differs."""
    found = []
    is_scaled = _multipliers(before) != _multipliers(now)
    if _days(before) != _days(now):
        found.append(LineCause.OCCUPANCY)
    if is_scaled:
        found.append(LineCause.MULTIPLIER)
    is_priced = _tariffs(before) != _tariffs(now)
    is_read = _registers(before) != _registers(now)
    if not is_scaled:
        # Blocks are whole days in UTC: at their ends they hold hours of the bills beside this one, too.
        is_read = is_read or _measured(before) != _measured(now) or (not is_priced and _blocks(before) != _blocks(now))
    if is_read and (before and now) and LineCause.OCCUPANCY not in found:
        found.append(LineCause.READING)
    if is_priced:
        found.append(LineCause.TARIFF)
    if _calendars(before) != _calendars(now):
        found.append(LineCause.CALENDAR)
    return found


def _moving(unit: str, causes: Sequence[LineCause]) -> Sequence[LineCause]:
    """Those that can move a line of this unit: no reading moves an amount by the day, where something else does."""
    if unit not in TIMES:
        return causes
    return [each for each in causes if each not in (LineCause.READING, LineCause.MULTIPLIER)] or causes


def _of_line(old: _Sum, new: _Sum, causes: Sequence[LineCause], is_other_engine: bool) -> tuple[LineCause, ...]:
    """Those of its meter point's causes that can have moved this line."""
    is_counted = old.quantities != new.quantities
    is_priced = old.prices != new.prices
    moved = [
        each
        for each in causes
        if (each is LineCause.TARIFF and is_priced) or (each is not LineCause.TARIFF and is_counted)
    ] or list(causes)
    if is_other_engine and not moved:
        return (LineCause.ENGINE,)
    return tuple(moved) or (LineCause.ENGINE,)


def _days(points: Sequence[Plain]) -> list[Any]:
    return [(each["from"], each["until"], each["is_vacancy"]) for each in points]


def _multipliers(points: Sequence[Plain]) -> list[Any]:
    parts = _segments(points)
    found = [(part["serial"], part["multiplier"], part.get("corrected_by")) for part in parts]
    return list(dict.fromkeys(found))


def _registers(points: Sequence[Plain]) -> list[Any]:
    parts = _segments(points)
    found = [(each["serial"], each["previous"]["value"], each["present"]["value"]) for each in parts]
    return [*found, *_maxima(points)]


def _maxima(points: Sequence[Plain]) -> list[Any]:
    """What registers of maximum demand showed."""
    taken = [charge.get("inputs") or {} for point in points for charge in point["charges"]]
    return [(each["meter"], each["at"], each["shown"]) for inputs in taken for each in inputs.get("registered", ())]


def _measured(points: Sequence[Plain]) -> list[Any]:
    return [(each["quantity"], each.get("quality")) for each in _counted(points)]


def _blocks(points: Sequence[Plain]) -> list[Any]:
    return [each["reference"]["digest"] for each in _counted(points)]


def _counted(points: Sequence[Plain]) -> list[Plain]:
    """Meter points with their further registers."""
    return [each for point in points for each in (point, *point.get(REGISTERS, ()))]


def _segments(points: Sequence[Plain]) -> list[Plain]:
    return [part for each in _counted(points) for part in each["segments"]]


def _tariffs(points: Sequence[Plain]) -> list[Any]:
    found = [charge["tariff"]["digest"] for each in points for charge in each["charges"]]
    return list(dict.fromkeys(found))


def _calendars(points: Sequence[Plain]) -> list[Any]:
    """Versions of calendars; bills of before they were named say none, and differ by none."""
    found = [charge["tariff"].get("calendar") for each in points for charge in each["charges"]]
    return [each for index, each in enumerate(found) if each is not None and each not in found[:index]]
