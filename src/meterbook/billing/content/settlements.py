"""What a bill settles of earlier ones that were estimated (B-22): an optional key of "meterbook-bill/1". Pure.

A finished content is taken and given back with the settlements in its sums; without any it stays as it is.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from meterbook.billing.content import banked, shared_costs
from meterbook.billing.content.digests import TAX, canonical, credit_code, tax_code
from meterbook.billing.content.parts import Content
from meterbook.kernel import allocation, rounding
from meterbook.kernel import currency as currencies
from meterbook.tariffs.rating import taxing

Plain = Mapping[str, Any]
KEY, NETTING = "settlements", "NETTING"
_LineKey = tuple[str, str, str, str]
_TaxKey = tuple[str, str, str]  # code, rate and kind
_KINDS = frozenset({"inclusive", "exempt", "reverse_charge", "taxes"})  # of taxes that are not a rate of lines alone
_NOT_DUE = frozenset({"exempt", "reverse_charge"})


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
    owns = _owns(before, now)
    taxes = [
        {"code": key[0], "rate": key[1], "text": told["text"], "base": str(base), **_trace(told, owns[key])}
        for key, told in sorted(_told(before, now).items())
        if (base := new.get(key, Decimal(0)) - old.get(key, Decimal(0)))
    ]
    net = sum((Decimal(each["amount"]) for each in lines), Decimal(0))
    more = {banked.KEY: banks} if banks else {}
    return {"meter_points": points, "lines": lines, "taxes": taxes, "net": str(net), **more}


def settle(content: Content, section: Sequence[Plain]) -> Content:
    """This will add settlements to a content: to its sums, taxes (each on the whole base, B-67) and postings."""
    if not section:
        return content
    data = json.loads(content.data)
    before = _held(data["taxes"])
    net, taxes, total = summed(content.net, data["taxes"], section, content.currency)
    held = _held(taxes) - before
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
    return content._replace(
        data=written,
        digest=hashlib.sha256(written).hexdigest(),
        inputs_digest=inputs,
        net=net,
        total=total,
        postings=_postings(content, section, (held, taxes), bool(data.get("account", {}).get("is_internal"))),
        nets=_nets(content, section, held),
    )


def summed(
    net: Decimal, taxes: Iterable[Plain], section: Sequence[Plain], currency: str
) -> tuple[Decimal, list[dict[str, Any]], Decimal]:
    """This will return net, taxes and total of a bill with what it settles in them; taxes are as bills write them.

    What is settled is at prices as the lines have them: a tax that they hold is taken out of the net.
    """
    own = list(taxes)
    merged = _merged(own, section, currency)
    whole = net + sum((Decimal(each["net"]) for each in section), Decimal(0)) - (_held(merged) - _held(own))
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
    taxes = [_of_net(each, net if ratio[each["code"]] else Decimal(0)) for each in settled["taxes"]]
    return {**settled, "lines": lines, "taxes": taxes, "net": str(net), "strategy": NETTING}


def _of_net(tax: Plain, net: Decimal) -> dict[str, Any]:
    own = {"trace": {**tax["trace"], "own": str(net)}} if "own" in tax.get("trace", {}) else {}
    return {**tax, "base": str(net), **own}


def residue(settled: Plain, again: Plain) -> Plain:
    """This will say what register netting made otherwise than pricing again, where the earlier bill is priced anew.

    Netted 250 at 0.18 are 45.00, priced again they are 40.00: with the 40.00 in the earlier bill, 5.00 are left.

    :param settled: as `netted` gave it
    :param again: the difference of the same bill, as `difference` gave it
    """
    turned = [{**each, "quantity": _less(each["quantity"]), "amount": _less(each["amount"])} for each in again["lines"]]
    lines = [*settled["lines"], *turned]
    taxes = {_key(each): dict(each) for each in settled["taxes"]}
    for each in again["taxes"]:
        known = taxes.setdefault(_key(each), {**each, "base": "0", **_without_own(each)})
        known["base"] = str(Decimal(known["base"]) - Decimal(each["base"]))
        if "own" in known.get("trace", {}):
            known["trace"] = {**known["trace"], "own": str(_own(known) - _own(each))}
    net = sum((Decimal(each["amount"]) for each in lines), Decimal(0))
    return {**settled, "lines": lines, "taxes": list(taxes.values()), "net": str(net)}


def _less(text: str) -> str:
    return str(-Decimal(text))


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
    bases = {_key(each): Decimal(each["base"]) for each in content["taxes"]}
    for tax in shared_costs.taxes(content.get("shared_costs", ()), content["currency"]):
        key = _key({"code": tax.code, "rate": str(tax.rate), "trace": tax.trace})
        bases[key] = bases.get(key, Decimal(0)) - tax.base
    for settled in content.get(KEY, ()):
        for each in settled["taxes"]:
            key = _key(each)
            bases[key] = bases.get(key, Decimal(0)) - Decimal(each["base"])
    return bases


def _told(*contents: Plain) -> dict[_TaxKey, Plain]:
    return {_key(each): each for content in contents for each in content["taxes"]}


def _key(tax: Plain) -> _TaxKey:
    """A tax that somebody is exempt from, or that prices hold, is another one than the same on top."""
    return tax["code"], tax["rate"], ",".join(sorted(_KINDS & tax.get("trace", {}).keys()))


def _trace(tax: Plain, own: Decimal) -> dict[str, Plain]:
    """What kind of tax it is and what it is on; nothing for a plain one.

    :param own: what a tax on earlier taxes has of lines
    """
    kept = {name: value for name, value in tax.get("trace", {}).items() if name in (*_KINDS, "components")}
    return {"trace": {**kept, **({"own": str(own)} if "taxes" in kept else {})}} if _key(tax)[2] else {}


def _owns(before: Plain, now: Plain) -> dict[_TaxKey, Decimal]:
    """By how much the lines are more that a tax on earlier taxes is on."""
    found: dict[_TaxKey, Decimal] = defaultdict(Decimal)
    for sign, content in ((-1, before), (1, now)):
        for each in content["taxes"]:
            found[_key(each)] += sign * _own(each)
        for each in (tax for settled in content.get(KEY, ()) for tax in settled["taxes"]):
            found[_key(each)] -= sign * _own(each)
    return found


def _own(tax: Plain) -> Decimal:
    return Decimal(tax.get("trace", {}).get("own", "0"))


def _held(taxes: Iterable[Plain]) -> Decimal:
    """The taxes that prices hold."""
    return sum((Decimal(each["amount"]) for each in taxes if "inclusive" in _key(each)[2]), Decimal(0))


def _merged(own: Iterable[Plain], section: Sequence[Plain], currency: str) -> list[dict[str, Any]]:
    places = currencies.minor_units(currency)
    found = {_key(each): dict(each) for each in own}
    for tax in (each for settled in section for each in settled["taxes"]):
        key = _key(tax)
        known = found.setdefault(key, {**tax, "base": "0", **_without_own(tax)})
        if "own" in known.get("trace", {}):
            known["trace"] = {**known["trace"], "own": str(_own(known) + _own(tax))}
        known |= _due(known, Decimal(known["base"]) + Decimal(tax["base"]), places)
    for known in found.values() if section else ():
        _on_earlier(known, list(found.values()), places)
    return [found[each] for each in sorted(found)]


def _without_own(tax: Plain) -> dict[str, Plain]:
    return {"trace": {**tax["trace"], "own": "0"}} if "own" in tax.get("trace", {}) else {}


def _on_earlier(tax: dict[str, Any], listed: Sequence[Plain], places: int) -> None:
    """A tax on earlier taxes is on what these come to now, where each has one rate (B-67)."""
    codes = tax.get("trace", {}).get("taxes", ())
    earlier = [each for each in listed if each["code"] in codes]
    if "own" in tax.get("trace", {}) and len(earlier) == len(set(codes)):
        tax |= _due(tax, _own(tax) + sum((Decimal(each["amount"]) for each in earlier), Decimal(0)), places)


def _due(tax: Plain, base: Decimal, places: int) -> dict[str, str]:
    kind, amount = _key(tax)[2].split(","), Decimal(0).scaleb(-places)
    if not _NOT_DUE & set(kind):
        mode, is_inclusive = rounding.RoundingMode.HALF_UP, "inclusive" in kind
        amount = taxing.due(base, Decimal(tax["rate"]), places, mode, is_inclusive=is_inclusive)
    return {"base": str(base), "amount": str(amount)}


def _postings(
    content: Content, section: Sequence[Plain], more: tuple[Decimal, Iterable[Plain]], is_internal: bool
) -> tuple[tuple[str, int], ...]:
    """Incomes and taxes; `more`: by how much the taxes that prices hold are more, which is no income, and all taxes."""
    places, (held, taxes) = currencies.minor_units(content.currency), more
    sums = {code: minor for code, minor in content.postings if not code.startswith(f"{TAX}-")}
    by_code = [
        (credit_code(content.currency, line["service"], line["component"], is_internal=is_internal), line)
        for settled in section
        for line in settled["lines"]
    ]
    for code, line in by_code:
        sums[code] = sums.get(code, 0) - int(Decimal(line["amount"]).scaleb(places))
    for code, share in _shared(held, by_code, places).items():
        sums[code] = sums.get(code, 0) + share
    for tax in taxes:
        code = tax_code(content.currency, tax["code"])
        sums[code] = sums.get(code, 0) - int(Decimal(tax["amount"]).scaleb(places))
    return tuple((code, minor) for code, minor in sorted(sums.items()) if minor)


def _shared(held: Decimal, lines: Iterable[tuple[str, Plain]], places: int) -> dict[str, int]:
    """A tax that prices hold, divided by the amounts of lines, in the smallest unit."""
    weights: dict[str, Decimal] = {}
    for key, line in lines:
        weights[key] = weights.get(key, Decimal(0)) + abs(Decimal(line["amount"]))
    return allocation.allocate(int(held.scaleb(places)), weights) if held and any(weights.values()) else {}


def _nets(content: Content, section: Sequence[Plain], held: Decimal) -> tuple[tuple[str, Decimal], ...]:
    sums, places = dict(content.nets), currencies.minor_units(content.currency)
    lines = [each for settled in section for each in settled["lines"]]
    for line in lines:
        sums[line["tariff"]] = sums.get(line["tariff"], Decimal(0)) + Decimal(line["amount"])
    for tariff, share in _shared(held, [(each["tariff"], each) for each in lines], places).items():
        sums[tariff] -= Decimal(share).scaleb(-places)
    return tuple(sorted(sums.items()))
