"""How a bank of energy fed in stands after a line of a bill, in sentences. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from meterbook.kernel.quantity import Unit
from meterbook.tariffs.rating.lines import ONCE
from meterbook.web.billing import words

Plain = Mapping[str, Any]


def sentence(line: Plain) -> str:
    """This will say what was in the bank, what came and went, and what is left; or what was paid out of it."""
    trace = line["trace"]
    if "bank_paid" in trace:
        return _paid(line)
    return _money(trace["bank"]) if line["unit"] == ONCE else _units(line)


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
    if "limited" in told and not told["limited"]:
        return _("The year ended, and what the bank held is paid.")
    found = _("The year ended with %(surplus)s units fed in beyond use; each is paid with %(price)s.") % {
        "surplus": words.tidy(told["surplus"]),
        "price": words.tidy(told["price"]),
    }
    if told.get("limited"):
        found += " " + _("Credits for them that the bank no longer held were taken off, and nothing goes below zero.")
    return found
