"""What may be chosen to read a file: each choice is one that there is, and a unit measures what its series holds."""

from __future__ import annotations

from django.utils.translation import gettext as _

from meterbook.kernel.quantity import Dimension, Unit
from meterbook.metering import values
from meterbook.metering.importing import cells, zone_words
from meterbook.metering.importing.mapping import ISO, SERIAL, STEPS, UNIX, Gaps, Kind, Label, Mapping, Midnight
from meterbook.metering.importing.problems import refuse


def require_known(mapping: Mapping) -> None:
    """This will refuse what a person typed and cannot be chosen, before the file is read.

    :raises FileInvalid: naming the choice
    """
    choices: tuple[tuple[str, str, type[Kind] | type[Label] | type[Midnight] | type[Gaps] | type[Unit]], ...] = (
        (_("kind"), mapping.kind, Kind),
        (_("label"), mapping.label, Label),
        (_("midnight"), mapping.midnight, Midnight),
        (_("missing intervals"), mapping.gaps, Gaps),
        (_("unit"), mapping.unit, Unit),
    )
    for name, given, known in choices:
        if given and given not in {each.value for each in known}:
            _refuse_choice(name, given, [each.value for each in known])
    if mapping.series not in values.series_types():
        _refuse_choice(_("series"), mapping.series, list(values.series_types()))
    if mapping.step and mapping.step not in STEPS:
        _refuse_choice(_("interval in minutes"), str(mapping.step), [str(each) for each in STEPS])
    if mapping.decimal_separator not in ("", ".", ","):
        _refuse_choice(_("decimal separator"), mapping.decimal_separator, [".", ","])
    if len(mapping.delimiter) > 1 or mapping.delimiter in ("\n", "\r", '"'):
        _refuse_choice(_("delimiter"), mapping.delimiter, [";", ",", "|", _("a tabulator")])
    form, _mark, step = mapping.time_format.partition(cells.NUMBERED)
    plain = form.removesuffix(zone_words.MARK)
    is_known = form in ("", SERIAL, UNIX) or plain == ISO or ("%" in plain and "%Z" not in plain)
    if not is_known or (step and step not in map(str, STEPS)):
        _refuse_choice(_("form of times"), mapping.time_format, [ISO, SERIAL, UNIX, "%d/%m/%Y %H:%M"])


def _refuse_choice(name: str, given: str, known: list[str]) -> None:
    raise refuse(
        _("“%(given)s” is no possible choice.") % {"given": given},
        _("Choose one of: %(known)s.") % {"known": ", ".join(known)},
        column=name,
    )


def require_unit(mapping: Mapping, kind: values.SeriesType) -> None:
    """This will refuse a unit, or a kind of values, that does not go into the series.

    :raises FileInvalid: naming the value column
    """
    if Unit(mapping.unit).dimension is not kind.unit.dimension and not is_mean_power(mapping, kind):
        raise refuse(
            _("%(unit)s does not measure what the series “%(series)s” holds.")
            % {"unit": Unit(mapping.unit).symbol, "series": kind.caption},
            _("Choose a unit that converts to %(unit)s, or another series.") % {"unit": kind.unit.symbol},
            column=mapping.value_column,
        )
    if mapping.adds_up and not kind.is_energy_like:
        raise refuse(
            _("The series “%(series)s” is no counter, so that nothing adds up to it.") % {"series": kind.caption},
            _("Import its values as what was shown at an instant."),
            column=mapping.value_column,
        )


def is_mean_power(mapping: Mapping, kind: values.SeriesType) -> bool:
    """This will tell whether the values are the mean power of each interval, of which the series holds the energy."""
    is_power = Unit(mapping.unit).dimension is Dimension.POWER and kind.unit.dimension is Dimension.ENERGY
    return is_power and mapping.kind == Kind.INTERVALS
