"""Lines of a bill that are more than a price for each unit: what they are, and how they came about. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from meterbook.kernel.quantity import Unit
from meterbook.tariffs.rating.lines import ONCE, YEAR
from meterbook.web.billing import bank_words, words, workings

Plain = Mapping[str, Any]


def short(line: Plain) -> str | None:
    """This will say in a few words what a line is; None: a usual one."""
    trace = line["trace"]
    if "bank_end" in trace:
        return _("kept before, settled")
    if "bank_paid" in trace:
        return _("paid for what is left")
    if "bank" in trace and line["unit"] == ONCE:
        return _("kept for later bills")
    if "linked" in trace:
        return _("follows from what was measured")
    if "actual" in trace:
        return _("above the contracted demand") if "excess" in trace else _("demand")
    if "power_factor" in trace or "tan_phi" in trace:
        return _("power factor")
    if "delta_t" in trace:
        return _("temperature difference")
    if "limit" in trace or "base" in trace:
        return _("on lines before")
    if "invoice" in trace:
        return _("invoice of the utility")
    if "series" in trace:
        return _("prices by the hour")
    if "package" in trace:
        return _("packages begun")
    if "due" in trace:
        return _("once")
    if "tier_fixed" in trace:
        return _("step %(tier)s") % {"tier": trace["tier_fixed"]}
    if line["unit"] == YEAR:
        return _("part of a year")
    return _("every bill") if line["unit"] == ONCE else None


def sentence(line: Plain) -> str | None:
    """This will say how a line came about; None: a usual one."""
    trace = line["trace"]
    if trace.keys() & bank_words.KEYS:
        return bank_words.sentence(line)
    if "linked" in trace:
        return workings.linked(line)
    if "actual" in trace:
        return _demand(line)
    if "power_factor" in trace or "tan_phi" in trace:
        return _power_factor(trace)
    if "delta_t" in trace:
        return _delta_t(trace)
    if "limit" in trace:
        found = _("What the lines before come to, %(base)s, is set to %(limit)s.")
        return found % {"base": words.tidy(trace["base"]), "limit": words.tidy(trace["limit"])}
    if "base" in trace:
        return _("On the lines before, which come to %(base)s.") % {"base": words.tidy(trace["base"])}
    if "invoice" in trace:
        found = _("The utility charged %(paid)s for %(of)s; this is the part of the account.")
        return found % {"paid": words.tidy(trace["paid"]), "of": words.tidy(trace["of"])}
    if "series" in trace:
        return _("Each interval has the price of its hour; the price shown is the average of the period.")
    return _other(line)


def _other(line: Plain) -> str | None:
    trace = line["trace"]
    if "package" in trace:
        found = _("%(used)s used, in packages of %(size)s; each that was begun costs the same.")
        return found % {"used": words.tidy(trace["used"]), "size": words.tidy(trace["package"])}
    if "due" in trace:
        return _("Charged once.")
    if "tier_fixed" in trace:
        return _("Due because the use reached this step.")
    if line["unit"] == YEAR:
        return _("A yearly charge; %(days)s of %(of)s days of %(year)s count.") % {
            "days": trace["days"],
            "of": trace["of"],
            "year": trace["year"],
        }
    if line["unit"] == ONCE:
        return _("A charge for each bill, in the share of the period that the account has.")
    return None


def _demand(line: Plain) -> str:
    trace, unit = line["trace"], Unit(line["unit"]).symbol
    actual = f"{words.tidy(trace['actual'])}\u00a0{unit}"
    if "register" in trace:
        found = _registered(trace["register"], actual)
    elif trace.get("at"):
        found = _("The highest demand was %(actual)s, at %(at)s.") % {
            "actual": actual,
            "at": ", ".join(map(words.moment, trace["at"])),
        }
        if trace.get("meters"):
            found += " " + _joined(trace)
    else:
        found = _("The highest demand was %(actual)s.") % {"actual": actual}
    if trace.get("excluded"):
        found += " " + _(
            "%(excluded)s of %(windows)s intervals were left out, because they were not measured wholly."
        ) % {
            "excluded": trace["excluded"],
            "windows": trace["windows"],
        }
    if "ratchet" in trace:
        found += " " + _("At least %(percent)s %% of the %(of)s of %(month)s are billed.") % {
            "percent": words.tidy(trace["ratchet"]["percent"]),
            "of": f"{words.tidy(trace['ratchet']['of'])}\u00a0{unit}",
            "month": trace["ratchet"]["month"],
        }
    if "contracted" in trace:
        value = f"{words.tidy(trace['contracted']['value'])}\u00a0{unit}"
        found += " " + _("%(value)s are contracted.") % {"value": value}
    if "minimum" in trace:
        found += " " + _("At least %(value)s are billed.") % {"value": f"{words.tidy(trace['minimum'])}\u00a0{unit}"}
    return found


def _registered(read: Plain, actual: str) -> str:
    """What the register of maximum demand showed, and since when."""
    unit = Unit(read["unit"]).symbol
    named = {
        "shown": f"{words.tidy(read['shown'])}\u00a0{unit}",
        "at": words.moment(read["at"]),
        "since": words.moment(read["since"]),
        "times": read["multiplier"].replace("/", words.FRACTION),
        "actual": actual,
    }
    if read["multiplier"] == "1":
        return _("The register of maximum demand showed %(shown)s on %(at)s, the highest since %(since)s.") % named
    return (
        _(
            "The register of maximum demand showed %(shown)s on %(at)s, the highest since %(since)s;"
            " times %(times)s it is %(actual)s."
        )
        % named
    )


def _delta_t(trace: Plain) -> str:
    """With all that the difference was made of, so that it can be worked out again."""
    found = _(
        "The mean difference of the period was %(delta)s K: %(energy)s / (%(volume)s m³ × %(density)s kg/m³ ×"
        " %(heat)s kJ/(kg K))."
    ) % {
        "delta": words.tidy(trace["delta_t"]),
        "energy": f"{words.tidy(trace['energy'])}\u00a0{Unit(trace['energy_unit']).symbol}",
        "volume": words.tidy(trace["volume"]),
        "density": words.tidy(trace["density"]),
        "heat": words.tidy(trace["specific_heat"]),
    }
    if "target" in trace:
        more = _("Charged is the water above what this energy needs at %(target)s K.")
        return found + " " + more % {"target": words.tidy(trace["target"])}
    more = _("The percentage is on lines that come to %(base)s.")
    return found + " " + more % {"base": words.tidy(trace["base"])}


def _joined(trace: Plain) -> str:
    meters = {"meters": ", ".join(trace["meters"])}
    if trace["joined"] == "NON_COINCIDENT":
        return _("It is the sum of the highest of each meter: %(meters)s.") % meters
    return _("It is that of these meters together: %(meters)s.") % meters


def _power_factor(trace: Plain) -> str:
    if "tan_phi" in trace:
        found = _("%(reactive)s kvarh were used; %(free)s are free beside %(active)s kWh.")
        return found % {key: words.tidy(trace[key]) for key in ("reactive", "free", "active")}
    found = _("The power factor of the period was %(factor)s; the percentage is on lines that come to %(base)s.")
    return found % {"factor": words.tidy(trace["power_factor"]), "base": words.tidy(trace["base"])}
