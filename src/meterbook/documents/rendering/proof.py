"""What proves a bill: readings, price periods, taxes and notes, as final text. Page 2 and on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from meterbook.documents.rendering import looks, paying, words, workings
from meterbook.documents.rendering.words import Language
from meterbook.kernel import allocation

SHARES = 1000  # tenths of a percent
SHADES = 1000
POINTS_NAMED = 4  # in a sentence
HOUR, HOURS_A_DAY = 60, 24
COUNTS = ("measured", "estimated", "interpolated", "edited")
BY_HAND = "imported"  # the model code of a meter that no model was told of
MODEL_CODE, SHORT = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)+"), 3  # letters of an abbreviation
ESTIMATES = {"ESTIMATED", "PROJECTED"}

Plain = dict[str, Any]


def sections(content: Mapping[str, Any], language: Language, look: looks.Look) -> Plain:
    """This will return the sections after the amount: meters, time of use, taxes, notes, legal words."""
    return {
        "meters": [_meter(point, language, look) for point in content["meter_points"]],
        "use": [
            use
            for point in content["meter_points"]
            for charge in point["charges"]
            if (use := _use(point, charge, content["period"], language))
        ],
        **taxes(content, language),
        "services": [_service(each, language) for each in content.get("services", ())],
        "notes": _notes(content, language, look),
        "legal": legal(content, language, look),
    }


def taxes(content: Mapping[str, Any], language: Language) -> Plain:
    """This will return the taxes by rate and their sum."""
    return {
        "taxes": [_tax(tax, language) for tax in content["taxes"]],
        "net": language.number(content["net"]),
        "tax": language.number(content["tax"]),
    }


def point_name(point: Mapping[str, Any], language: Language) -> str:
    """This will name a meter point for its customer: what it gives, and which one it is."""
    service = language.among("services", point["service"])
    name = point["name"] or point["code"]
    return service if name == service else f"{service}, {name}"


def is_estimated(point: Mapping[str, Any]) -> bool:
    """This will tell whether a part of a point's quantity is an estimate, without readings around it."""
    counted = (point, *point.get("registers", ()))
    if any(each["quality"]["estimated"] for each in counted):
        return True
    parts = (part for each in counted for part in each["segments"])
    return any(part[end]["quality"] in ESTIMATES for part in parts for end in ("previous", "present"))


def zone_of(point: Mapping[str, Any], language: Language) -> str:
    """This will say in which zone the times of a point are, where it is not the site's: Europe/Madrid (UTC+2)."""
    return f"{point['zone']} ({language.offsets(point['offsets'])})." if point.get("zone") else ""


def span(part: Mapping[str, Any], language: Language) -> str:
    """This will write the time of a part of the bill: from 15 Oct 2026, 00:00 to 1 Nov 2026, 00:00."""
    values = {"from": language.moment(part["from"]), "until": language.moment(part["until"])}
    return language.say("tariff_from", **values)


def _meter(point: Mapping[str, Any], language: Language, look: looks.Look) -> Plain:
    return {
        "name": point_name(point, language),
        "code": point["code"],
        "service": point["service"],
        **_counted(point, point["code"], language),
        "registers": [_register(each, point, language) for each in point.get("registers", ())],
        "note": " ".join(each for each in (zone_of(point, language), _counts(point, language)) if each),
        "average": _average(point, language, look),
        "workings": workings.of_point(point, language),
    }


def _counted(counted: Mapping[str, Any], name: str, language: Language) -> Plain:
    """What registers showed, and what that sums to where it is not the quantity of one segment."""
    segments = [_segment(part, counted, language) for part in counted["segments"]]
    adjustment = language.scaled(counted["adjustment"], counted["decimals"]) if counted["adjustment"] else ""
    return {
        "segments": segments,
        "adjustment": adjustment,
        "has_sum": len(segments) != 1 or bool(adjustment),
        "sum": language.say("point_total", name=name),
        "quantity": language.scaled(counted["quantity"], counted["decimals"]),
        "unit": language.unit(counted["unit"]),
    }


