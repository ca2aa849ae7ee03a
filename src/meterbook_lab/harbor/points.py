"""Where the mall is measured: main meters, common areas, and one to three meters a unit, with what is used there."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from meterbook.acquisition.library import documents
from meterbook.kernel import quantity
from meterbook.kernel.quantity import Unit as Measure
from meterbook.metering.values import PointRole, Service
from meterbook_lab.harbor import loads, units
from meterbook_lab.harbor.calendar import Calendar
from meterbook_lab.harbor.loads import Leak, Load, Span, Total, Weekly
from meterbook_lab.harbor.units import KINDS, Unit

COUNTERS = {Service.ELECTRICITY: "energy_import", Service.COLD_WATER: "volume", Service.GAS: "volume"}
MAIN_MODEL, COOLING_MODEL, WATER_MODEL, GAS_MODEL = (
    "siemens_pac2200",
    "carlo_gavazzi_em24",
    "demo_water_pulse",
    "demo_gas_pulse",
)
SHOP_MODELS = ("eastron_sdm630", "abb_b23", "schneider_iem3155", "janitza_b23")
LARGE = 5_000  # watts in the mean; above, a counter that is a 32-bit float would become coarse within years
# Thousandths of the mean, January to December.
SEASONS = {
    "level": (1_000,) * 12,
    "shop": (1_040, 950, 930, 920, 940, 1_010, 1_080, 1_040, 950, 940, 1_020, 1_180),
    "warm": (860, 860, 890, 930, 1_010, 1_120, 1_220, 1_230, 1_100, 980, 900, 900),
    "summer": (240, 260, 380, 620, 1_050, 1_650, 2_090, 2_120, 1_580, 980, 560, 470),
    "winter": (2_050, 1_900, 1_450, 960, 560, 330, 260, 250, 360, 780, 1_420, 1_680),
    "dark": (1_180, 1_120, 1_020, 960, 900, 860, 870, 920, 990, 1_060, 1_130, 1_190),
}
COOLING_SHARE = 260  # thousandths of a shop's own mean
LEAK_AT, LEAKING, LEAK_LITERS, LEAK_UNIT = (-1, 12, 3), 14, 2_900, "1.11"
RATED_LITERS = 2_400  # an hour, of the unit that has the leak
SWITCH_ROOM, PLANT, PARKING = "A0-SW", "A0-PL", "A0-PK"

# Code, name, service, model, zone or floor, rhythm, mean in watts or liters an hour, season.
COMMON = (
    ("MP-001", "Corridors and atrium", Service.ELECTRICITY, "carlo_gavazzi_em24", "A1", "crowd", 14_000, "level"),
    ("MP-002", "Chiller 1", Service.ELECTRICITY, "siemens_pac2200", PLANT, "shop", 46_000, "summer"),
    ("MP-003", "Chiller 2", Service.ELECTRICITY, "siemens_pac2200", PLANT, "shop", 31_000, "summer"),
    ("MP-004", "Air handling", Service.ELECTRICITY, "schneider_iem3155", PLANT, "shop", 27_000, "warm"),
    ("MP-005", "Lighting, level 1", Service.ELECTRICITY, "carlo_gavazzi_em24", "A1", "crowd", 8_500, "dark"),
    ("MP-006", "Lighting, level 2", Service.ELECTRICITY, "carlo_gavazzi_em24", "A2", "crowd", 7_800, "dark"),
    ("MP-007", "Lighting, level 3", Service.ELECTRICITY, "carlo_gavazzi_em24", "A3", "crowd", 6_900, "dark"),
    ("MP-008", "Escalators", Service.ELECTRICITY, "abb_b23", "A1", "shop", 9_200, "level"),
    ("MP-009", "Elevators", Service.ELECTRICITY, "abb_b23", "A1", "shop", 4_100, "level"),
    ("MP-010", "Parking, lighting", Service.ELECTRICITY, "abb_b23", PARKING, "night", 5_600, "dark"),
    ("MP-011", "Parking, ventilation", Service.ELECTRICITY, "schneider_iem3155", PARKING, "shop", 7_400, "level"),
    ("MP-012", "Charging stations", Service.ELECTRICITY, "schneider_iem3155", PARKING, "leisure", 11_500, "level"),
    (
        "MP-013",
        "Switchboards and losses",
        Service.ELECTRICITY,
        "siemens_pac2200",
        SWITCH_ROOM,
        "always",
        4_300,
        "level",
    ),
    ("MP-021", "Restrooms and cleaning", Service.COLD_WATER, "demo_water_pulse", PLANT, "crowd", 310, "level"),
    ("MP-022", "Cooling towers", Service.COLD_WATER, "demo_water_pulse", PLANT, "shop", 420, "summer"),
    ("MP-031", "Heating boiler", Service.GAS, "demo_gas_pulse", PLANT, "office", 5_200, "winter"),
)
# Code, name, model; what is behind them is every other point of the service.
MAINS = (
    ("MP-000", "Main meter, electricity", Service.ELECTRICITY, MAIN_MODEL),
    ("MP-020", "Main meter, cold water", Service.COLD_WATER, WATER_MODEL),
    ("MP-030", "Main meter, gas", Service.GAS, GAS_MODEL),
)


@dataclass(frozen=True)
class Point:
    """A meter point: `place` is the code of its floor, zone or unit; `load` counts in watt-hours or liters.

    `rated_per_hour` is what the supply can deliver, in kWh or m³ an hour; None: not known.
    """

    code: str
    name: str
    service: Service
    role: PointRole
    place: str
    model: str
    load: Load
    rated_per_hour: Decimal | None = None

    @property
    def counter(self) -> str:
        """The series that is billed, and the register that feeds it."""
        return COUNTERS[self.service]


@functools.cache
def points(calendar: Calendar) -> tuple[Point, ...]:
    """This will return all meter points: main meters first, then common areas, then the units."""
    parts = (*_common(), *(point for unit in units.units() for point in _of_unit(unit, calendar)))
    return (*_mains(parts), *parts)


def step_of(model: str, register: str) -> int:
    """This will return what a counter's display counts in: watt-hours or liters."""
    found = documents.load(model).register(register)
    base = Measure.L if register == "volume" else Measure.WH
    step = quantity.factor(found.unit, base) / 10**found.decimals
    return int(step)


