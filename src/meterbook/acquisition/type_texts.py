"""What is wrong with a document of a meter type, in the reader's language. The library is plain and speaks English."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from meterbook.acquisition.library import checks, comparing
from meterbook.acquisition.library.comparing import Against
from meterbook.kernel.quantity import Unit
from meterbook.metering import values as metering_values

# Of `library.schema.json`: what to do about a part that is not as it must be. A test holds them together.
SCHEMA = (
    _("A meter model is a mapping with code, manufacturer, name, service, protocol, word_order, source and registers"),
    _("write the file's name without .yaml, in lower case"),
    _("write the maker's name, in at most 60 letters"),
    _("write the model's name as it stands on the meter, in at most 100 letters"),
    _("write which firmware the registers are of, in at most 60 letters, or leave it out"),
    _("write the accuracy class of the plate, in at most 20 letters, or leave it out"),
    _(
        "write ONE or MODICON when the manual counts addresses from 1 or as 30001 and 40001; addresses here "
        "count from 0 always"
    ),
    _("write one of the services in this list"),
    _("write MODBUS, MBUS, DSMR, SML or JSON"),
    _("write big when the most significant word comes first, else little"),
    _("write little when the bytes of each word are swapped, else big or leave it out"),
    _("write MAXIMUM when the largest number of a whole-number register says that it has no value, else leave it out"),
    _(
        "write SECONDARY when the counters are those of the transformers' secondary side, PRIMARY when the meter"
        " multiplies them already (its multiplier is 1 then), else leave it out"
    ),
    _("write true for a model that only simulators serve, else leave it out"),
    _("list what surprises people with this meter, each in en and es, or leave it out"),
    _("give the trap in en and es, in at most 500 letters"),
    _("write where the register map comes from, and its license"),
    _("limits are words (most words of one request) and gap (most unused words read along)"),
    _("write a number from 1 to 125"),
    _("write a number from 0 to 124"),
    _("list at least one register, and at most 500"),
    _(
        "of an M-Bus meter: write manufacturer (three letters), and version and medium as numbers where "
        "they tell it apart"
    ),
    _("write three capital letters"),
    _("write a number from 0 to 255"),
    _("only Modbus has words: leave word_order out"),
    _("only Modbus has blocks: leave limits out"),
    _("only Modbus has words: leave byte_order out"),
    _("only Modbus has addresses: leave notation out"),
    _("only Modbus has a number for no value: leave absent out"),
    _("only an M-Bus meter says who it is: leave identity out"),
    _("use lower-case letters, digits and _, at most 40"),
    _("a register of an M-Bus meter has code, record, caption, unit, kind and decimals; optional are series and wrap"),
    _(
        "write quantity, function, storage, tariff, subunit and what else tells the record apart: "
        "energy.storage1.tariff2"
    ),
    _("give the caption in en and es, in at most 120 letters"),
    _("write a unit's code, such as KWH"),
    _("write CUMULATIVE for a counter, else INSTANT"),
    _("write the stored decimals, from 0 to 9"),
    _("write the stored integer at which the counter starts from zero again, or leave it out"),
    _(
        "a register has code, caption, function, address, type, unit, kind and decimals; optional are "
        "series, scale, word_order, byte_order, wrap, sentinels"
    ),
    _("write 3 for holding registers or 4 for input registers"),
    _("write the address as it goes over the wire, counted from 0: 30073 in a manual is 72"),
    _("write one of the types in this list"),
    _("list the raw whole numbers with which the meter says that it has no value, at most 8, or leave it out"),
    _("write a whole number that the type can hold"),
    _('write the factor from the raw number to the unit as a text: "1/10", "0.001" or "10"'),
)
# Of `library.checks` and `operations.types`.
FAULTS = (
    _("the character %(sign)s"),
    _("take it out; the file is text in UTF-8"),
    _("not YAML: %(problem)s"),
    _("too many parts within each other"),
    _("repair the indentation or the quotes"),
    _("an alias"),
    _("write the part out in full"),
    _("%(key)s is given twice"),
    _("remove one of them"),
    _("the name %(key)s is read as something else than a text"),
    _("put it in quotes"),
    _("an invisible sign %(sign)s at place %(place)s of the text"),
    _("take it out, or type it anew"),
    _("unknown unit %(unit)s"),
    _("write one of %(units)s"),
    _("%(unit)s is measured at an instant, no counter adds it up"),
    _("make the kind INSTANT, or correct the unit"),
    _("only a counter wraps"),
    _("remove wrap, or make the kind CUMULATIVE"),
    _("the scale is not above zero"),
    _("write the factor from raw to unit"),
    _("ends behind address 65535"),
    _("correct the address"),
    _("wider than limits.words"),
    _("raise limits.words or correct the type"),
    _("%(type)s never holds %(raw)s"),
    _("%(type)s is no whole number"),
    _("correct it, or leave sentinels out"),
    _("%(key)s %(value)s is taken by the register of line %(line)s"),
    _("give each register its own %(key)s"),
    _("address %(start)s lies inside register %(code)s, which ends at %(end)s"),
    _("correct one of the two addresses or types"),
    _("%(series)s is not measured in %(unit)s"),
    _("correct the unit, or take another code or series"),
    _("%(series)s has the kind %(kind)s"),
    _("correct the kind, or take another code or series"),
    _("see the schema of meter models"),
)
_FORM = "%(place)s: %(problem)s"
_MISSING, _UNKNOWN = _("%(name)s is missing"), _("there is something that a meter type does not have")
_UNFIT = _("“%(value)s” cannot stand here")
_AGAINST: Mapping[Against, str | Promise] = {
    Against.GONE: _("Register %(register)s is missing; meters that count by it: %(meters)s."),
    Against.SERIES: _(
        "Register %(register)s would measure %(after)s instead of %(before)s; meters that count by it: %(meters)s."
    ),
    Against.UNIT: _(
        "Register %(register)s would count in %(after)s instead of %(before)s; meters that count by it: %(meters)s."
    ),
    Against.DECIMALS: _(
        "Register %(register)s would be stored with %(after)s decimals instead of %(before)s; meters that count by it:"
        " %(meters)s."
    ),
    Against.KIND: _(
        "Register %(register)s would be %(after)s instead of %(before)s; meters that count by it: %(meters)s."
    ),
    Against.SERVICE: _("The service would be %(after)s instead of %(before)s; meters of this type: %(meters)s."),
    Against.PROTOCOL: _("The protocol would be %(after)s instead of %(before)s; meters of this type: %(meters)s."),
}


_KINDS: Mapping[str, str | Promise] = {"CUMULATIVE": _("a counter"), "INSTANT": _("an instant value")}


def what(fault: checks.Fault) -> str:
    """This will say what is wrong, without the place."""
    if fault.what != _FORM:
        return gettext(fault.what) % fault.data
    rule = fault.data.get("rule")
    if rule == "required":
        return str(_MISSING) % fault.data
    return str(_UNKNOWN if rule == "additionalProperties" else _UNFIT) % fault.data


def remedy(fault: checks.Fault) -> str:
    """This will say what to do about it."""
    return gettext(fault.remedy) % fault.data


def place(fault: checks.Fault) -> str:
    """This will say where in the document it is, as its writer names it: "registers.3.scale"; "" for the whole."""
    return ".".join(str(each + 1 if isinstance(each, int) else each) for each in fault.path)


def conflict(found: comparing.Conflict) -> str:
    """This will say what stands against a version."""
    return str(_AGAINST[found.what]) % {
        "register": found.register,
        "before": _named(found.what, found.before),
        "after": _named(found.what, found.after),
        "meters": found.meters,
    }


def _named(what: Against, code: str) -> str:
    """How screens call what stands in a document."""
    if what is Against.UNIT:
        return Unit(code).symbol or code
    if what is Against.KIND:
        return str(_KINDS.get(code, code))
    if what is Against.SERVICE:
        return str(metering_values.SERVICE_CAPTIONS[metering_values.Service(code)])
    known = metering_values.series_types().get(code) if what is Against.SERIES else None
    return str(known.caption) if known is not None else code
