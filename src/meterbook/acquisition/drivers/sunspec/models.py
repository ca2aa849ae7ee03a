"""The SunSpec models of meters and inverters: what each point is called, where it lies and how it is read.

Offsets count from the first register behind id and length. A point without a scale factor is a number as it is.
Written as tables: (name, type, unit, scale factor); types fix the number of registers, "strN" takes N of them.
"""

from __future__ import annotations

from dataclasses import dataclass

SIZES = {
    "int16": 1,
    "uint16": 1,
    "acc16": 1,
    "enum16": 1,
    "bitfield16": 1,
    "sunssf": 1,
    "pad": 1,
    "int32": 2,
    "uint32": 2,
    "acc32": 2,
    "enum32": 2,
    "bitfield32": 2,
    "float32": 2,
    "int64": 4,
    "uint64": 4,
    "acc64": 4,
}
END_MODEL = 0xFFFF


@dataclass(frozen=True)
class Point:
    """One point of a model. `scale` names the scale factor of the same model."""

    name: str
    type: str
    offset: int
    unit: str = ""
    scale: str = ""

    @property
    def size(self) -> int:
        """How many registers it takes."""
        return int(self.type[3:]) if self.type.startswith("str") else SIZES[self.type]


@dataclass(frozen=True)
class Model:
    """One model with its points in their order."""

    number: int
    name: str
    points: tuple[Point, ...]

    @property
    def length(self) -> int:
        """How many registers follow id and length."""
        latest = self.points[-1]
        return latest.offset + latest.size


def _points(rows: list[tuple[str, str, str, str]]) -> tuple[Point, ...]:
    found: list[Point] = []
    offset = 0
    for name, kind, unit, scale in rows:
        found.append(Point(name, kind, offset, unit, scale))
        offset += found[-1].size
    return tuple(found)


COMMON = [
    ("Mn", "str16", "", ""),
    ("Md", "str16", "", ""),
    ("Opt", "str8", "", ""),
    ("Vr", "str8", "", ""),
    ("SN", "str16", "", ""),
    ("DA", "uint16", "", ""),
    ("Pad", "pad", "", ""),
]


def _group(names: str, kind: str, unit: str, scale: str) -> list[tuple[str, str, str, str]]:
    return [(name, kind, unit, scale) for name in names.split()]