def _register(register: Mapping[str, Any], point: Mapping[str, Any], language: Language) -> Plain:
    """A further register, with the lines that were priced from it."""
    name, components = register_name(register, language), register["components"]
    lines = [each for charge in point["charges"] for each in charge["lines"] if each["component"] in components]
    said = ", ".join(dict.fromkeys(language.text(each["text"]) for each in lines))
    return {
        "name": name,
        "lines": language.say("register_lines", lines=said) if said else "",
        **_counted(register, name, language),
    }


def register_name(register: Mapping[str, Any], language: Language) -> str:
    """This will name a further register: energy, tariff register T1."""
    return language.among("registers", register["code"])


def last_year(point: Mapping[str, Any], language: Language) -> str:
    """This will say what the same month of the year before was; empty where it is not on record."""
    known = point.get("last_year")
    if not known:
        return ""
    values = {
        "month": f"{language.month(known['month'])} {known['month'][:4]}",
        "quantity": f"{language.scaled(known['quantity'], point['decimals'])} {language.unit(point['unit'])}",
        "days": language.count(known["days"], "DAY"),
    }
    return language.say("last_year", **values)


def _average(point: Mapping[str, Any], language: Language, look: looks.Look) -> str:
    unit = language.unit(point["unit"])
    said = f"{language.say('average')}: {language.number(point['daily_average'])} {unit}"
    before = last_year(point, language) if look.shows_comparison else ""
    return f"{said} · {before}" if before else said


def _segment(part: Mapping[str, Any], point: Mapping[str, Any], language: Language) -> Plain:
    return {
        "serial": part["serial"],
        "model": " · ".join(
            each for each in (_model(part["model"]), language.among("registers", part["register"])) if each
        ),
        "previous": _reading(part["previous"], part["decimals"], language),
        "present": _reading(part["present"], part["decimals"], language),
        "difference": language.scaled(part["difference"], part["decimals"]),
        "difference_unit": language.unit(part["unit"]),
        "multiplier": f"×{words.HARD_SPACE}{part['multiplier']}",
        "corrected": _corrected(part, language),
        "quantity": language.scaled(part["quantity"], point["decimals"]),
        "unit": language.unit(point["unit"]),
    }


def _corrected(part: Mapping[str, Any], language: Language) -> str:
    """By how much a test of the meter corrects what it counted: × 100/97, test A-12 (B-24)."""
    if "corrected_by" not in part:
        return ""
    return language.say("corrected_by", ratio=part["corrected_by"], test=part["test"])


def _model(model: str) -> str:
    """A meter's model as a person writes it: the library's code schneider_iem3155 is "Schneider IEM3155"."""
    if model == BY_HAND:
        return ""
    if not MODEL_CODE.fullmatch(model):
        return model
    parts = model.split("_")
    return " ".join(each.upper() if len(each) <= SHORT or not each.isalpha() else each.capitalize() for each in parts)


def _reading(reading: Mapping[str, Any], decimals: int, language: Language) -> Plain:
    source = language.among("sources", reading["source"]) if reading["source"] else ""
    quality = language.among("qualities", reading["quality"])
    return {
        "value": language.scaled(reading["value"], decimals),
        "at": language.moment(reading["at"]),
        "quality": f"{quality}, {source}" if source else quality,
        "is_estimated": reading["quality"] in ESTIMATES,
    }


def _counts(point: Mapping[str, Any], language: Language) -> str:
    quality = point["quality"]
    # Whose readings are no finer than a person's rounds has no intervals of its own to be counted.
    is_by_hand = bool(point["segments"]) and all(each["model"] == BY_HAND for each in point["segments"])
    if is_by_hand and quality["interpolated"] == quality["intervals"]:
        return language.say("by_hand")
    parts = [
        language.say(f"{kind}_count", count=language.number(str(quality[kind]))) for kind in COUNTS if quality[kind]
    ]
    return language.say("intervals", count=language.number(str(quality["intervals"])), parts=", ".join(parts))


