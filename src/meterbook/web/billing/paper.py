"""A bill's content ("meterbook-bill/1") as the rows that its page shows. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from meterbook.documents.rendering import sections
from meterbook.kernel import allocation
from meterbook.kernel.quality import Quality
from meterbook.kernel.quantity import Unit
from meterbook.metering.estimating.inputs import Method
from meterbook.metering.values import SOURCE_CAPTIONS, TARIFF_SERIES, Source, series_types
from meterbook.reporting.queries import explaining
from meterbook.tariffs.rating.tax_points import TaxPoint
from meterbook.web import estimate_words
from meterbook.web.billing import history, lines, words, workings
from meterbook.web.billing.paper_parts import (
    Charge,
    Counter,
    Paper,
    Point,
    QualityPart,
    RegisterReading,
    Segment,
    Service,
    Settlement,
    Tax,
)
from meterbook.web.meters import captions
from meterbook.web.meters import history as meter_history
from meterbook.web.templatetags import meterbook as tags

Plain = Mapping[str, Any]
REGISTER_NAMES = {
    "energy_import": "1.8.0",
    "energy_export": "2.8.0",
    "energy_reactive_import": "3.8.0",
    "energy_reactive_export": "4.8.0",
    "energy_apparent": "9.8.0",
    **{code: f"1.8.{number}" for number, code in enumerate(TARIFF_SERIES, 1)},
}


def read(content: Plain) -> Paper:
    """This will turn the content of a bill into what its page shows, in the page's language."""
    period, currency = content["period"], content["currency"]
    zone = ZoneInfo(period.get("zone") or content["site"]["zone"])
    points = tuple(_by_service(content))
    tariffs = {
        _("%(tariff)s, version %(version)s") % {"tariff": each.tariff, "version": each.version}: None
        for point in points
        for each in point.charges
    }
    return Paper(
        title=words.title(period),
        edges=words.edges(period, zone),
        days=period["days"],
        hours=words.hours(period["minutes"]),
        currency=currency,
        site=content["site"]["name"],
        zone=zone,
        account=content["account"]["number"],
        account_public_id=content["account"]["public_id"],
        is_landlord=content["account"]["is_landlord"],
        customer=content["customer"]["name"],
        is_estimated=content["is_estimated"],
        is_apportioned=content.get("is_apportioned", False),
        is_vacancy=content["is_vacancy"],
        points=points,
        net=words.amount(content["net"], currency),
        taxes=tuple(_tax(each, currency) for each in content["taxes"]),
        total=words.amount(content["total"], currency),
        total_decimal=Decimal(content["total"]),
        inputs_digest=content["inputs_digest"],
        engine=content["engine"],
        tariffs="; ".join(tariffs),
        settlements=tuple(_settlement(each, currency) for each in content.get("settlements", ())),
        services=tuple(_service(each, currency) for each in content.get("services", ())),
    )


def _service(service: Plain, currency: str) -> Service:
    taxes = (_tax(each, currency) for each in service["taxes"])
    return Service(
        name=words.service(service["service"]),
        net=words.amount(service["net"], currency),
        taxes=", ".join(f"{each.name} {each.rate}: {each.amount}" for each in taxes),
        tax=words.amount(service["tax"], currency),
        total=words.amount(service["total"], currency),
    )


def _settlement(settled: Plain, currency: str) -> Settlement:
    uses = (
        _("%(name)s: previously billed estimated %(billed)s %(unit)s, actual %(actual)s %(unit)s")
        % {
            "name": each["name"],
            "billed": words.tidy(str(words.scaled(each["billed"], each["decimals"]))),
            "actual": words.tidy(str(words.scaled(each["actual"], each["decimals"]))),
            "unit": Unit(each["unit"]).symbol,
        }
        for each in settled["meter_points"]
    )
    return Settlement(
        number=settled["bill"],
        public_id=settled["public_id"],
        span=words.span(settled),
        account=settled.get("account", ""),
        uses=tuple(uses),
        lines=tuple(
            (
                words.said(each["text"]),
                words.tidy(each["quantity"]),
                words.unit_of(each["unit"], each["quantity"]),
                words.amount(each["amount"], currency),
            )
            for each in settled["lines"]
        ),
        net=words.amount(settled["net"], currency),
    )


