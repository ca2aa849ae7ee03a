"""What buttons of the form do to a document: add, remove and reorder its parts, and keep what refers to them. Pure."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from typing import Any

from meterbook.web.tariffs.editor import delta_t_fields, further, further_fields, grid, naming
from meterbook.web.tariffs.editor.loose import Raw

SIMPLE = ("FLAT", "BY_PERIOD", "TIERS", "DAILY", "MONTHLY")
SHAPES = (*SIMPLE, *further.CHARGES)
_FIXED = {"DAILY": "FIXED_DAILY", "MONTHLY": "FIXED_MONTHLY"}
_ALWAYS = ("code", "name", "charge")
_LISTS = r"tiers|windows|period_tiers\.[a-z0-9_-]{1,40}"
_PLACE = re.compile(rf"(?a:([a-z_]+)(?:\[(\d{{1,4}})\](?:\.({_LISTS})(?:\[(\d{{1,4}})\])?)?)?)")
MOST = 50  # parts of a kind that buttons add


def act(raw: Raw, wanted: str) -> str:
    """This will do what a button says, such as `add:components:TIERS` or `up:components[1]`.

    :return: the place to look at afterwards; empty when nothing was done
    """
    verb, _colon, rest = wanted.partition(":")
    place, _colon, kind = rest.partition(":")
    found = _PLACE.fullmatch(place)
    if found is None:
        return ""
    if verb == "add" and found[2] is None:
        add = _ADDERS.get(place)
        return add(raw, kind) if add is not None and len(raw.get(place, [])) < MOST else ""
    listed = raw.get(found[1])
    if not isinstance(listed, list) or found[2] is None or int(found[2]) >= len(listed):
        return _holidays(raw, verb) if place == "holidays" else ""
    if found[3]:
        return _inside(listed[int(found[2])], verb, found)
    return _whole_part(raw, verb, found[1], int(found[2]))


def shape_of(component: dict[str, Any]) -> str:
    """This will tell how a component charges, as one word of SHAPES; what is no charge, as it was sent."""
    charge = str(component.get("charge", "ENERGY"))
    for key, shape in further.SHAPES_BY_KEY.get(charge, {}).items():
        if key in component:
            return shape
    if charge != "ENERGY" and charge not in _FIXED.values():
        return further.SHAPES_OF.get(charge, charge)
    for shape, known in _FIXED.items():
        if charge == known:
            return shape
    return "TIERS" if "tiers" in component else "BY_PERIOD" if "prices" in component else "FLAT"


def reshape(raw: Raw, component: dict[str, Any], shape: str) -> None:
    """This will make a component charge in another way; its first price is taken along."""
    if shape not in SHAPES:
        component["charge"] = shape  # the document's own checks name it, beside the field
    if shape not in SHAPES or shape == shape_of(component):
        return
    price = _first_price(component)
    for key in [each for each in component if each not in _ALWAYS]:
        component.pop(key)
    if shape in further.CHARGES:
        _reshape_further(raw, component, shape, price)
        return
    component["charge"] = _FIXED.get(shape, "ENERGY")
    if shape == "TIERS":
        component["tiers"] = _two_steps(price)
    elif shape == "BY_PERIOD":
        if not raw.get("periods"):
            _add_period(raw, "")
        component["prices"] = dict.fromkeys(grid.codes(raw, "periods"), price)
    else:
        component["price"] = price


def price_steps(raw: Raw, component: dict[str, Any], *, is_by_period: bool) -> None:
    """This will give each step one price, or one for each price by time of use; its first price is taken along."""
    if is_by_period and not raw.get("periods"):
        _add_period(raw, "")
    for tier in component["tiers"]:
        price = tier.pop("price", None) or next(iter(tier.pop("prices", {}).values()), "")
        if is_by_period:
            tier["prices"] = dict.fromkeys(grid.codes(raw, "periods"), price)
        else:
            tier["price"] = price
    component.pop("tier_sharing", None)


def _reshape_further(raw: Raw, component: dict[str, Any], shape: str, price: str) -> None:
    charge, more = further.CHARGES[shape]
    component["charge"] = charge
    component.update(copy.deepcopy(dict(more)))
    if shape in further.BY_PERIOD and not raw.get("periods"):
        _add_period(raw, "")
    if shape == "POWER_FACTOR":
        further_fields.set_rule(component, "STEPS", _codes_before(raw, component))
    elif shape == "DELTA_T":
        delta_t_fields.set_rule(component, "STEPS", _codes_before(raw, component))
    elif shape == "CAP":
        component["components"] = _codes_before(raw, component)
    elif shape == "BANK":
        _pay_for_fed_in(raw, component)
    elif shape == "DEMAND_TIERS":
        component["tiers"] = _two_steps(price)
    elif shape in further.STEPS_BY_PERIOD:
        component["period_tiers"] = {code: _two_steps(price) for code in grid.codes(raw, "periods")}
    elif shape == "DEMAND_PERIODS":
        component["prices"] = dict.fromkeys(grid.codes(raw, "periods"), price)
    elif shape not in further.UNPRICED:
        component["price"] = price


def _codes_before(raw: Raw, component: dict[str, Any]) -> list[str]:
    listed = raw.get("components", [])
    place = next((n for n, each in enumerate(listed) if each is component), len(listed))
    return [each.get("code", "") for each in listed[:place]]


def _pay_for_fed_in(raw: Raw, bank: dict[str, Any]) -> None:
    """A bank keeps what a charge before it pays for energy fed in: where there is none, one is put there."""
    listed = raw.setdefault("components", [])
    place = next((n for n, each in enumerate(listed) if each is bank), len(listed))
    if not any(each.get("channel") == "EXPORT" for each in listed[:place]):
        made = {**_part(raw, "components", naming.FED_IN), "charge": "ENERGY", "channel": "EXPORT", "price": ""}
        listed.insert(place, made)


def _two_steps(price: str) -> list[dict[str, str]]:
    return [{"up_to": "", "price": price}, {"price": ""}]


def _first_price(component: dict[str, Any]) -> str:
    tiers = component.get("tiers") or next(iter(component.get("period_tiers", {}).values()), None) or [{}]
    price: str = component.get("price") or next(iter(component.get("prices", {}).values()), "")
    return price or tiers[0].get("price", "")


def _part(raw: Raw, key: str, name: naming.Text) -> dict[str, Any]:
    return {"code": naming.code_of(name, grid.codes(raw, key)), "name": dict(name)}


def _add_component(raw: Raw, shape: str) -> str:
    if shape not in SHAPES:
        return ""
    component = {**_part(raw, "components", naming.CHARGES[shape]), "charge": "ENERGY", "price": ""}
    reshape(raw, component, shape)
    raw.setdefault("components", []).append(component)
    return f"components[{len(raw['components']) - 1}]"


def _add_period(raw: Raw, _kind: str) -> str:
    """The first time two: everything is off-peak until it is painted."""
    listed = raw.setdefault("periods", [])
    if not listed:
        for name in naming.PERIODS:
            listed.append(_part(raw, "periods", name))
        cheap = listed[-1]["code"]
        raw["calendar"] = [{"windows": [{"from": "00:00", "to": "24:00", "period": cheap}]}]
    else:
        listed.append(_part(raw, "periods", naming.numbered({"en": "Price", "es": "Precio"}, len(listed) + 1)))
    return f"periods[{len(listed) - 1}]"


def _add_season(raw: Raw, _kind: str) -> str:
    """The first time two. A new season has the hours of the one before it."""
    listed = raw.setdefault("seasons", [])
    if not listed:
        for name, starts in naming.SEASONS:
            listed.append({**_part(raw, "seasons", name), "starts": starts})
        return "seasons[0]"
    before = listed[-1].get("code")
    name = naming.numbered({"en": "Season", "es": "Temporada"}, len(listed) + 1)
    listed.append({**_part(raw, "seasons", name), "starts": ""})
    for entry in raw.get("calendar", []):
        if before in entry.get("seasons", []):
            entry["seasons"].append(listed[-1]["code"])
    return f"seasons[{len(listed) - 1}]"


def _add_day_type(raw: Raw, _kind: str) -> str:
    listed = raw.get("day_types")
    if not listed:
        first, second = grid.WEEKDAYS[:5], grid.WEEKDAYS[5:]
        raw["day_types"] = [{**naming.day_type(days, ()), "weekdays": list(days)} for days in (first, second)]
        return "day_types[1]"
    name = naming.numbered({"en": "Day type", "es": "Tipo de día"}, len(listed) + 1)
    listed.append({**_part(raw, "day_types", name), "weekdays": []})
    return f"day_types[{len(listed) - 1}]"


def _add_entry(raw: Raw, _kind: str) -> str:
    listed = raw.setdefault("calendar", [])
    periods = grid.codes(raw, "periods")
    seasons, day_types = grid.codes(raw, "seasons"), grid.codes(raw, "day_types")
    listed.append(
        {
            **({"seasons": []} if seasons else {}),
            **({"day_types": []} if day_types else {}),
            "windows": [{"from": "00:00", "to": "24:00", "period": periods[0] if periods else ""}],
        }
    )
    return f"calendar[{len(listed) - 1}]"


def _add_tax(raw: Raw, _kind: str) -> str:
    listed = raw.setdefault("taxes", [])
    name = naming.numbered(naming.FURTHER_TAX, len(listed) + 1) if listed else naming.TAX
    listed.append({**_part(raw, "taxes", name), "rate": ""})
    return f"taxes[{len(listed) - 1}]"


_ADDERS: dict[str, Callable[[Raw, str], str]] = {
    "components": _add_component,
    "periods": _add_period,
    "seasons": _add_season,
    "day_types": _add_day_type,
    "calendar": _add_entry,
    "taxes": _add_tax,
}


def _holidays(raw: Raw, verb: str) -> str:
    """Holidays get a row of their own, with the hours of Sunday; or lose it."""
    day_types: list[dict[str, Any]] = raw.get("day_types") or [naming.every_day()]
    if verb == "on" and not any(each.get("is_holiday") for each in day_types):
        sunday = next((each.get("code") for each in day_types if "SUN" in each.get("weekdays", [])), None)
        made = naming.day_type((grid.HOLIDAYS,), [each.get("code", "") for each in day_types])
        raw["day_types"] = [*day_types, {**made, "is_holiday": True}]
        for entry in raw.get("calendar", []):
            if sunday in entry.get("day_types", []):
                entry["day_types"].append(made["code"])
    elif verb == "off":
        raw.pop("holidays", None)
        for index in reversed(range(len(raw.get("day_types", [])))):
            if raw["day_types"][index].pop("is_holiday", None) and not raw["day_types"][index].get("weekdays"):
                _whole_part(raw, "remove", "day_types", index)
    return "holidays"


def _whole_part(raw: Raw, verb: str, key: str, index: int) -> str:
    listed = raw[key]
    if verb in {"up", "down"}:
        other = index + (1 if verb == "down" else -1)
        if not 0 <= other < len(listed):
            return ""
        listed[index], listed[other] = listed[other], listed[index]
        return f"{key}[{other}]"
    if verb != "remove":
        return ""
    gone = listed.pop(index)
    _forget(raw, key, gone.get("code", "") if isinstance(gone, dict) else "")
    if not listed and key != "components":
        raw.pop(key, None)
    return key


def _forget(raw: Raw, key: str, code: str) -> None:
    """What refers to a part that was removed goes too; hours without a price are told, not filled."""
    if key == "components":
        for each in (*raw.get("taxes", []), *raw.get("components", [])):
            _without(each, "components", code)
    elif key == "taxes":
        for each in raw.get("taxes", []):
            _without(each, "taxes", code)
    elif key == "periods":
        _forget_period(raw, code)
    elif key in {"seasons", "day_types"}:
        for entry in raw.get("calendar", []):
            _without(entry, key, code)
        raw["calendar"] = [each for each in raw.get("calendar", []) if each.get(key) != []]
        if key == "seasons" and len(raw[key]) < 2:
            raw[key].clear()
            for entry in raw["calendar"]:
                entry.pop(key, None)
        if not raw["calendar"]:
            raw.pop("calendar")


def _forget_period(raw: Raw, code: str) -> None:
    for component in raw.get("components", []):
        for tier in (component, *component.get("tiers", [])):
            tier.get("prices", {}).pop(code, None)
        component.get("period_tiers", {}).pop(code, None)
    for entry in raw.get("calendar", []):
        entry["windows"] = [each for each in entry.get("windows", []) if each.get("period") != code]
    raw["calendar"] = [each for each in raw.get("calendar", []) if each["windows"]]
    if len(raw["periods"]) < 2:
        _one_price(raw)


def _one_price(raw: Raw) -> None:
    """A single period is all hours: the parts of the day go, and prices by period are one price."""
    raw["periods"].clear()
    for key in ("calendar", "day_types", "holidays", "seasons"):
        raw.pop(key, None)
    for component in raw.get("components", []):
        if any("prices" in each for each in component.get("tiers", [])):
            price_steps(raw, component, is_by_period=False)
        if "prices" in component or "period_tiers" in component:
            reshape(raw, component, further.WITHOUT_PERIODS.get(shape_of(component), "FLAT"))


def _without(node: dict[str, Any], key: str, code: str) -> None:
    if code in node.get(key, []):
        node[key] = [each for each in node[key] if each != code]
        if not node[key] and key in {"components", "taxes"}:
            node.pop(key)


def _inside(part: dict[str, Any], verb: str, found: re.Match[str]) -> str:
    """Tiers of a component (or of one of its price periods) and windows of an entry of the calendar."""
    key, _dot, period = found[3].partition(".")
    listed = part.get(key)
    if period and isinstance(listed, dict):
        listed = listed.setdefault(period, [])
    if not isinstance(listed, list):
        return ""
    here, is_ladder = f"{found[1]}[{found[2]}]", key != "windows"
    if verb == "add" and len(listed) < MOST:
        if not is_ladder:
            listed.append({"from": "", "to": "", "period": ""})
        elif not listed:
            listed.extend(_two_steps(""))
        else:
            listed.insert(len(listed) - 1, _step_like(listed[-1]))
        return f"{here}.{found[3]}[{max(0, len(listed) - (2 if is_ladder else 1))}]"
    if verb == "remove" and found[4] and int(found[4]) < len(listed) and len(listed) > 1:
        del listed[int(found[4])]
        if is_ladder:
            listed[-1].pop("up_to", None)
        return here
    return ""


def _step_like(final: dict[str, Any]) -> dict[str, Any]:
    """A step without figures that is priced as the final one is."""
    priced = {"prices": dict.fromkeys(final["prices"], "")} if "prices" in final else {"price": ""}
    return {"up_to": "", **priced}


def cloned(raw: Raw, taken: set[str]) -> Raw:
    """This will return a copy with a code that is not taken, and a name that says so."""
    made = copy.deepcopy(raw)
    made["code"] = _free(str(raw.get("code", "")), taken)
    name = raw.get("name", "")
    texts = name if isinstance(name, dict) else {"en": name}
    says = {"es": "copia"}
    made["name"] = {language: f"{words} ({says.get(language, 'copy')})"[:200] for language, words in texts.items()}
    return made


def _free(code: str, taken: set[str]) -> str:
    number = 2
    while f"{code[:36]}-{number}" in taken:
        number += 1
    return f"{code[:36]}-{number}"
