"""The facts of places, between `values.NodeFacts` and the columns of `SiteNode`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from decimal import Decimal

from django.utils.translation import gettext as _

from meterbook.sites import queries, values

NAMES = tuple(each.name for each in fields(values.NodeFacts))
_LARGEST = Decimal(10) ** (values.NUMBER_DIGITS - values.NUMBER_DECIMALS)
_SMALLEST = Decimal(1).scaleb(-values.NUMBER_DECIMALS)


class FactsInvalid(ValueError):
    """A fact of the place cannot be; `field` names which, the message says why."""

    def __init__(self, field: str, words: str) -> None:
        super().__init__(words)
        self.field = field


def columns(
    facts: values.NodeFacts, declared: Mapping[str, values.FieldDeclaration] | None = None
) -> dict[str, object]:
    """This will return the columns of a place's facts, checked.

    :param declared: the custom fields by key, of many places looked up once (`declared_fields`)
    :raises FactsInvalid: when a figure is negative, too large or too fine, or a custom value does not fit
    """
    for name in ("area", "rated_capacity"):
        _require_figure(name, getattr(facts, name))
    if facts.headcount is not None and not 0 <= facts.headcount <= values.MOST_HEADCOUNT:
        raise FactsInvalid("headcount", _("Give a number from 0 to %(most)s.") % {"most": values.MOST_HEADCOUNT})
    for name, most in (("address", values.ADDRESS_LENGTH), ("contacts", values.CONTACTS_LENGTH)):
        if len(getattr(facts, name)) > most:
            raise FactsInvalid(name, _("Write at most %(most)s characters.") % {"most": most})
    if facts.language and facts.language not in values.LANGUAGES:
        raise FactsInvalid("language", _("Take one of: %(known)s.") % {"known": ", ".join(values.LANGUAGES)})
    return {
        "area": facts.area,
        "area_unit": facts.area_unit.value,
        "headcount": facts.headcount,
        "usage": facts.usage.value if facts.usage else "",
        "address": facts.address,
        "rated_capacity": facts.rated_capacity,
        "capacity_unit": facts.capacity_unit.value,
        "contacts": facts.contacts,
        "language": facts.language,
        "custom": _custom(facts.custom, declared_fields() if declared is None else declared) if facts.custom else {},
    }


def shown(row: Mapping[str, object], *, only_known: bool = False) -> dict[str, object]:
    """This will return columns as the audit trail shows them; `only_known` leaves out what is empty or usual."""
    usual = {"area_unit": values.AreaUnit.M2.value, "capacity_unit": values.CapacityUnit.KW.value}
    return {key: value for key, value in row.items() if not only_known or (value not in (None, "", {}, usual.get(key)))}


def _require_figure(name: str, figure: Decimal | None) -> None:
    if figure is None:
        return
    if not (figure.is_finite() and 0 <= figure < _LARGEST):
        raise FactsInvalid(name, _("Give a number from 0 to %(most)s.") % {"most": f"{_LARGEST - 1:f}"})
    if figure != figure.quantize(_SMALLEST):
        raise FactsInvalid(name, _("Give at most %(most)s decimals.") % {"most": values.NUMBER_DECIMALS})


def declared_fields() -> dict[str, values.FieldDeclaration]:
    """This will return the organization's custom fields by key."""
    return {each.key: each for each in queries.list_fields()}


def _custom(given: Mapping[str, str], declared: Mapping[str, values.FieldDeclaration]) -> dict[str, str]:
    found = {}
    for key, text in given.items():
        if key not in declared:
            raise FactsInvalid(f"custom_{key}", _("There is no such field any more; load the page anew."))
        try:
            value = values.field_value(declared[key], text)
        except values.FieldValueInvalid as error:
            raise FactsInvalid(f"custom_{key}", str(error)) from error
        if value:
            found[key] = value
    return found