def _by_service(content: Plain) -> Iterator[Point]:
    """The meter points, those of one service together, the last one with what all of them cost."""
    currency = content["currency"]
    found, seen = sections.by_service(content), set[int]()
    for section in found:
        for place in section.places:
            point = _point(place, content["meter_points"][place], section.service, currency)
            point = replace(point, is_further=place in seen)
            seen.add(place)
            is_last = place == section.places[-1] and sections.are_summed(found)
            yield replace(point, service_net=words.amount(str(section.net), currency)) if is_last else point


def _tax(tax: Plain, currency: str) -> Tax:
    rate = words.tidy(str(Decimal(tax["rate"]) * 100))
    name = words.said(tax["text"])
    base, amount = (words.amount(tax[key], currency) for key in ("base", "amount"))
    return Tax(name, f"{rate}\u00a0%", base, amount, _tax_point(tax.get("trace", {})))


def _tax_point(trace: Plain) -> str:
    """By which day the rate holds, where it is one that changes (B-34)."""
    if trace.get("tax_point") == TaxPoint.INVOICE:
        return _("the rate of the date of the bill")
    if trace.get("tax_point") == TaxPoint.DELIVERY:
        return _("the rate of the days %(days)s") % {"days": words.days(trace)}
    return ""


def _point(index: int, point: Plain, service: str, currency: str) -> Point:
    """A meter point with its lines for a service."""
    icon, tone = words.icon(service), words.TONES.get(service, "other")
    unit = Unit(point["unit"]).symbol
    adjustment = words.tidy(str(words.scaled(point["adjustment"], point["decimals"]))) if point["adjustment"] else ""
    return Point(
        index=index,
        public_id=point["public_id"],
        code=point["code"],
        name=point["name"],
        place=point["unit_name"] or "",
        service=words.service(service),
        icon=icon,
        tone=tone,
        span=words.span(point),
        days=point["days"],
        is_vacancy=point["is_vacancy"],
        segments=tuple(_segment(each, unit, point["decimals"]) for each in point["segments"]),
        adjustment=adjustment,
        quantity=words.tidy(str(words.scaled(point["quantity"], point["decimals"]))),
        unit=unit,
        daily_average=words.tidy(point["daily_average"]),
        zone=point.get("zone", ""),
        quality=tuple(_quality(point["quality"])),
        estimates=tuple(_estimates(point, unit)),
        charges=tuple(_charges(index, point, service, currency)),
        chart=history.draw(point),
        workings=workings.of_point(point),
        registers=tuple(_counter(each, point) for each in explaining.registers_of(point)),
    )


def _counter(own: Plain, point: Plain) -> Counter:
    """A further register, with the names of the lines that were priced from it."""
    unit, decimals = Unit(own["unit"]).symbol, own["decimals"]
    priced = [each for charge in point["charges"] for each in charge["lines"] if each["component"] in own["components"]]
    known = series_types()
    return Counter(
        code=own["code"],
        name=str(known[own["code"]].caption) if own["code"] in known else own["code"],
        by=", ".join(dict.fromkeys(words.said(each["text"]) for each in priced)),
        segments=tuple(_segment(each, unit, decimals) for each in own["segments"]),
        adjustment=words.tidy(str(words.scaled(own["adjustment"], decimals))) if own["adjustment"] else "",
        quantity=words.tidy(str(words.scaled(own["quantity"], decimals))),
        unit=unit,
        quality=tuple(_quality(own["quality"])),
        estimates=tuple(_estimates(own, unit)),
    )


def _segment(segment: Plain, unit: str, decimals: int) -> Segment:
    register_unit = Unit(segment["unit"]).symbol
    previous, present = (
        _reading(segment[end], caption, segment["decimals"], register_unit)
        for end, caption in (("previous", _("Before")), ("present", _("Now")))
    )
    return Segment(
        serial=segment["serial"],
        model=meter_history.model_name(segment["model"]),
        register=str(REGISTER_NAMES.get(segment["register"], segment["register"])),
        readings=(previous, present),
        difference=tags.number(words.scaled(segment["difference"], segment["decimals"]), segment["decimals"]),
        register_unit=register_unit,
        multiplier=segment["multiplier"].replace("/", words.FRACTION),
        corrected=words.corrected(segment),
        quantity=words.tidy(str(words.scaled(segment["quantity"], decimals))),
        unit=unit,
    )


