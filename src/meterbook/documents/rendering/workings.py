"""How quantities came about that no register shows: gas as energy, sewer from water, one demand of several meters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from meterbook.documents.rendering.words import Language, trimmed

Plain = Mapping[str, Any]
_BANKS = {"bank", "bank_paid", "bank_end"}


def of_point(point: Plain, language: Language) -> list[str]:
    """This will say how the volume of gas became energy, a sentence for each time in which the factors stayed."""
    return [_converted(part, point, language) for charge in point["charges"] for part in charge.get("conversion", ())]


def of_line(line: Plain, language: Language) -> str:
    """This will say below a line when its demand was, or what its quantity follows from; empty for others."""
    trace = line.get("trace", {})
    if "linked" in trace:
        return _linked(line, trace["linked"], language)
    if trace.keys() & _BANKS:
        return _banked(line, trace, language)
    if "register" in trace:
        return _registered(trace["register"], language)
    return _demand(trace, language) if "actual" in trace and trace.get("at") else ""


def _banked(line: Plain, trace: Plain, language: Language) -> str:
    """What became of energy that was kept: at the end of a year or of the contract, or because the tariff drops it."""
    if "when" in trace.get("bank_end", {}):
        return _left(trace["bank_end"], language)
    if "bank_end" in trace:
        return language.say("bank_lapsed_dropped" if trace["bank_end"]["how"] == "LAPSE" else "bank_paid_dropped")
    if "bank_paid" in trace:
        return language.say("bank_paid_contract" if "when" in trace["bank_paid"] else "bank_paid_year")
    symbol, found = language.unit(line["unit"]), list[str]()
    for key, told in (("bank_lapsed_year", trace["bank"]), ("bank_lapsed_contract", trace.get("bank_out", {}))):
        if "lapsed" in told:
            lapsed = trimmed(told["lapsed"], 0) if symbol else told["lapsed"]  # units, or money with its decimals
            found.append(language.say(key, amount=f"{language.number(lapsed)} {symbol}".rstrip()))
    return "; ".join(found)


def _left(told: Plain, language: Language) -> str:
    """What an earlier tariff had kept, at the end of the contract."""
    if told["how"] != "LAPSE":
        return language.say("bank_paid_contract")
    symbol = language.unit(told["unit"]) if "unit" in told else ""
    amount = trimmed(told["opening"], 0) if symbol else told["opening"]
    return language.say("bank_lapsed_contract", amount=f"{language.number(amount)} {symbol}".rstrip())


def _converted(part: Plain, point: Plain, language: Language) -> str:
    """1,000 m3 x 0.9513 x 40.489 MJ/m3 / 3.6 = 10,699.4 kWh."""
    per = f"{language.unit(part['unit'])}/{language.unit('M3')}"
    said = language.say(
        "gas_converted",
        **{"from": language.moment(part["from"]), "until": language.moment(part["until"])},
        volume=f"{language.scaled(part['measured'], point['decimals'])} {language.unit(point['unit'])}",
        factor=language.number(part["factor"]),
        calorific=f"{language.number(part['calorific'])} {per}",
        per="" if part["unit"] == "KWH" else f" / {language.number('3.6')}",
        energy=f"{language.number(part['energy'])} {language.unit('KWH')}",
    )
    return f"{said} ({language.say('estimated')})" if part.get("is_estimated") else said


def _linked(line: Plain, linked: Plain, language: Language) -> str:
    """(31.25 - 2) m3 x 0.9."""
    unit = language.unit(linked["unit"])
    used = language.number(linked["measured"])
    if "deducted" in linked:
        used = f"({used} − {language.number(linked['deducted'])})"
    words = f"{used} {unit} × {language.number(linked['factor'])}"
    limits = []
    if "winter" in linked:
        winter = linked["winter"]
        limits.append(language.say("winter_limit", most=f"{language.number(winter['most'])} {unit}"))
    if "most" in linked:
        limits.append(
            language.say("linked_limit", most=f"{language.number(linked['most'])} {language.unit(line['unit'])}")
        )
    return "; ".join([words, *limits])


def _registered(read: Plain, language: Language) -> str:
    """What the register of maximum demand showed: 2.5 kW x 40."""
    shown = f"{language.number(read['shown'])} {language.unit(read['unit'])}"
    if read["multiplier"] != "1":
        shown = f"{shown} × {read['multiplier']}"
    return language.say("demand_read", shown=shown, at=language.moment(read["at"]))


def _demand(trace: Plain, language: Language) -> str:
    at = [language.moment(each) for each in trace["at"]]
    meters = trace.get("meters", [])
    if trace.get("joined") == "NON_COINCIDENT":
        parts = ", ".join(f"{code} {each}" for code, each in zip(meters, at, strict=False))
        return language.say("demand_added", parts=parts)
    if meters:
        return language.say("demand_together", meters=", ".join(meters), at=", ".join(at))
    return language.say("demand_at", at=", ".join(at))
