"""What a bill settles of earlier ones that were estimated (B-22): an optional key of "meterbook-bill/1". Pure.

A finished content is taken and given back with the settlements in its sums; without any it stays as it is.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from meterbook.billing.content import banked, shared_costs
from meterbook.billing.content.digests import TAX, canonical, credit_code, tax_code
from meterbook.billing.content.parts import Content
from meterbook.kernel import currency as currencies
from meterbook.kernel import rounding

Plain = Mapping[str, Any]
KEY, NETTING = "settlements", "NETTING"
_LineKey = tuple[str, str, str, str]
_TaxKey = tuple[str, str]


def difference(before: Plain, now: Plain) -> dict[str, Any] | None:
    """This will say what an issued bill would be instead, in quantities and lines; None where both are the same.

    300 kWh were billed estimated and 270.492 were used: billed 300000, actual 270492, and for each line what it would
    be more or less. Shared costs, and what the bill itself settled, are left out: neither is estimated.

    :param before: the content that was issued
    :param now: the content of the same account, run and time from what is known now
    """
    points = _points(before, now)
    lines = _lines(before, now)
    banks = banked.difference(before, now)
    if not lines and not banks and all(each["billed"] == each["actual"] for each in points):
        return None
    old, new = _bases(before), _bases(now)
    taxes = [
        {"code": code, "rate": rate, "text": text, "base": str(base)}
        for (code, rate), text in sorted(_tax_texts(before, now).items())
        if (base := new.get((code, rate), Decimal(0)) - old.get((code, rate), Decimal(0)))
    ]
    net = sum((Decimal(each["amount"]) for each in lines), Decimal(0))
    more = {banked.KEY: banks} if banks else {}
    return {"meter_points": points, "lines": lines, "taxes": taxes, "net": str(net), **more}


def settle(content: Content, section: Sequence[Plain]) -> Content:
    """This will add settlements to a content: to its sums, taxes (each on the whole base, B-67) and postings."""
    if not section:
        return content
    data = json.loads(content.data)
    net, taxes, total = summed(content.net, data["taxes"], section, content.currency)
    inputs = hashlib.sha256(content.inputs_digest.encode() + canonical(section)).hexdigest()
    data |= {
        KEY: [dict(each) for each in section],
        "net": str(net),
        "tax": str(total - net),
        "taxes": taxes,
        "total": str(total),
        "inputs_digest": inputs,
    }
    written = canonical(data)
    return replace(
        content,
        data=written,
        digest=hashlib.sha256(written).hexdigest(),
        inputs_digest=inputs,
        net=net,
        total=total,
        postings=_postings(content, section, taxes, is_internal=bool(data.get("account", {}).get("is_internal"))),
        nets=_nets(content, section),
    )


def summed(
    net: Decimal, taxes: Iterable[Plain], section: Sequence[Plain], currency: str
) -> tuple[Decimal, list[dict[str, Any]], Decimal]:
    """This will return net, taxes and total of a bill with what it settles in them; taxes are as bills write them."""
    whole = net + sum((Decimal(each["net"]) for each in section), Decimal(0))
    merged = _merged(taxes, section, currency)
    return whole, merged, whole + sum((Decimal(each["amount"]) for each in merged), Decimal(0))


def netted(settled: Plain, now: Plain) -> Plain:
    """This will price a settlement by register netting: what was used less what was billed, at the new bill's price.

    A register from 1,000 over an estimated 1,300 to 1,550: 300 were billed, so 250 are left, all at what a unit costs
    in the new bill on average. With 1,250 at the end it is -50, a credit. Where the new bill has no use to take a price
    from, or a bank of energy fed in changes, the settlement stays as it is.

    :param settled: as `difference` gave it
    :param now: the content of the new bill, without settlements
    """
    if banked.KEY in settled:
        return settled
    lines, ratio = [], _ratios(settled)
    for point in settled["meter_points"]:
        own = [each for each in now["meter_points"] if each["public_id"] == point["public_id"]]
        metered = [
            (charge["tariff"]["code"], line)
            for each in own
            for charge in each["charges"]
            for line in charge["lines"]
            if line["unit"] == point["unit"]
        ]
        used = sum((_number(line["quantity"]) for _tariff, line in metered), Decimal(0))
        if used <= 0:
            return settled
        cost = sum((Decimal(line["amount"]) for _tariff, line in metered), Decimal(0))
        more = rounding.EXACT.scaleb(Decimal(point["actual"] - point["billed"]), -point["decimals"])
        tariff, line = max(metered, key=lambda each: abs(Decimal(each[1]["amount"])))
        places = currencies.minor_units(now["currency"])
        amount = rounding.round_fraction(Fraction(more) * Fraction(cost) / Fraction(used), places)
        names = {each: line[each] for each in ("component", "code", "text", "unit")}
        lines.append(
            {**names, "service": point["service"], "tariff": tariff, "quantity": str(more), "amount": str(amount)}
        )
    net = sum((Decimal(each["amount"]) for each in lines), Decimal(0))
    taxes = [{**each, "base": str(net if ratio[each["code"]] else Decimal(0))} for each in settled["taxes"]]
    return {**settled, "lines": lines, "taxes": taxes, "net": str(net), "strategy": NETTING}


def _ratios(settled: Plain) -> dict[str, bool]:
    """Whether a tax is on what is settled: on all of it or on nothing."""
    return {each["code"]: bool(Decimal(each["base"])) for each in settled["taxes"]}


def _points(before: Plain, now: Plain) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for name, source in (("billed", before), ("actual", now)):
        for point in source["meter_points"]:
            names = ("public_id", "code", "name", "service", "unit", "decimals")
            own = found.setdefault(
                point["public_id"], {**{each: point[each] for each in names}, "billed": 0, "actual": 0}
            )
            own[name] += point["quantity"]
    return [found[each] for each in sorted(found)]


def _lines(before: Plain, now: Plain) -> list[dict[str, Any]]:
    """By service, tariff, component and code of the line."""
    sums: dict[_LineKey, dict[str, Any]] = {}
    for sign, source in ((-1, before), (1, now)):
        for point in source["meter_points"]:
            for charge in point["charges"]:
                for line in charge["lines"]:
                    service = line.get("service", point["service"])
                    key = service, charge["tariff"]["code"], line["component"], line["code"]
                    own = sums.setdefault(
                        key,
                        {"text": line["text"], "unit": line["unit"], "quantity": Decimal(0), "amount": Decimal(0)},
                    )
                    own["amount"] += sign * Decimal(line["amount"])
                    own["quantity"] += sign * _number(line["quantity"])
    return [
        {
            "service": service,
            "tariff": tariff,
            "component": component,
            "code": code,
            "text": own["text"],
            "unit": own["unit"],
            "quantity": str(own["quantity"]),
            "amount": str(own["amount"]),
        }
        for (service, tariff, component, code), own in sorted(sums.items())
        if own["amount"]
    ]


def _number(text: str) -> Decimal:
    """A quantity may be a fraction of a month: 14/31 says nothing here, as its amount does."""
    return Decimal(0) if "/" in text else Decimal(text)


def _bases(content: Plain) -> dict[_TaxKey, Decimal]:
    """Of the charges alone."""
    bases = {(each["code"], each["rate"]): Decimal(each["base"]) for each in content["taxes"]}
    for tax in shared_costs.taxes(content.get("shared_costs", ()), content["currency"]):
        key = tax.code, str(tax.rate)
        bases[key] = bases.get(key, Decimal(0)) - tax.base
    for settled in content.get(KEY, ()):
        for each in settled["taxes"]:
            key = each["code"], each["rate"]
            bases[key] = bases.get(key, Decimal(0)) - Decimal(each["base"])
    return bases


def _tax_texts(*contents: Plain) -> dict[_TaxKey, Any]:
    return {(each["code"], each["rate"]): each["text"] for content in contents for each in content["taxes"]}


def _merged(own: Iterable[Plain], section: Sequence[Plain], currency: str) -> list[dict[str, Any]]:
    places = currencies.minor_units(currency)
    found = {(each["code"], each["rate"]): dict(each) for each in own}
    for tax in (each for settled in section for each in settled["taxes"]):
        key = tax["code"], tax["rate"]
        known = found.setdefault(key, {**tax, "base": "0"})
        base = Decimal(known["base"]) + Decimal(tax["base"])
        due = rounding.EXACT.multiply(base, Decimal(tax["rate"]))
        amount = rounding.round_decimal(due, places, rounding.RoundingMode.HALF_UP)
        known |= {"base": str(base), "amount": str(amount)}
    return [found[each] for each in sorted(found)]


def _postings(
    content: Content, section: Sequence[Plain], taxes: Iterable[Plain], *, is_internal: bool
) -> tuple[tuple[str, int], ...]:
    places = currencies.minor_units(content.currency)
    sums = {code: minor for code, minor in content.postings if not code.startswith(f"{TAX}-")}
    for line in (each for settled in section for each in settled["lines"]):
        code = credit_code(content.currency, line["service"], line["component"], is_internal=is_internal)
        sums[code] = sums.get(code, 0) - int(Decimal(line["amount"]).scaleb(places))
    for tax in taxes:
        code = tax_code(content.currency, tax["code"])
        sums[code] = sums.get(code, 0) - int(Decimal(tax["amount"]).scaleb(places))
    return tuple((code, minor) for code, minor in sorted(sums.items()) if minor)


def _nets(content: Content, section: Sequence[Plain]) -> tuple[tuple[str, Decimal], ...]:
    sums = dict(content.nets)
    for line in (each for settled in section for each in settled["lines"]):
        sums[line["tariff"]] = sums.get(line["tariff"], Decimal(0)) + Decimal(line["amount"])
    return tuple(sorted(sums.items()))