def _reading(register: Plain, caption: str, decimals: int, unit: str) -> RegisterReading:
    known = {each.name: each for each in Source}
    source: str | Promise = register["source"] or _("worked out from the intervals")
    if register["source"] in known:
        source = SOURCE_CAPTIONS[known[register["source"]]]
    elif register["source"] == "EXCHANGE":
        source = _("noted when the meter was hung or taken down")
    elif register["source"] == "CORRECTION":
        source = _("set by a person")
    elif register["source"] in words.COUNTED_ON:
        source = words.COUNTED_ON[register["source"]]
    return RegisterReading(
        caption=caption,
        at=words.moment(register["at"]),
        value=tags.number(words.scaled(register["value"], decimals), decimals),
        unit=unit,
        chip=captions.QUALITIES[Quality[register["quality"]]],
        source=source,
        instant=words.stamp(words.instant(register["at"])),
    )


def _estimates(counted: Plain, unit: str) -> Iterator[str]:
    yield from (_estimate(each, unit, counted["decimals"]) for each in counted.get("estimates", ()))
    yield from (_estimate(each, unit, counted["decimals"], is_spread=True) for each in counted.get("apportioned", ()))


def _estimate(estimate: Plain, unit: str, decimals: int, *, is_spread: bool = False) -> str:
    """By which method time was estimated, and what that gave; or over which time measured use was spread."""
    known = {each.value: each for each in Method}
    method = estimate["method"]
    told = {
        "start": words.moment(estimate["from"]),
        "end": words.moment(estimate["until"]),
        "quantity": words.tidy(str(words.scaled(estimate["quantity"], decimals))),
        "unit": unit,
        "method": estimate_words.method(known[method]) if method in known else method,
    }
    if is_spread:
        return _("Measured from %(start)s to %(end)s as one sum, %(quantity)s %(unit)s; spread by usual hours") % told
    return _("Estimated from %(start)s to %(end)s, %(quantity)s %(unit)s: %(method)s") % told


def _quality(quality: Plain) -> list[QualityPart]:
    parts = (
        (_("measured"), "ok", "check", quality["measured"]),
        (_("estimated"), "estimated", "estimated", quality["estimated"]),
        (_("measured between readings, apportioned by time"), "", "clock", quality["interpolated"]),
        (_("entered by a person"), "", "edit", quality["edited"]),
    )
    shown = [each for each in parts if each[-1]]
    # Tenths of a percent that sum to 100.
    shares = allocation.allocate(1_000, {each[0]: each[-1] for each in shown}) if shown else {}
    return [
        QualityPart(caption, tone, icon, tags.number(count), words.tidy(str(Decimal(shares[caption]) / 10)))
        for caption, tone, icon, count in shown
    ]


def _charges(index: int, point: Plain, service: str, currency: str) -> Iterator[Charge]:
    """Those with lines for a service; those without any line are shown as well."""
    for place, each in enumerate(point["charges"]):
        chosen = [number for number, line in enumerate(each["lines"]) if sections.of_line(point, line) == service]
        if chosen or not each["lines"]:
            yield _charge((index, place), point, chosen, service, currency)


def _charge(place: tuple[int, int], point: Plain, chosen: Sequence[int], service: str, currency: str) -> Charge:
    charge = point["charges"][place[1]]
    rows = {number: charge["lines"][number] for number in chosen}
    tariff, icon, tone = charge["tariff"], words.icon(service), words.TONES.get(service, "other")
    return Charge(
        tariff=words.said(tariff["name"]),
        version=tariff["version"],
        code=tariff["code"],
        span=words.span(charge),
        net=words.amount(charge["net"], currency),
        lines=tuple(
            lines.read((*place, number), row, charge, icon, tone, currency, explaining.taken(point, row))
            for number, row in rows.items()
        ),
    )
