"""What a test read is told in: likely causes of silence in the order in which to look, and numbers no meter shows."""

from __future__ import annotations

from decimal import Decimal

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from meterbook.acquisition import queries as acquisition_queries
from meterbook.acquisition import values as acquisition_values
from meterbook.web.templatetags import meterbook as tags

SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
SMALL, LARGE = Decimal("0.001"), Decimal(10) ** 10

_LINE = (
    _("Is the address on the meter really this one?"),
    _("Are the wires A and B the right way round, and is the meter supplied?"),
    _("Are speed and parity of the gateway those of the meter?"),
)
_GATEWAY = (
    _("Is the gateway switched on, and is its network cable in?"),
    _("Are the gateway's address and port right?"),
    _("Does another program hold its only connection?"),
)
_MODEL = (
    _("Is it really a meter of this model? The name is on its front."),
    _("Is its firmware older than the registers of the model?"),
)
_CAUSES: dict[str, tuple[Promise, ...]] = {
    "TIMEOUT": _LINE,
    "MISMATCH": (_("Is every address on the line used once?"), _("Does another program ask the same gateway?")),
    "CONNECTION": _GATEWAY,
    "CONNECTION_LOST": _GATEWAY[1:],
    "NAME": (_("Is the name of the gateway spelled right? Its address as numbers works as well."),),
}
_SILENT = frozenset({10, 11})  # exceptions that a gateway sends in the place of a meter that is silent


_MBUS = (
    _("Is the address set at the meter really this one? New ones have 0; the number on the plate works as well."),
    _("Do 20 to 40 V lie on the two wires at the meter? Their polarity does not matter."),
    _("Is the speed that of the meter? Most have 2400 baud, even parity."),
    _("Has its battery had too many readouts today? Some meters then answer only tomorrow."),
)


def causes(
    problem: acquisition_queries.ProblemRow | None,
    exception: int | None = None,
    *,
    protocol: acquisition_values.BusProtocol = acquisition_values.BusProtocol.MODBUS_TCP,
) -> tuple[str, ...]:
    """This will return the likely causes of a problem, the first to look at first."""
    if problem is None:
        return ()
    if problem.code == "TIMEOUT" and protocol.is_mbus:
        return tuple(map(str, _MBUS))
    if problem.code == "EXCEPTION":
        return tuple(map(str, _LINE if exception in _SILENT else _MODEL))
    return tuple(map(str, _CAUSES.get(problem.code, ())))


def number(value: Decimal | None, decimals: int) -> str:
    """This will write a number that may be no reading at all: -0.00000037 as −3.7 × 10⁻⁷, None as words."""
    if value is None:
        return gettext("no number")
    size = abs(value)
    if value == 0 or SMALL <= size < LARGE:
        return tags.number(value, decimals)
    exponent = value.adjusted()
    return f"{tags.number(value.scaleb(-exponent), 1)} × 10{str(exponent).translate(SUPERSCRIPTS)}"
