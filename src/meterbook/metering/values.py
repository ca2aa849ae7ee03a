"""Words of metering: services, kinds of series, where readings come from, and the catalogue of what meters measure."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from functools import cache

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from meterbook.kernel.quantity import Unit

IMPORTED = "imported"  # the model code of a meter whose readings come from files
VIRTUAL = "virtual"  # the model code of a meter that is computed from others
NOT_REPORTING = (IMPORTED, VIRTUAL)  # model codes of meters that send nothing by themselves
STEPS = (1, 5, 15, 30, 60)  # minutes of an interval
SERIES_A_CHUNK = 128  # how many latest values one row holds
NEVER = -(2**63)  # the instant of a latest value that has not come yet


class Service(enum.StrEnum):
    """What is delivered through a meter point."""

    ELECTRICITY = "ELECTRICITY"
    COLD_WATER = "COLD_WATER"
    HOT_WATER = "HOT_WATER"
    GAS = "GAS"
    HEATING = "HEATING"
    COOLING = "COOLING"
    STEAM = "STEAM"
    AIR = "AIR"


SERVICE_CAPTIONS = {
    Service.ELECTRICITY: _("Electricity"),
    Service.COLD_WATER: _("Cold water"),
    Service.HOT_WATER: _("Hot water"),
    Service.GAS: _("Gas"),
    Service.HEATING: _("Heating"),
    Service.COOLING: _("Cooling"),
    Service.STEAM: _("Steam"),
    Service.AIR: _("Compressed air"),
}


class PointRole(enum.StrEnum):
    """What a meter point measures of its site: all that comes in, or whose part of it."""

    MAIN = "MAIN"  # what enters the site; the other points of its service measure parts of that
    COMMON = "COMMON"
    TENANT = "TENANT"
    OTHER = "OTHER"  # a part of what another point measures already: it counts in no sum


POINT_ROLE_CAPTIONS = {
    PointRole.MAIN: _("Main meter"),
    PointRole.COMMON: _("Common area"),
    PointRole.TENANT: _("Tenant"),
    PointRole.OTHER: _("Check meter"),
}


class ReadingKind(enum.StrEnum):
    """Why a person read a meter."""

    PERIODIC = "PERIODIC"
    INITIAL = "INITIAL"
    FINAL = "FINAL"
    CHECK = "CHECK"


READING_KIND_CAPTIONS = {
    ReadingKind.PERIODIC: _("Periodic reading"),
    ReadingKind.INITIAL: _("Initial reading"),
    ReadingKind.FINAL: _("Final reading"),
    ReadingKind.CHECK: _("Check reading"),
}


# What heat or cold is computed from (B-54): water counted, or its flow, and the temperatures of both ways.
CARRYING = ("volume", "flow")
TEMPERATURE_FLOW, TEMPERATURE_RETURN = "temperature_flow", "temperature_return"


class VirtualPurpose(enum.StrEnum):
    """What a virtual meter gathers."""

    TENANT = "TENANT"
    AREA = "AREA"
    SYSTEM = "SYSTEM"  # such as the air conditioning, or what a building uses at night
    REST = "REST"  # what other meters leave of a larger one


VIRTUAL_PURPOSE_CAPTIONS = {
    VirtualPurpose.TENANT: _("A tenant"),
    VirtualPurpose.AREA: _("An area"),
    VirtualPurpose.SYSTEM: _("A system"),
    VirtualPurpose.REST: _("What other meters leave"),
}

# The series that tells how much of a service was used.
COUNTED_SERIES = {
    Service.ELECTRICITY: "energy_import",
    Service.COLD_WATER: "volume",
    Service.HOT_WATER: "volume",
    Service.GAS: "volume",
    Service.HEATING: "heat",
    Service.COOLING: "heat",
    Service.STEAM: "heat",
    Service.AIR: "volume",
}


# The registers of maximum demand: the highest mean power since they were reset.
MAXIMUM_SERIES = ("power_maximum", "power_apparent_maximum")
# The registers into which a meter divides its energy by its own clock or a signal, beside the one that counts all.
TARIFF_SERIES = ("energy_import_t1", "energy_import_t2", "energy_import_t3", "energy_import_t4")


class SeriesKind(enum.StrEnum):
    """How the values of a series behave."""

    CUMULATIVE = "CUMULATIVE"  # a counter; intervals are its differences
    INSTANT = "INSTANT"  # a value at a moment; intervals are means
    STATE = "STATE"  # a code, such as a breaker's position
    MAXIMUM = "MAXIMUM"  # the highest since it was reset at the reading before; it has no intervals


class Source(enum.IntEnum):
    """Where a reading comes from. Of several for one instant the one with the smallest code counts."""

    METER = 1  # asked by the collector
    GATEWAY = 2  # sent by a field program
    FIELD = 3  # read by a person at the meter
    IMPORT = 4  # from a file
    MEMORY = 5  # asked by the collector later on: what the meter remembered of that instant


SOURCE_CAPTIONS = {
    Source.METER: _("Meter"),
    Source.GATEWAY: _("Gateway"),
    Source.FIELD: _("Read by a person"),
    Source.IMPORT: _("Import"),
    Source.MEMORY: _("From the meter's memory"),
}


class ProposalState(enum.StrEnum):
    """What became of a correction that needs a second person."""

    WAITING = "WAITING"
    APPROVED = "APPROVED"
    REFUSED = "REFUSED"


@dataclass(frozen=True)
class SeriesType:
    """One measured quantity as series carry it: integers of 10^-`decimals` `unit`."""

    code: str
    caption: Promise
    kind: SeriesKind
    unit: Unit
    decimals: int
    step: int  # minutes

    @property
    def is_energy_like(self) -> bool:
        """Whether it can be billed: a counter."""
        return self.kind is SeriesKind.CUMULATIVE

    @property
    def is_maximum(self) -> bool:
        """Whether it is the highest since the reading before, which reset it."""
        return self.kind is SeriesKind.MAXIMUM


class SeriesTypeUnknown(LookupError):
    """The catalogue of series has no such code; correct the meter model document."""


def _counter(code: str, caption: Promise, unit: Unit) -> SeriesType:
    return SeriesType(code, caption, SeriesKind.CUMULATIVE, unit, 3, 15)


def _instant(code: str, caption: Promise, unit: Unit, decimals: int) -> SeriesType:
    return SeriesType(code, caption, SeriesKind.INSTANT, unit, decimals, 5)


def _maximum(code: str, caption: Promise, unit: Unit) -> SeriesType:
    return SeriesType(code, caption, SeriesKind.MAXIMUM, unit, 3, 15)


@cache
def series_types() -> dict[str, SeriesType]:
    """This will return the catalogue by code, in the order in which screens list it."""
    listed = (
        _counter("energy_import", _("Energy"), Unit.KWH),
        _counter("energy_export", _("Energy returned"), Unit.KWH),
        _counter("energy_reactive_import", _("Reactive energy"), Unit.KVARH),
        _counter("energy_reactive_export", _("Reactive energy returned"), Unit.KVARH),
        _counter("energy_apparent", _("Apparent energy"), Unit.KVAH),
        *(
            _counter(code, caption, Unit.KWH)
            for code, caption in zip(
                TARIFF_SERIES, (_("Energy T1"), _("Energy T2"), _("Energy T3"), _("Energy T4")), strict=True
            )
        ),
        _maximum("power_maximum", _("Maximum demand"), Unit.KW),
        _maximum("power_apparent_maximum", _("Maximum apparent demand"), Unit.KVA),
        _counter("heat", _("Heat"), Unit.KWH),  # before the volume: of a heat meter it is what people pay for
        _counter("volume", _("Volume"), Unit.M3),
        _instant("power", _("Power"), Unit.KW, 3),
        _instant("power_l1", _("Power L1"), Unit.KW, 3),
        _instant("power_l2", _("Power L2"), Unit.KW, 3),
        _instant("power_l3", _("Power L3"), Unit.KW, 3),
        _instant("power_reactive", _("Reactive power"), Unit.KVAR, 3),
        _instant("power_apparent", _("Apparent power"), Unit.KVA, 3),
        _instant("voltage_l1", _("Voltage L1"), Unit.V, 1),
        _instant("voltage_l2", _("Voltage L2"), Unit.V, 1),
        _instant("voltage_l3", _("Voltage L3"), Unit.V, 1),
        _instant("current_l1", _("Current L1"), Unit.A, 3),
        _instant("current_l2", _("Current L2"), Unit.A, 3),
        _instant("current_l3", _("Current L3"), Unit.A, 3),
        _instant("power_factor", _("Power factor"), Unit.ONE, 3),
        _instant("frequency", _("Frequency"), Unit.HZ, 2),
        _counter("run_hours", _("Hours run"), Unit.H),  # of a pump, a fan coil
        _instant("flow", _("Flow"), Unit.M3_H, 3),
        _instant("temperature_flow", _("Flow temperature"), Unit.CELSIUS, 2),
        _instant("temperature_return", _("Return temperature"), Unit.CELSIUS, 2),
    )
    return {each.code: each for each in listed}


def series_type(code: str) -> SeriesType:
    """This will return one entry of the catalogue.

    :raises SeriesTypeUnknown: for a code that is not in it
    """
    found = series_types().get(code)
    if found is None:
        raise SeriesTypeUnknown(f"“{code}”: {SeriesTypeUnknown.__doc__}")
    return found
