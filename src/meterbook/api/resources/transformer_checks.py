"""Checks of current transformers from what a meter shows: nothing is asked, nothing is stored."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Annotated

from ninja import Router
from pydantic import Field

from meterbook.acquisition import permissions
from meterbook.acquisition.commissioning import transformers
from meterbook.api import entry, problems, values
from meterbook.api.endpoints import endpoint
from meterbook.identity.values import Module
from meterbook.kernel import rounding

router = Router(tags=["Commissioning"])
PLACES = 6  # decimals of a finding
Signed = Annotated[str, Field(pattern=r"^-?[0-9]{1,9}(\.[0-9]{1,6})?$", max_length=17)]


class PhaseGiven(values.Given):
    """What a meter shows of a phase, in V, A and W, and what a clamp shows in A.

    `name` is 1, 2 or 3, empty where there is one phase only.
    """

    name: str = Field("", pattern="^[123]?$")
    voltage: Signed | None = None
    current: Signed | None = None
    power_factor: Signed | None = None
    power: Signed | None = None
    clamp: values.DecimalGiven | None = None


class TransformersGiven(values.Given):
    """What a meter shows, the multiplier with which it is to count, and what is known to flow, in W."""

    phases: list[PhaseGiven] = Field(min_length=1, max_length=3)
    power: Signed | None = None
    power_factor: Signed | None = None
    multiplier: values.DecimalGiven = "1"
    tolerance_percent: values.DecimalGiven = "5"
    load: values.DecimalGiven | None = None


class CtKind(values.Told):
    """One thing that was found; `ratio` is found / expected, or the multiplier that would be right."""

    kind: transformers.CtKind
    is_fault: bool
    phase: str
    found: values.DecimalTold | None
    expected: values.DecimalTold | None
    percent: values.DecimalTold | None
    ratio: values.DecimalTold | None


class TransformerFindings(values.Told):
    """The findings, faults first."""

    items: list[CtKind]


@endpoint(
    router,
    "POST",
    "/transformer-checks",
    permission=permissions.MANAGE_DEVICE,
    module=Module.METERING,
    answers=TransformerFindings,
    by_site=True,
)
def check_transformers(request: entry.Request, given: TransformersGiven) -> TransformerFindings:
    """This will hold P against V x I x PF, and the meter against a clamp or a known load; nothing is stored."""
    multiplier, tolerance = Fraction(given.multiplier), Fraction(given.tolerance_percent)
    if multiplier <= 0:
        raise problems.invalid("/body/multiplier", "The multiplier lies above zero.")
    if not 0 < tolerance <= 50:
        raise problems.invalid("/body/tolerance_percent", "The tolerance lies above 0 and up to 50 percent.")
    phases = tuple(
        transformers.Phase(
            each.name, _decimal(each.voltage), _decimal(each.current), _decimal(each.power_factor), _decimal(each.power)
        )
        for each in given.phases
    )
    clamps = {each.name: Decimal(each.clamp) for each in given.phases if each.clamp is not None}
    found = transformers.check(
        transformers.Measured(phases, _decimal(given.power), _decimal(given.power_factor)),
        multiplier=multiplier,
        tolerance=tolerance,
        clamps=clamps,
        load=_decimal(given.load),
    )
    return TransformerFindings(items=[_finding(each) for each in found])


def _decimal(text: str | None) -> Decimal | None:
    return Decimal(text) if text is not None else None


def _rounded(number: Fraction | None) -> str | None:
    return None if number is None else f"{rounding.round_fraction(number, PLACES):f}"


def _finding(each: transformers.Finding) -> CtKind:
    return CtKind(
        kind=each.kind,
        is_fault=each.kind.is_fault,
        phase=each.phase,
        found=_rounded(each.found),
        expected=_rounded(each.expected),
        percent=_rounded(each.percent),
        ratio=_rounded(each.ratio),
    )
