"""From facts to the content of a bill (docs/reference/bill-format.md)."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

from meterbook.billing.content import counted, gas, marks, posting, services, shared_costs
from meterbook.billing.content.digests import canonical
from meterbook.billing.content.parts import (
    Charge,
    Content,
    Heading,
    Month,
    Plain,
    Point,
    Reference,
    TariffFacts,
)
from meterbook.kernel import currency as currencies
from meterbook.kernel import rounding
from meterbook.kernel import zones as kernel_zones
from meterbook.kernel.period import Period
from meterbook.kernel.rounding import RoundingMode
from meterbook.metering import zones
from meterbook.tariffs.rating import plain, taxing
from meterbook.tariffs.rating.lines import Line, Rated, TaxLine

FORMAT = "meterbook-bill/1"
HISTORY = 12  # months
ENGINE = "3"  # rises when the same facts would give other bytes
_HALF_A_DAY, _MICROSECOND = timedelta(hours=12), timedelta.resolution


def build(heading: Heading, points: Sequence[Point], shared: Sequence[shared_costs.Shared] = ()) -> Content:
    """This will make the content of a bill from its facts; the same facts give the same bytes.

    :param shared: what the account bears of costs that several share
    """
    charges = [(point, charge) for point in points for charge in point.charges]
    if heading.is_internal:
        charges, shared = _untaxed(charges), shared_costs.untaxed(shared)
    priced = [(charge.rated, charge.tariff.mode) for _point, charge in charges]
    net, taxes, total = sums(priced, shared, heading.currency)
    is_estimated = any(map(marks.is_estimated, points))
    is_apportioned = any(map(marks.is_apportioned, points))
    is_vacancy = any(point.is_vacancy for point in points)
    inputs = _inputs_digest(points, shared)
    data = canonical(
        {
            "format": FORMAT,
            "engine": ENGINE,
            "organization": heading.organization,
            "site": heading.site,
            "account": heading.account,
            "customer": heading.customer,
            "currency": heading.currency,
            "period": _period(heading),
            "is_estimated": is_estimated,
            **({"is_apportioned": True} if is_apportioned else {}),
            "is_vacancy": is_vacancy,
            **_language(heading, points),
            "meter_points": [_point(point, heading) for point in points],
            **shared_costs.section(shared),
            **services.section(charges, shared, taxes, heading.currency),
            "net": str(net),
            "tax": str(total - net),
            "taxes": [written_tax(tax) for tax in taxes],
            "total": str(total),
            "inputs_digest": inputs,
        }
    )
    return Content(
        data=data,
        digest=hashlib.sha256(data).hexdigest(),
        inputs_digest=inputs,
        currency=heading.currency,
        net=net,
        total=total,
        is_estimated=is_estimated,
        is_apportioned=is_apportioned,
        is_vacancy=is_vacancy,
        postings=posting.postings(charges, shared, taxes, heading.currency, is_internal=heading.is_internal),
        nets=posting.nets(charges, shared),
    )


def _untaxed(charges: Sequence[tuple[Point, Charge]]) -> list[tuple[Point, Charge]]:
    """What a cost center is charged is no sale: prices as the tariff says them, and no tax on them (M-063)."""
    return [(point, replace(each, rated=each.rated._replace(taxes=()))) for point, each in charges]


class Sums(NamedTuple):
    """What a bill comes to; `total` is `net` and the taxes."""

    net: Decimal
    taxes: list[TaxLine]
    total: Decimal


def sums(priced: Sequence[tuple[Rated, RoundingMode]], shared: Sequence[shared_costs.Shared], currency: str) -> Sums:
    """This will sum up what was priced, each with the rounding of its tariff, and shares of costs, with their taxes.

    Each tax is due once, on the sum of the rounded lines of all charges (B-67): 0.21 on 10.02 and 10.02 is 4.21, where
    each by itself would have 2.10.
    """
    zero = Decimal(0).scaleb(-currencies.minor_units(currency))
    gross = sum((line.amount for rated, _mode in priced for line in rated.lines), zero)
    listed = [(tax, mode) for rated, mode in priced for tax in rated.taxes]
    listed += [(tax, RoundingMode.HALF_UP) for tax in shared_costs.taxes(shared, currency)]
    taxes = taxing.merge(listed, currencies.minor_units(currency))
    net = gross + shared_costs.net(shared) - sum((tax.amount for tax in taxes if tax.is_inclusive), zero)
    return Sums(net, taxes, net + sum((tax.amount for tax in taxes), zero))


@functools.lru_cache(maxsize=256)
def _offsets(period: Period, zone: ZoneInfo) -> tuple[str, ...]:
    """Offsets in force in a period, in order. Clocks change a few times a year at most: half days tell them all."""
    found: list[str] = []
    for part in period.steps(_HALF_A_DAY):
        for instant in (part.start, part.end - _MICROSECOND):
            offset = instant.astimezone(zone).isoformat()[-len("+00:00") :]
            if not found or found[-1] != offset:
                found.append(offset)
    return tuple(found)


def _period(heading: Heading) -> Plain:
    period, zone = heading.period, heading.zone
    return {
        **_zone(period, zone, heading.site["zone"]),
        "from": counted.say(period.start, zone),
        "until": counted.say(period.end, zone),
        "days": heading.days,
        "minutes": int(period.duration.total_seconds()) // 60,
        "offsets": _offsets(period, zone),
    }


def _language(heading: Heading, points: Sequence[Point]) -> Plain:
    """The language of the document, where a meter point asks for another than the customer's (M-012)."""
    own = {point.language for point in points}
    found = zones.language_of(own, account=heading.language, site="", organization="")
    return {"language": found} if found and found != heading.customer.get("language") else {}


