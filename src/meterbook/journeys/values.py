"""Words of journeys that are kept while a person is under way. Pure."""

from __future__ import annotations

import enum

from django.utils.translation import gettext_lazy as _


class JourneyKind(enum.StrEnum):
    """What a person is doing."""

    MOVE_IN = "MOVE_IN"
    MOVE_OUT = "MOVE_OUT"


class JourneyState(enum.StrEnum):
    """Whether it goes on."""

    OPEN = "OPEN"
    DONE = "DONE"
    CANCELED = "CANCELED"


class Step(enum.StrEnum):
    """What is asked at one time."""

    UNIT = "UNIT"
    CUSTOMER = "CUSTOMER"
    START = "START"
    ACCOUNT = "ACCOUNT"
    END = "END"
    READINGS = "READINGS"
    TARIFF = "TARIFF"
    DEPOSIT = "DEPOSIT"
    ADDRESS = "ADDRESS"
    SUMMARY = "SUMMARY"


STEPS = {
    JourneyKind.MOVE_IN: (
        Step.UNIT,
        Step.CUSTOMER,
        Step.START,
        Step.READINGS,
        Step.TARIFF,
        Step.DEPOSIT,
        Step.SUMMARY,
    ),
    JourneyKind.MOVE_OUT: (Step.ACCOUNT, Step.END, Step.READINGS, Step.ADDRESS, Step.SUMMARY),
}
# What was said under a step is asked again when one of these changes: other units have other meters.
DEPENDS_ON: dict[Step, frozenset[Step]] = {
    Step.UNIT: frozenset({Step.START, Step.READINGS, Step.TARIFF, Step.DEPOSIT}),
    Step.CUSTOMER: frozenset(),
    Step.START: frozenset({Step.READINGS, Step.TARIFF}),
    Step.ACCOUNT: frozenset({Step.END, Step.READINGS, Step.ADDRESS}),
    Step.END: frozenset({Step.READINGS}),
}
JOURNEY_KIND_CAPTIONS = {JourneyKind.MOVE_IN: _("Move-in"), JourneyKind.MOVE_OUT: _("Move-out")}
STEP_CAPTIONS = {
    Step.UNIT: _("Unit"),
    Step.CUSTOMER: _("Customer"),
    Step.START: _("Start"),
    Step.ACCOUNT: _("Account"),
    Step.END: _("End"),
    Step.READINGS: _("Meter readings"),
    Step.TARIFF: _("Tariff"),
    Step.DEPOSIT: _("Deposit"),
    Step.ADDRESS: _("New address"),
    Step.SUMMARY: _("Summary"),
}


def next_step(kind: JourneyKind, answered: frozenset[Step]) -> Step:
    """This will return the first step that was not answered yet; the summary when all were."""
    return next(each for each in STEPS[kind] if each not in answered or each is Step.SUMMARY)
