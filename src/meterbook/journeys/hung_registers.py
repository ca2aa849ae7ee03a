"""The registers with which a meter is hung: those of its model, or those that people read."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal

from meterbook.acquisition import plans
from meterbook.acquisition.library import documents
from meterbook.metering import by_hand, values
from meterbook.metering import operations as metering_operations
from meterbook.metering import queries as metering_queries


def registers_of(
    model_code: str,
    service: values.Service,
    shown: Mapping[str, Decimal] | None = None,
    *,
    only: Collection[str] | None = None,
    kept: Collection[str] = (),
) -> tuple[metering_operations.RegisterPlan, ...]:
    """This will return the registers with which a meter of a model is hung, with what they showed first.

    :param shown: by register code, in the register's unit
    :param only: the codes of registers that its messages hold; None: all
    :param kept: series that a meter read by hand counts beside the main one, as `kept_registers` gives them
    :raises documents.ModelUnknown: when the library has no such model
    """
    if model_code != values.IMPORTED:
        plain = plans.registers_of_model(model_code, only=only)
        scale = {each.register_code: each.decimals for each in plain}
        openings = {code: stored(value, scale[code]) for code, value in (shown or {}).items() if code in scale}
        return plans.registers_of_model(model_code, openings, only=only)
    offered = by_hand.offered(service)
    return tuple(_by_hand(code, (shown or {}).get(code)) for code in offered if code in {offered[0], *kept})


def _by_hand(code: str, shown: Decimal | None) -> metering_operations.RegisterPlan:
    kind = values.series_type(code)
    first = None if shown is None else stored(shown, kind.decimals)
    return metering_operations.RegisterPlan(kind.code, kind.code, kind.unit, kind.decimals, opening=first)


def kept_registers(detail: metering_queries.MeterDetail) -> frozenset[str]:
    """This will return the series of a meter that is read by hand; the one that comes after it has the same registers.

    Of a meter that is asked only the main one goes on by hand: nobody reads its twenty registers.
    """
    current = detail.current
    if current is None or current.model_code != values.IMPORTED:
        return frozenset()
    known = {each.id: each.code for each in detail.series}
    return frozenset(known[each.series_id] for each in current.registers)


def stored(value: Decimal, decimals: int) -> int:
    """This will return a register's value as the integer of its resolution; 12.5 at two decimals is 1250."""
    return int(value.scaleb(decimals))


def addable(detail: metering_queries.MeterDetail) -> tuple[str, ...]:
    """This will return the series of registers that can be added to the meter at a point; none where it is asked."""
    current = detail.current
    if current is None or current.model_code != values.IMPORTED:
        return ()
    there = kept_registers(detail)
    return tuple(code for code in by_hand.offered(detail.service) if code not in there)


def missing(detail: metering_queries.MeterDetail) -> tuple[metering_operations.RegisterPlan, ...]:
    """This will return the registers of the model of the meter at a point that feed no series of it.

    Such as temperatures of a heat meter that was hung before the catalogue of series knew them. None of a meter that
    people read (`addable`), of a virtual one, or of a model that is not in the library any more.
    """
    current = detail.current
    if current is None or current.model_code == values.IMPORTED:
        return ()
    known = {each.id: each.code for each in detail.series}
    there = {known[each.series_id] for each in current.registers}
    try:
        offered = plans.registers_of_model(current.model_code)
    except documents.ModelUnknown:
        return ()
    return tuple(each for each in offered if each.series_code not in there)
