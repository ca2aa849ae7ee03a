"""What a SunSpec meter says of itself, as a document of a meter model: its registers with their scale factors.

Scale factors are those of the device as it is set now; whoever changes its transformers discovers it anew.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from meterbook.acquisition.contract import errors
from meterbook.acquisition.contract.frames import Block, Bus
from meterbook.acquisition.drivers.sunspec import walk
from meterbook.acquisition.library import words, writing
from meterbook.kernel.quantity import Unit

METERS = (201, 202, 203, 204, 211, 212, 213, 214)
LONGEST_CODE = 60
# What the catalogue of series counts in; a thousand of the device's unit.
THOUSANDS = {
    Unit.WH: Unit.KWH,
    Unit.W: Unit.KW,
    Unit.VA: Unit.KVA,
    Unit.VAR: Unit.KVAR,
    Unit.VAH: Unit.KVAH,
    Unit.VARH: Unit.KVARH,
}
FLOAT_DECIMALS = 3
REMARK = {
    "en": "Its scale factors are those that the device had when it was discovered; set otherwise, discover it anew.",
    "es": "Sus factores de escala son los que tenía el equipo al descubrirlo; si cambian, descúbralo otra vez.",
}


class NoSunSpec(errors.DeviceError):
    """A device without the chain of SunSpec models, or without one of a meter."""

    code = "NO_SUNSPEC"
    remedy = "Check the unit address, and that SunSpec is switched on in the device; else choose its model by hand."

    @property
    def is_passing(self) -> bool:
        """Whether another attempt can cure it."""
        return False


@dataclass(frozen=True)
class Discovered:
    """A meter that was found: who it says it is, its SunSpec models, and the document of a meter model."""

    maker: str
    name: str
    version: str
    serial_number: str
    models: tuple[int, ...]
    document: str


async def discover(bus: Bus, unit: int, *, timeout: float, retries: int = 0) -> Discovered:
    """This will walk the models of a device and describe the first one of a meter.

    :param timeout: real seconds for each question
    :raises NoSunSpec: when there is no mark, the chain leads nowhere, or no model is one of a meter
    :raises meterbook.acquisition.contract.errors.DeviceError: when it does not answer
    """

    async def ask(block: Block) -> tuple[int, ...]:
        return (await bus.read(unit, block, timeout=timeout, retries=retries)).words

    going = walk.Walk()
    try:
        while not going.is_done:
            try:
                answer: Sequence[int] | None = await ask(going.question)
            except errors.ExceptionAnswer as error:
                if error.is_passing:
                    raise
                answer = None
            going.take(answer)
    except walk.NotSunSpec as error:
        raise NoSunSpec(str(error)) from error
    found = next((each for each in going.found if each.number in METERS), None)
    if found is None:
        listed = ", ".join(str(each.number) for each in going.found) or "none"
        raise NoSunSpec(f"the device has no SunSpec model of a meter; it has {listed}")
    common = next((each for each in going.found if each.number == walk.COMMON), None)
    told: Mapping[str, object] = {}
    if common is not None:
        told = walk.values(walk.COMMON, [word for block in common.blocks for word in await ask(block)])
    registers = [word for block in found.blocks for word in await ask(block)]
    who = {name: str(told.get(name) or "").strip() for name in ("Mn", "Md", "Vr", "SN")}
    document = describe(found, registers, who)
    models = tuple(each.number for each in going.found)
    return Discovered(who["Mn"], who["Md"], who["Vr"], who["SN"], models, document)


def describe(header: walk.Header, registers: Sequence[int], who: Mapping[str, str]) -> str:
    """This will return the document of a meter model (`library/schema.json`), as YAML.

    :param registers: those behind id and length, read once
    :param who: maker, model and version as the common model calls them: Mn, Md, Vr
    :raises NoSunSpec: when no register of the model holds anything
    """
    listed = [_stored(each) for each in walk.register_documents(header, registers)]
    if not listed:
        raise NoSunSpec(f"SunSpec model {header.number} of the device holds no values")
    maker, name = who.get("Mn") or "SunSpec", who.get("Md") or f"model {header.number}"
    content: dict[str, Any] = {
        "code": _code(maker, name),
        "manufacturer": maker[:60],
        "name": name[:100],
        "service": "ELECTRICITY",
        "protocol": "MODBUS",
        "word_order": "big",
        "source": f"SunSpec model {header.number} at register {header.address}, read from the device",
        "traps": [REMARK],
        "registers": listed,
    }
    if who.get("Vr"):
        content["firmware"] = who["Vr"][:60]
    return writing.write(content)


def _stored(entry: Mapping[str, Any]) -> dict[str, Any]:
    """In the units that series are stored in: 100 Wh steps are tenths of a kWh."""
    made = dict(entry)
    scale = Fraction(str(entry.get("scale", "1")))
    is_float = entry["type"] == "float32"
    if (larger := THOUSANDS.get(Unit[str(entry["unit"])])) is not None:
        made["unit"], scale = larger.value, scale / 1000
    decimals = FLOAT_DECIMALS if is_float else _decimals(scale)
    if "wrap" in entry:
        bits = 16 * (4 if "64" in str(entry["type"]) else 2 if "32" in str(entry["type"]) else 1)
        made["wrap"] = int((1 << bits) * scale * 10**decimals)
    made["decimals"] = decimals
    made.pop("scale", None)
    if scale != 1:
        made["scale"] = f"{Decimal(scale.numerator) / Decimal(scale.denominator):f}"
    absent = _absent(str(entry["type"])) if "wrap" not in entry and not is_float else None
    if absent is not None:
        made["sentinels"] = [absent]
    if made.get("wrap", 0) >= 1 << 63:
        del made["wrap"]
    return made


def _decimals(scale: Fraction) -> int:
    places = 0
    while (scale * 10**places).denominator != 1:
        places += 1
    return places


def _absent(kind: str) -> int | None:
    bounds = words.bounds(kind)
    if bounds is None:
        return None
    return bounds[0] if kind in walk.SIGNED else bounds[1]


def _code(maker: str, name: str) -> str:
    plain = re.sub(r"[^a-z0-9]+", "_", f"sunspec_{maker}_{name}".lower()).strip("_")
    return plain[:LONGEST_CODE].rstrip("_")
