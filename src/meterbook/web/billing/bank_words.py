"""How a bank of energy fed in stands after a line of a bill, in sentences. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from meterbook.kernel.quantity import Unit
from meterbook.tariffs.rating.lines import ONCE
from meterbook.web.billing import words

Plain = Mapping[str, Any]
KEYS = {"bank", "bank_paid", "bank_end"}  # of a trace, that there are words for


def sentence(line: Plain) -> str:
    """This will say what was in the bank, what came and went, and what is left; or what was paid out of it."""
    trace = line["trace"]
    if "bank_end" in trace:
        return _dropped(trace["bank_end"])
    if "bank_paid" in trace:
        return _paid(line)
    found = [_money(trace["bank"]) if line["unit"] == ONCE else _units(line)]
    if "bank_taken" in trace:
        found.append(_("What the bank “%(code)s” held was taken over.") % {"code": trace["bank_taken"]})
    return " ".join([*found, *_moved_out(line)])


def _moved_out(line: Plain) -> list[str]:
    unit = "" if line["unit"] == ONCE else f"\u00a0{Unit(line['unit']).symbol}"
    told = line["trace"].get("bank_out", {})
    return [
        template % {"amount": f"{words.tidy(told[key])}{unit}"}
        for key, template in (
            ("reversed", _("The contract ended: %(amount)s were taken back, because the units are paid.")),
            ("lapsed", _("The contract ended: %(amount)s lapsed.")),
            ("paid", _("The contract ended: %(amount)s are paid.")),
        )
        if key in told
    ]


def _dropped(told: Plain) -> str:
    held = told["opening"]
    amount = words.tidy(held.lstrip("-"))
    if "unit" in told:
        amount = f"{amount}\u00a0{Unit(told['unit']).symbol}"
    if "when" in told:
        found = _left(told["how"], held)
    elif told["how"] == "LAPSE":
        found = _("The tariff keeps nothing of this any more: %(amount)s lapsed.")
    elif held.startswith("-"):
        found = _("The tariff keeps nothing of this any more: %(amount)s that were taken too much are charged.")
    else:
        found = _("The tariff keeps nothing of this any more: %(amount)s are paid.")
    return found % {"amount": amount}


def _left(how: str, held: str) -> str:
    """What an earlier tariff had kept, at the end of the contract."""
    if how == "LAPSE":
        return _("The contract ended: %(amount)s lapsed.")
    if held.startswith("-"):
        return _("The contract ended: %(amount)s that were taken too much are charged.")
    return _("The contract ended: %(amount)s are paid.")


def _money(told: Plain) -> str:
    found = _("The bank held %(opening)s; %(earned)s were earned, %(applied)s paid charges; it holds %(closing)s.") % {
        key: words.tidy(told.get(key, "0")) for key in ("opening", "earned", "applied", "closing")
    }
    for key, template in (
        ("reversed", _("The year ended: %(amount)s were taken back, because the units are paid.")),
        ("lapsed", _("The year ended: %(amount)s lapsed.")),
        ("paid", _("The year ended: %(amount)s are paid.")),
    ):
        if key in told:
            found += " " + template % {"amount": words.tidy(told[key])}
    return found


def _units(line: Plain) -> str:
    told, unit = line["trace"]["bank"], Unit(line["unit"]).symbol

    def units(key: str) -> str:
        return f"{words.tidy(told.get(key, '0'))}\u00a0{unit}"

    found = _("Used less fed in: %(net)s. The bank held %(opening)s and holds %(closing)s; %(billed)s are billed.") % {
        key: units(key) for key in ("net", "opening", "closing", "billed")
    }
    for key, template in (
        ("lapsed", _("The year ended: %(amount)s lapsed.")),
        ("paid", _("The year ended: %(amount)s are paid.")),
    ):
        if key in told:
            found += " " + template % {"amount": units(key)}
    return found


def _paid(line: Plain) -> str:
    told = line["trace"]["bank_paid"]
    is_out = "when" in told
    if "limited" in told and not told["limited"]:
        if is_out:
            return _("The contract ended, and what the bank held is paid.")
        return _("The year ended, and what the bank held is paid.")
    found = (
        _("The contract ended with %(surplus)s units fed in beyond use; each is paid with %(price)s.")
        if is_out
        else _("The year ended with %(surplus)s units fed in beyond use; each is paid with %(price)s.")
    )
    found %= {"surplus": words.tidy(told["surplus"]), "price": words.tidy(told["price"])}
    if told.get("limited"):
        found += " " + _("Credits for them that the bank no longer held were taken off, and nothing goes below zero.")
    return found
