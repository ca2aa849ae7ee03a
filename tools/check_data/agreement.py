"""Facts in the data folder that ours must agree with: register maps of the library, published results."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import yaml

from meterbook.kernel import allocation

LIBRARY = "src/meterbook/acquisition/library/models"
WORDS_OF = {
    "int16": 1,
    "uint16": 1,
    "int32": 2,
    "uint32": 2,
    "float32": 2,
    "int64": 4,
    "uint64": 4,
    "float64": 4,
}
# Base unit and factor of the units that either side writes.
UNITS = {
    "": ("1", 1),
    "1": ("1", 1),
    "ONE": ("1", 1),
    "W": ("W", 1),
    "KW": ("W", 1000),
    "VA": ("VA", 1),
    "KVA": ("VA", 1000),
    "VAR": ("var", 1),
    "KVAR": ("var", 1000),
    "WH": ("Wh", 1),
    "KWH": ("Wh", 1000),
    "VARH": ("varh", 1),
    "KVARH": ("varh", 1000),
    "VAH": ("VAh", 1),
    "KVAH": ("VAh", 1000),
    "V": ("V", 1),
    "A": ("A", 1),
    "HZ": ("Hz", 1),
    "%": ("%", 1),
    "PERCENT": ("%", 1),
    "DEG": ("deg", 1),
    "DEGREE": ("deg", 1),
    "CELSIUS": ("degC", 1),
    "DEGC": ("degC", 1),
}


def registers(root: Path, folder: Path) -> tuple[list[str], int]:
    """This will compare the library with meter_register_maps.json: messages, and how many registers agree.

    A register agrees when the map has one at the same function and address, with the same type, word order and, in base
    units, the same scale.
    """
    maps = json.loads((folder / "meter_register_maps.json").read_text(encoding="utf-8"))["meters"]
    problems, agreed = [], 0
    for path in sorted((root / LIBRARY).glob("*.yaml")):
        model = yaml.safe_load(path.read_text(encoding="utf-8"))
        if model.get("simulated") or model["protocol"] != "MODBUS":  # ours alone; records are found by what they say
            continue
        entry = _entry(model, maps)
        if entry is None:
            problems.append(f"{path.name}: the maps have no {model['manufacturer']} {model['name']}.")
            continue
        known = {(each["fc"], each["address"]): each for each in entry["registers"]}
        for register in model["registers"]:
            wrong = _differences(register, known.get((register["function"], register["address"])), model)
            problems += [f"{path.name}: {register['code']}: {each}" for each in wrong]
            agreed += not wrong
    return problems, agreed


def shares(folder: Path) -> tuple[list[str], int]:
    """This will run the published allocation cases through the kernel: messages, and how many agree.

    Ties are broken by order there and by key here: the keys are numbered so that both say the same.
    """
    problems, agreed = [], 0
    for case in json.loads((folder / "billing_cases.json").read_text(encoding="utf-8"))["cases"]:
        if not case["kind"].startswith("allocate_"):
            continue
        scale = Decimal(10) ** int(case["inputs"]["scale"])
        amount = int(Decimal(case["inputs"]["amount"]) * scale)
        weights = {f"{index:03}": Decimal(weight) for index, weight in enumerate(case["inputs"]["weights"])}
        ours = allocation.allocate(amount, weights)
        expected = case["expected"].get("shares")
        if expected is not None and [int(Decimal(each) * scale) for each in expected] != list(ours.values()):
            problems.append(f"billing_cases.json: {case['id']}: ours are {list(ours.values())}, published {expected}.")
        elif sum(ours.values()) != amount:
            problems.append(f"billing_cases.json: {case['id']}: the shares do not sum to the amount.")
        else:
            agreed += 1
    return problems, agreed


def _entry(model: dict[str, Any], maps: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Of the maps that come from the model's source, the one with the fewest differences: some describe a family."""
    same = [each for each in maps if each["protocol"] == "modbus" and each["source"]["path"] in model["source"]]

    def differing(entry: dict[str, Any]) -> int:
        known = {(each["fc"], each["address"]): each for each in entry["registers"]}
        return sum(
            len(_differences(each, known.get((each["function"], each["address"])), model))
            for each in model["registers"]
        )

    return min(same, key=differing, default=None)


def _differences(register: dict[str, Any], known: dict[str, Any] | None, model: dict[str, Any]) -> list[str]:
    if known is None:
        return [f"the map has nothing at function {register['function']}, address {register['address']}."]
    found = []
    if register["type"] != known["type"]:
        found.append(f"type {register['type']}, in the map {known['type']}.")
    order = register.get("word_order", model["word_order"])
    if WORDS_OF[register["type"]] > 1 and order != known.get("word_order", "big"):
        found.append(f"word order {order}, in the map {known['word_order']}.")
    ours = _in_base(register["unit"], Fraction(str(register.get("scale", 1))))
    theirs = _in_base(known.get("unit") or "", Fraction(str(known["scale"] or 1)))
    if ours != theirs and known.get("unit") not in ("", "?"):  # the map itself does not know
        found.append(f"one step is {ours[1]} {ours[0]}, in the map {theirs[1]} {theirs[0]}.")
    return found


def _in_base(unit: str, scale: Fraction) -> tuple[str, Fraction]:
    base, factor = UNITS.get(unit.upper(), (unit, 1))
    return base, scale * factor