INVERTER = [
    *_group("A AphA AphB AphC", "uint16", "A", "A_SF"),
    ("A_SF", "sunssf", "", ""),
    *_group("PPVphAB PPVphBC PPVphCA PhVphA PhVphB PhVphC", "uint16", "V", "V_SF"),
    ("V_SF", "sunssf", "", ""),
    ("W", "int16", "W", "W_SF"),
    ("W_SF", "sunssf", "", ""),
    ("Hz", "uint16", "Hz", "Hz_SF"),
    ("Hz_SF", "sunssf", "", ""),
    ("VA", "int16", "VA", "VA_SF"),
    ("VA_SF", "sunssf", "", ""),
    ("VAr", "int16", "var", "VAr_SF"),
    ("VAr_SF", "sunssf", "", ""),
    ("PF", "int16", "%", "PF_SF"),
    ("PF_SF", "sunssf", "", ""),
    ("WH", "acc32", "Wh", "WH_SF"),
    ("WH_SF", "sunssf", "", ""),
    ("DCA", "uint16", "A", "DCA_SF"),
    ("DCA_SF", "sunssf", "", ""),
    ("DCV", "uint16", "V", "DCV_SF"),
    ("DCV_SF", "sunssf", "", ""),
    ("DCW", "int16", "W", "DCW_SF"),
    ("DCW_SF", "sunssf", "", ""),
    *_group("TmpCab TmpSnk TmpTrns TmpOt", "int16", "°C", "Tmp_SF"),
    ("Tmp_SF", "sunssf", "", ""),
    *_group("St StVnd", "enum16", "", ""),
    *_group("Evt1 Evt2 EvtVnd1 EvtVnd2 EvtVnd3 EvtVnd4", "bitfield32", "", ""),
]
INVERTER_FLOAT = [
    *_group("A AphA AphB AphC", "float32", "A", ""),
    *_group("PPVphAB PPVphBC PPVphCA PhVphA PhVphB PhVphC", "float32", "V", ""),
    ("W", "float32", "W", ""),
    ("Hz", "float32", "Hz", ""),
    ("VA", "float32", "VA", ""),
    ("VAr", "float32", "var", ""),
    ("PF", "float32", "%", ""),
    ("WH", "float32", "Wh", ""),
    ("DCA", "float32", "A", ""),
    ("DCV", "float32", "V", ""),
    ("DCW", "float32", "W", ""),
    *_group("TmpCab TmpSnk TmpTrns TmpOt", "float32", "°C", ""),
    *_group("St StVnd", "enum16", "", ""),
    *_group("Evt1 Evt2 EvtVnd1 EvtVnd2 EvtVnd3 EvtVnd4", "bitfield32", "", ""),
]
PHASES = "{0} {0}PhA {0}PhB {0}PhC"
REACTIVE = " ".join(
    f"TotVArh{way}Q{quadrant}{phase}"
    for way, quadrant in (("Imp", 1), ("Imp", 2), ("Exp", 3), ("Exp", 4))
    for phase in ("", "PhA", "PhB", "PhC")
)
METER = [
    *_group("A AphA AphB AphC", "int16", "A", "A_SF"),
    ("A_SF", "sunssf", "", ""),
    *_group("PhV PhVphA PhVphB PhVphC PPV PPVphAB PPVphBC PPVphCA", "int16", "V", "V_SF"),
    ("V_SF", "sunssf", "", ""),
    ("Hz", "int16", "Hz", "Hz_SF"),
    ("Hz_SF", "sunssf", "", ""),
    *_group("W WphA WphB WphC", "int16", "W", "W_SF"),
    ("W_SF", "sunssf", "", ""),
    *_group("VA VAphA VAphB VAphC", "int16", "VA", "VA_SF"),
    ("VA_SF", "sunssf", "", ""),
    *_group("VAR VARphA VARphB VARphC", "int16", "var", "VAR_SF"),
    ("VAR_SF", "sunssf", "", ""),
    *_group("PF PFphA PFphB PFphC", "int16", "%", "PF_SF"),
    ("PF_SF", "sunssf", "", ""),
    *_group(f"{PHASES.format('TotWhExp')} {PHASES.format('TotWhImp')}", "acc32", "Wh", "TotWh_SF"),
    ("TotWh_SF", "sunssf", "", ""),
    *_group(f"{PHASES.format('TotVAhExp')} {PHASES.format('TotVAhImp')}", "acc32", "VAh", "TotVAh_SF"),
    ("TotVAh_SF", "sunssf", "", ""),
    *_group(REACTIVE, "acc32", "varh", "TotVArh_SF"),
    ("TotVArh_SF", "sunssf", "", ""),
    ("Evt", "bitfield32", "", ""),
]
METER_FLOAT = [
    *_group("A AphA AphB AphC", "float32", "A", ""),
    *_group("PhV PhVphA PhVphB PhVphC PPV PPVphAB PPVphBC PPVphCA", "float32", "V", ""),
    ("Hz", "float32", "Hz", ""),
    *_group("W WphA WphB WphC", "float32", "W", ""),
    *_group("VA VAphA VAphB VAphC", "float32", "VA", ""),
    *_group("VAR VARphA VARphB VARphC", "float32", "var", ""),
    *_group("PF PFphA PFphB PFphC", "float32", "", ""),
    *_group(f"{PHASES.format('TotWhExp')} {PHASES.format('TotWhImp')}", "float32", "Wh", ""),
    *_group(f"{PHASES.format('TotVAhExp')} {PHASES.format('TotVAhImp')}", "float32", "VAh", ""),
    *_group(REACTIVE, "float32", "varh", ""),
    ("Evt", "bitfield32", "", ""),
]
PHASE_NAMES = {1: "single phase", 2: "split phase", 3: "three phase, wye", 4: "three phase, delta"}
MODELS: dict[int, Model] = {
    1: Model(1, "common", _points(COMMON)),
    101: Model(101, "inverter, single phase", _points(INVERTER)),
    102: Model(102, "inverter, split phase", _points(INVERTER)),
    103: Model(103, "inverter, three phase", _points(INVERTER)),
    111: Model(111, "inverter, single phase, float", _points(INVERTER_FLOAT)),
    112: Model(112, "inverter, split phase, float", _points(INVERTER_FLOAT)),
    113: Model(113, "inverter, three phase, float", _points(INVERTER_FLOAT)),
    **{200 + kind: Model(200 + kind, f"meter, {name}", _points(METER)) for kind, name in PHASE_NAMES.items()},
    **{
        210 + kind: Model(210 + kind, f"meter, {name}, float", _points(METER_FLOAT))
        for kind, name in PHASE_NAMES.items()
    },
}