def _use(
    point: Mapping[str, Any], charge: Mapping[str, Any], period: Mapping[str, Any], language: Language
) -> Plain | None:
    """Usage by price period, darkest where it costs most; None where there is one price period only."""
    if len(charge["periods"]) < 2:
        return None
    shares, shades = _shares(charge), _shades(charge)
    name = point_name(point, language)
    if (charge["from"], charge["until"]) != (period["from"], period["until"]):
        name += f", {span(charge, language)}"
    unit = language.unit(point["unit"])
    quantity = f"{language.scaled(charge['quantity'], point['decimals'])} {unit}"
    return {
        "name": language.say("tou", name=name),
        "unit": unit,
        "note": language.say("tou_note", quantity=quantity),
        "rows": [
            {
                "name": language.text(each["text"]),
                "intervals": language.number(str(each["intervals"])),
                "quantity": language.number(each["quantity"]),
                "share": language.scaled(shares[each["code"]], 1) if shares else "",
                "part": shares[each["code"]] if shares else 0,
                "shade": shades[each["code"]],
            }
            for each in charge["periods"]
        ],
    }


def _shares(charge: Mapping[str, Any]) -> dict[str, int]:
    """Tenths of a percent that sum to 100; none where nothing was used, or something was given back."""
    weights = {each["code"]: Decimal(each["quantity"]) for each in charge["periods"]}
    if min(weights.values()) < 0 or not any(weights.values()):
        return {}
    return allocation.allocate(SHARES, weights)