def _zone(period: Period, zone: ZoneInfo, of_site: str) -> Plain:
    """The zone at the end of a time, said where it is another than the site's."""
    name = kernel_zones.key_at(zone, period.end - _MICROSECOND)
    return {} if name == of_site else {"zone": name}


def _point(point: Point, heading: Heading) -> Plain:
    zone = point.zone or heading.zone
    own = _zone(point.period, zone, heading.site["zone"])
    return {
        "public_id": point.public_id,
        "code": point.code,
        "name": point.name,
        "unit_name": point.unit_name,
        "service": point.service,
        **({**own, "offsets": _offsets(point.period, zone)} if own else {}),
        "from": counted.say(point.period.start, zone),
        "until": counted.say(point.period.end, zone),
        "days": point.days,
        "is_vacancy": point.is_vacancy,
        **counted.section(point, zone),
        **counted.registers(point, zone),
        **({"is_apportioned": True} if marks.is_apportioned(point) else {}),
        "daily_average": daily_average(point.quantity, point.days, point.decimals),
        "history": [_month(each) for each in point.history[-HISTORY:]],
        **_last_year(point),
        "charges": [_charge(each, zone) for each in point.charges],
    }


def _month(month: Month) -> Plain:
    return {
        "month": month.first.isoformat()[: len("2026-01")],
        "quantity": month.quantity,
        "days": month.days,
        "is_estimated": month.is_estimated,
    }


def _last_year(point: Point) -> Plain:
    """The same month of the year before, where it is on record and was the account's own."""
    before = point.history[:-HISTORY]
    return {"last_year": _month(before[-1])} if before and before[-1].quantity is not None else {}


def daily_average(quantity: int, days: int, decimals: int) -> str:
    """This will return a quantity a day in units, rounded half up: 3298800 in 31 days with 3 decimals is 106.413."""
    if not days:
        return str(Decimal(0).scaleb(-decimals))
    return str(Decimal(rounding.divide(quantity, days)).scaleb(-decimals, context=rounding.EXACT))


def _charge(charge: Charge, zone: ZoneInfo) -> Plain:
    rated = charge.rated
    return {
        "from": counted.say(charge.period.start, zone),
        "until": counted.say(charge.period.end, zone),
        "days": charge.days,
        "tariff": {
            "code": charge.tariff.code,
            "name": charge.tariff.name,
            "version": charge.tariff.version,
            "digest": charge.tariff.digest,
            **_calendar(charge.tariff),
            **({"tax_point": charge.tariff.tax_point.value} if charge.tariff.tax_point else {}),
        },
        "quantity": charge.quantity,
        **({} if charge.inputs is None else {"inputs": charge.inputs}),
        **gas.section(charge.converted, zone),
        "periods": [
            {"code": each.code, "text": each.text, "quantity": str(each.quantity), "intervals": each.intervals}
            for each in rated.periods
        ],
        "lines": list(map(_line, rated.lines)),
        "net": str(rated.net),
    }


def _calendar(tariff: TariffFacts) -> Plain:
    if tariff.calendar is None:
        return {}
    code, version = tariff.calendar
    return {"calendar": {"code": code, "version": version}}


def _line(line: Line) -> Plain:
    return {
        "code": line.code,
        "component": line.component,
        "text": line.text,
        **({"service": line.trace["service"]} if "service" in line.trace else {}),
        "quantity": line.quantity,
        "unit": line.unit,
        "price": plain.written(line.price),
        "exact": plain.written(line.exact),
        "amount": str(line.amount),
        "trace": line.trace,
    }


def written_tax(tax: TaxLine) -> Plain:
    """This will write a tax as bills do."""
    return {
        "code": tax.code,
        "text": tax.text,
        "rate": str(tax.rate),
        "base": str(tax.base),
        "amount": str(tax.amount),
        **({"trace": dict(tax.trace)} if tax.trace else {}),
    }


def _inputs_digest(points: Iterable[Point], shared: Sequence[shared_costs.Shared] = ()) -> str:
    """Over what the figures were made from: blocks, registers, versions and times, a line each."""
    words: list[str] = []
    for point in points:
        words.append(blocks_words(point.reference, point.period, point.days))
        words.extend(counted.words(point))
        for each in point.registers:
            words.append(f"{each.code} {each.reference.series} {each.reference.digest}")
            words.extend(counted.words(each))
        words.extend(charge_words(each.period, each.tariff) for each in point.charges)
    return digest_of([*words, *shared_costs.words(shared)])


def digest_of(words: Iterable[str]) -> str:
    """This will return the SHA-256, in hexadecimal, over what a bill was made from."""
    return hashlib.sha256("\n".join([ENGINE, *words]).encode()).hexdigest()


def blocks_words(reference: Reference, period: Period, days: int) -> str:
    """This will name the blocks of a meter point for the digest of a bill's inputs."""
    return f"{reference.series} {_text_of(period)} {days} {reference.digest}"


@functools.lru_cache(maxsize=1_024)
def _text_of(period: Period) -> str:
    return f"{period.start} {period.end}"


def charge_words(period: Period, tariff: TariffFacts) -> str:
    """This will name a charge there: its time, version, the version of its calendar, the tax point of rates."""
    named = [tariff.digest, *(tariff.calendar or ()), *([tariff.tax_point.value] if tariff.tax_point else [])]
    return " ".join(map(str, (period.start, period.end, *named)))
