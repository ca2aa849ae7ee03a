"""Work out every share of an allocation sheet again, from nothing but the sheet ("meterbook-sheet/1").

    python recompute.py sheet.json

It needs Python 3.9 or newer and nothing else, trusts no figure that it can work out, and ends with 0 where all are
equal and with 1 where one is not.
"""

from __future__ import annotations

import json
import sys
from fractions import Fraction
from typing import Any

Plain = dict[str, Any]


def differences(sheet: Plain) -> list[str]:
    """This will return what is not as it should be, a sentence each; nothing when every figure is right."""
    found: list[str] = []
    cent = Fraction(1, 10 ** sheet["decimals"])
    lines = sheet["lines"]
    for line in lines:
        if line.get("price") and line.get("mode") == "HALF_UP":
            exact = Fraction(line["quantity"]) * Fraction(line["price"])
            _compare(found, "line " + line["text"], _half_up(exact / cent) * cent, line["amount"])
        if line["kind"] == "CEILING":  # what a price made above the supplier's invoice
            priced = sum(Fraction(each["amount"]) for each in lines if each["kind"] in ("METER", "TARIFF"))
            _compare(found, "charged before the limit", priced, line["charged"])
            _compare(found, "taken off by the limit", Fraction(line["paid"]) - priced, line["amount"])
    _compare(found, "total", sum(Fraction(each["amount"]) for each in lines), sheet["total"])
    before = [each for each in sheet["landlord"] if "part" not in each]
    shared = Fraction(sheet["total"]) - sum(Fraction(each["amount"]) for each in before)
    _compare(found, "shared", shared, sheet["shared"])
    _parts(found, sheet, shared, cent, "amount", "share", "extra")
    if "quantity" in sheet:
        step = Fraction(1, 10 ** sheet["quantity"]["decimals"])
        left = sum(Fraction(each.get("quantity", 0)) for each in before)
        spread = Fraction(sheet["quantity"]["total"]) - left
        _compare(found, "shared quantity", spread, sheet["quantity"]["shared"])
        _parts(found, sheet, spread, step, "quantity", "quantity", "quantity_extra")
    return found


def _parts(
    found: list[str], sheet: Plain, whole: Fraction, step: Fraction, of_part: str, of_row: str, of_extra: str
) -> None:
    if sheet.get("division") == "EACH":  # each line by itself: part 1 is line 1
        amounts = {
            str(place): Fraction(line["amount"]) - Fraction(line.get("left", 0))
            for place, line in enumerate(sheet["lines"], start=1)
        }
        _compare(found, "number of parts", len(amounts), len(sheet["parts"]))
    else:
        percents = {str(each["number"]): Fraction(each["percent"]) for each in sheet["parts"]}
        amounts, _extra = _largest_remainder(whole, percents, step)
    for part in sheet["parts"]:
        name = f"part {part['number']}"
        amount = amounts[str(part["number"])]
        _compare(found, f"{name}: {of_part}", amount, part[of_part])
        weights = {}
        for row in part["rows"]:
            weight = Fraction(0)
            for span in row["spans"]:
                weight += Fraction(span["value"]) * (span["days"] if part["is_daily"] else 1)
            weights[row["key"]] = Fraction(0) if row.get("is_redistributed") else weight
            _compare(found, f"{name}, {row['key']}: weight", weights[row["key"]], row["weight"])
        _compare(found, f"{name}: sum of weights", sum(weights.values()), part["weight"])
        shares, extra = _largest_remainder(amount, weights, step)
        if sheet["rounding"] == "LANDLORD":
            shares = {key: share - extra[key] * step for key, share in shares.items()}
            extra = dict.fromkeys(shares, 0)
        total = sum(weights.values())
        for row in part["rows"]:
            place = f"{name}, {row['key']}: "
            share = shares[row["key"]]
            if of_row == "share":
                _compare(found, place + "exact share", amount * weights[row["key"]] / total, row["ideal"])
                share = _capped(found, place, share, sheet["cap"], row, step) - Fraction(row.get("left", 0))
            _compare(found, place + of_row, share, row[of_row])
            _compare(found, place + of_extra, Fraction(extra[row["key"]]), row[of_extra])
        borne = sum(Fraction(each.get(of_part, 0)) for each in sheet["landlord"] if each.get("part") == part["number"])
        together = sum(Fraction(row[of_row]) for row in part["rows"]) + borne
        _compare(found, f"{name}: sum of the shares and what the landlord bears", amount, str(together))


def _largest_remainder(
    whole: Fraction, weights: dict[str, Fraction], step: Fraction
) -> tuple[dict[str, Fraction], dict[str, int]]:
    """Rounded toward zero; units left over go one by one to the largest remainders, ties to the first key."""
    sign = -1 if whole < 0 else 1
    units = abs(whole) / step
    total = sum(weights.values())
    ideals = {key: units * weight / total for key, weight in weights.items()}
    floors = {key: ideal.numerator // ideal.denominator for key, ideal in ideals.items()}
    left = int(units) - sum(floors.values())
    extra = dict.fromkeys(floors, 0)
    for key in sorted(floors, key=lambda each: (floors[each] - ideals[each], each))[:left]:
        extra[key] = sign
    return {key: (sign * floors[key] + extra[key]) * step for key in floors}, extra


def _capped(found: list[str], place: str, share: Fraction, cap: str, row: Plain, step: Fraction) -> Fraction:
    if not cap:
        return share
    units = Fraction(cap) / step
    most = (units.numerator // units.denominator) * step
    kept = max(min(share, most), -most)
    _compare(found, place + "above the cap", share - kept, row.get("over", "0"))
    return kept


def _half_up(value: Fraction) -> int:
    whole = (2 * abs(value.numerator) + value.denominator) // (2 * value.denominator)
    return -whole if value < 0 else whole


def _compare(found: list[str], what: str, worked_out: Fraction | int, stands: str | int) -> None:
    if Fraction(worked_out) != Fraction(stands):
        found.append(f"{what}: the sheet says {stands}, worked out again it is {worked_out}")


def main(arguments: list[str]) -> int:
    """This will check the sheets of these files and say what it found."""
    status = 0
    for name in arguments:
        with open(name, encoding="utf-8") as file:
            sheet = json.load(file)
        wrong = differences(sheet)
        status = 1 if wrong else status
        shares = sum(len(part["rows"]) for part in sheet["parts"])
        verdict = "UNEQUAL" if wrong else "equal"
        sys.stdout.write(f"{name}: {verdict}, {shares} shares worked out again\n")
        for each in wrong:
            sys.stdout.write(f"  {each}\n")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
