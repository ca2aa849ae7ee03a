"""The year of a record: months that are alike are one season, and each hour has one price period."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from meterbook.tariffs.urdb.record import HOURS, MONTHS, Charges, Record


@dataclass(frozen=True)
class Season:
    """Months in a row, from 1 to 12, with the price period of each hour."""

    code: str
    months: tuple[int, ...]
    weekday: tuple[str, ...]
    weekend: tuple[str, ...]

    @property
    def codes(self) -> frozenset[str]:
        """The price periods that occur."""
        return frozenset(self.weekday) | frozenset(self.weekend)


@dataclass(frozen=True)
class Plan:
    """Seasons and price periods; `energy_of` and `demand_of` are the periods of the record behind each price period."""

    seasons: tuple[Season, ...]
    codes: tuple[str, ...]
    energy_of: dict[str, int]
    demand_of: dict[str, int]

    def of_months(self, months: frozenset[int]) -> list[str]:
        """This will return the codes of the seasons that lie in months."""
        return [each.code for each in self.seasons if each.months[0] in months]


def plan(record: Record) -> Plan:
    """This will cut the year into seasons and name the price period of each hour."""
    days = [[_hours(record, month, is_weekend=each) for each in (False, True)] for month in range(MONTHS)]
    kept = [(days[month], _of_month(record, month)) for month in range(MONTHS)]
    seasons: list[Season] = []
    for month in range(MONTHS):
        if month and kept[month] == kept[month - 1]:
            final = seasons[-1]
            seasons[-1] = Season(final.code, (*final.months, month + 1), final.weekday, final.weekend)
            continue
        weekday, weekend = (tuple(_code(*each, record) for each in hours) for hours in days[month])
        seasons.append(Season(f"s{len(seasons) + 1}", (month + 1,), weekday, weekend))
    pairs = sorted({pair for hours in days for kind in hours for pair in kind})
    return Plan(
        seasons=tuple(seasons),
        codes=tuple(_code(*pair, record) for pair in pairs),
        energy_of={_code(*pair, record): pair[0] for pair in pairs},
        demand_of={_code(*pair, record): pair[1] for pair in pairs},
    )


def _hours(record: Record, month: int, *, is_weekend: bool) -> list[tuple[int, int]]:
    def period(charges: Charges | None, hour: int) -> int:
        if charges is None:
            return 0
        return (charges.weekend if is_weekend else charges.weekday)[month][hour]

    return [(period(record.energy, hour), period(record.demand, hour)) for hour in range(HOURS)]


def _of_month(record: Record, month: int) -> tuple[object, Decimal]:
    """What else makes a month differ: the ladder of its highest power, and what is added for fuel."""
    flat = record.flat[record.flat_months[month]] if record.flat else None
    return flat, record.fuel[month] if len(record.fuel) == MONTHS else Decimal(0)


def _code(energy: int, demand: int, record: Record) -> str:
    has_periods = record.demand is not None and len(record.demand.ladders) > 1
    return f"p{energy}-{demand}" if has_periods else f"p{energy}"