def _mains(parts: tuple[Point, ...]) -> Iterator[Point]:
    for code, name, service, model in MAINS:
        behind = tuple(each.load for each in parts if each.service is service and isinstance(each.load, Weekly))
        yield Point(code, name, service, PointRole.MAIN, SWITCH_ROOM, model, Total(behind))


def _common() -> Iterator[Point]:
    for code, name, service, model, place, profile, mean, season in COMMON:
        load = Weekly(code, profile, mean, step_of(model, COUNTERS[service]), SEASONS[season])
        yield Point(code, name, service, PointRole.COMMON, place, model, load)


def _of_unit(unit: Unit, calendar: Calendar) -> Iterator[Point]:
    kind = KINDS[unit.kind]
    mean = kind.watts * unit.area
    code, name = f"MP-{unit.number}", f"Unit {unit.code}"
    empty = _empty(unit, calendar)
    own = (kind.profile, mean, kind.season)
    yield _point(code, name, Service.ELECTRICITY, _shop_model(unit, mean), unit, own, empty)
    if kind.cooling:
        cooling = ("leisure", mean * COOLING_SHARE // 1_000, "summer")
        yield _point(
            f"{code}-C", f"{name}, cooling after hours", Service.ELECTRICITY, COOLING_MODEL, unit, cooling, empty
        )
    if kind.water:
        leak = _leak(calendar) if unit.code == LEAK_UNIT else None
        water = (kind.profile, kind.water, "level")
        yield _point(f"{code}-W", f"{name}, cold water", Service.COLD_WATER, WATER_MODEL, unit, water, empty, leak)
    if kind.gas:
        gas = (kind.profile, kind.gas, "level")
        yield _point(f"{code}-G", f"{name}, gas", Service.GAS, GAS_MODEL, unit, gas, empty)


def _point(
    code: str,
    name: str,
    service: Service,
    model: str,
    unit: Unit,
    use: tuple[str, int, str],
    empty: tuple[Span, ...],
    leak: Leak | None = None,
) -> Point:
    profile, mean, season = use
    load = Weekly(code, profile, mean, step_of(model, COUNTERS[service]), SEASONS[season], empty, leak)
    rated = None if leak is None else Decimal(RATED_LITERS) / 1_000
    return Point(code, name, service, PointRole.TENANT, unit.code, model, load, rated)


def _shop_model(unit: Unit, mean: int) -> str:
    if unit.level == 1 and unit.number in ("101", "102"):
        return SHOP_MODELS[0]
    if mean > LARGE:
        return "schneider_iem3155"
    return SHOP_MODELS[int(unit.number) % len(SHOP_MODELS)]


def _empty(unit: Unit, calendar: Calendar) -> tuple[Span, ...]:
    """The time between the stays, from before everything to after it."""
    begin, forever = loads.slot_of(calendar.begins_at), 2**40
    found = []
    for stay in unit.stays:
        start = begin if stay.begins == units.START else loads.slot_of(calendar.instant(*stay.begins))
        if start > begin:
            found.append(Span(begin, start))
        begin = forever if stay.ends is None else loads.slot_of(calendar.instant(*stay.ends))
    if begin < forever:
        found.append(Span(begin, forever))
    return tuple(found)


def _leak(calendar: Calendar) -> Leak:
    start = loads.slot_of(calendar.instant(*LEAK_AT))
    return Leak(Span(start, start + LEAKING), LEAK_LITERS)