def _shades(charge: Mapping[str, Any]) -> dict[str, int]:
    """0 for the dearest period to 1000 for the cheapest."""
    prices = {line["trace"]["period"]: Decimal(line["price"]) for line in charge["lines"] if "period" in line["trace"]}
    codes = [each["code"] for each in charge["periods"]]
    ranked = sorted(codes, key=lambda code: (-prices.get(code, Decimal(0)), codes.index(code)))
    return {code: rank * SHADES // (len(ranked) - 1) for rank, code in enumerate(ranked)}


def _tax(tax: Mapping[str, Any], language: Language) -> list[str]:
    return [
        language.text(tax["text"]),
        language.number(tax["base"]),
        language.percent(tax["rate"]),
        language.number(tax["amount"]),
    ]


def _service(service: Mapping[str, Any], language: Language) -> list[str]:
    """What a service comes to: before taxes, each of them with its base, and with them."""
    taxes = [
        f"{language.text(tax['text'])} {language.percent(tax['rate'])}: {language.number(tax['amount'])}"
        for tax in service["taxes"]
    ]
    return [
        language.among("services", service["service"]),
        language.number(service["net"]),
        ", ".join(taxes),
        language.number(service["tax"]),
        language.number(service["total"]),
    ]


def _notes(content: Mapping[str, Any], language: Language, look: looks.Look) -> list[str]:
    kinds = (_estimates, _apportioned, _vacancies, _clock, tax_points)
    notes = [each for kind in kinds for each in kind(content, language)]
    return [*notes, *reaching(content, language, look), language.say("note_proof")]


def reaching(content: Mapping[str, Any], language: Language, look: looks.Look) -> list[str]:
    """This will say how a document is disputed, how its issuer is reached and when, and what a utility would ask."""
    operator = content["organization"]
    notes = [paying.own_text(look.dispute, language) or language.say("note_dispute", operator=operator["name"])]
    if operator.get("contact"):
        notes.append(language.say("note_contact", contact=operator["contact"]))
    if hours := paying.own_text(look.hours, language):
        notes.append(language.say("note_hours", hours=hours))
    if cost := paying.own_text(look.average_cost, language):
        notes.append(language.say("note_average_cost", cost=cost))
    return notes


def _estimates(content: Mapping[str, Any], language: Language) -> list[str]:
    said = []
    for name, counted in _all_counted(content, language):
        quality = counted["quality"]
        count = quality["estimated"]
        if count:
            figures = {"count": language.number(str(count)), "all": language.number(str(quality["intervals"]))}
            methods = dict.fromkeys(
                language.among("estimating", each["method"]) for each in counted.get("estimates", ())
            )
            if methods:
                figures["methods"] = ", ".join(methods)
            key = "note_estimate_by" if methods else "note_estimate_point"
            said.append(language.say(key, name=name, **figures))
    if len(said) > POINTS_NAMED:
        said[POINTS_NAMED:] = [language.say("more_units", count=str(len(said) - POINTS_NAMED))]
    return [language.say("note_estimates", points="; ".join(said))] if said else []


def _all_counted(content: Mapping[str, Any], language: Language) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Meter points, each followed by its further registers, by name."""
    for point in content["meter_points"]:
        name = point_name(point, language)
        yield name, point
        yield from ((f"{name}, {register_name(each, language)}", each) for each in point.get("registers", ()))


def _apportioned(content: Mapping[str, Any], language: Language) -> list[str]:
    """One note: measured between readings, but the amount depends on how the sum was spread over time."""
    said = [point_name(point, language) for point in content["meter_points"] if point.get("is_apportioned")]
    if len(said) > POINTS_NAMED:
        said[POINTS_NAMED:] = [language.say("more_units", count=str(len(said) - POINTS_NAMED))]
    return [language.say("note_apportioned", points="; ".join(said))] if said else []


def _vacancies(content: Mapping[str, Any], language: Language) -> list[str]:
    """One note, however many points: those that were vacant for the same time stand together."""
    spans: dict[tuple[str, str], list[str]] = {}
    for point in content["meter_points"]:
        if point["is_vacancy"]:
            spans.setdefault((point["from"], point["until"]), []).append(point_name(point, language))
    said = [
        language.say(
            "note_vacancy_part",
            names=", ".join(names),
            **{"from": language.moment(start), "until": language.moment(end)},
        )
        for (start, end), names in spans.items()
    ]
    return [language.say("note_vacancy", parts="; ".join(said))] if said else []


def _clock(content: Mapping[str, Any], language: Language) -> list[str]:
    period = content["period"]
    usual = period["days"] * HOURS_A_DAY * HOUR
    if len(period["offsets"]) < 2 or period["minutes"] == usual:
        return []
    return [language.say("note_clock", hours=language.length(period["minutes"]), usual=language.length(usual))]


def tax_points(content: Mapping[str, Any], language: Language) -> list[str]:
    """This will say by which day the rate of a tax holds, where it is one that changes (B-34)."""
    by_day, by_invoice = [], []
    for tax in content["taxes"]:
        trace, name = tax.get("trace", {}), language.text(tax["text"])
        if trace.get("tax_point") == "INVOICE":
            by_invoice.append(name)
        elif trace.get("tax_point") == "DELIVERY":
            final = date.fromisoformat(trace["until"]) - timedelta(days=1)
            days = {"from": language.day(date.fromisoformat(trace["from"])), "until": language.day(final)}
            by_day.append(language.say("note_tax_part", name=name, rate=language.percent(tax["rate"]), **days))
    said = [language.say("note_tax_days", parts="; ".join(by_day))] if by_day else []
    return said + ([language.say("note_tax_invoice", names=", ".join(by_invoice))] if by_invoice else [])


def legal(content: Mapping[str, Any], language: Language, look: looks.Look) -> list[str]:
    """This will return the words in small print: who issues it, how it is rounded, what is attached."""
    said = [
        language.say("legal", operator=content["organization"]["name"]),
        language.say("legal_rounding"),
        language.say("attached"),
    ]
    own = paying.own_text(look.legal, language)
    return [" ".join(said), *([own] if own else [])]
