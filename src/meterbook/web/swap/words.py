"""What a swap test says, in sentences: what to do next, what came out, and what that means."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from meterbook.fieldwork import queries as fieldwork_queries
from meterbook.fieldwork.deciding import Reaction, SwapVerdict
from meterbook.fieldwork.values import SwapState

TONES = {
    SwapVerdict.RIGHT: ("ok", "circle-check"),
    SwapVerdict.OTHER: ("alarm", "alert"),
    SwapVerdict.SEVERAL: ("warn", "alert"),
    SwapVerdict.NONE: ("warn", "question"),
    SwapVerdict.UNSEEN: ("warn", "clock"),
}


@dataclass(frozen=True)
class Instruction:
    """What the person at the unit does now. `step` is what the button says of it; empty: nothing to press yet."""

    number: int
    title: str
    text: str
    is_enough: bool
    step: str
    button: str


def instruction(test: fieldwork_queries.SwapTestRow) -> Instruction:
    """This will say what to do at the step where a running test is."""
    if test.state is SwapState.BEFORE:
        if test.before_until is None:
            text = _("Leave everything in the unit on, and leave it as it is for a moment.")
            return Instruction(1, _("Measuring how it is now"), text, False, "off", _("It is off"))
        text = _("Switch the whole unit off at its breaker. When it is off, press the button.")
        return Instruction(2, _("Now switch the unit off"), text, True, "off", _("It is off"))
    if test.state is SwapState.OFF:
        if test.off_until is None:
            return Instruction(3, _("Leave it off"), _("Measuring what has fallen."), False, "on", _("It is on again"))
        text = _("Switch the unit on at its breaker. When it is on, press the button.")
        return Instruction(4, _("Switch the unit on again"), text, True, "on", _("It is on again"))
    text = _("Measuring what comes back. The result appears by itself.")
    return Instruction(5, _("Nearly done"), text, False, "end", _("Show the result now"))


def slow(test: fieldwork_queries.SwapTestRow, at: datetime) -> tuple[str, datetime | None]:
    """This will say that the unit's own meter counts slowly, and until when the unit must be off for it to be seen."""
    own = [each for each in test.own if each.is_counter]
    if not own or len(own) < len(test.own):
        return "", None
    step = timedelta(minutes=max(each.step for each in own))
    words = _("The meter of this unit tells no power. Its counter shows what fell after two readings.")
    if test.off_at is None:
        return words, None
    until = test.off_at + 3 * step
    return words, until if until > at else None


def verdict(test: fieldwork_queries.SwapTestRow) -> str:
    """This will say what came out of a decided test, naming meters."""
    fallen = ", ".join(f"{each.name} ({each.code})" for each in test.fallen)
    if test.verdict is SwapVerdict.RIGHT:
        return _("The meter of this unit fell: right. %(meters)s") % {"meters": fallen}
    if test.verdict is SwapVerdict.OTHER:
        return _("Another meter fell: %(meters)s. Is it swapped?") % {"meters": fallen}
    if test.verdict is SwapVerdict.SEVERAL:
        return _("Several meters fell: %(meters)s.") % {"meters": fallen}
    if test.verdict is SwapVerdict.NONE:
        return _("No meter fell.")
    return _("Too few values came to say anything.")


def advice(test: fieldwork_queries.SwapTestRow) -> str:
    """This will say what to do with what came out."""
    if test.verdict is SwapVerdict.RIGHT:
        return ""
    if test.verdict is SwapVerdict.OTHER:
        return _(
            "Nothing is changed by this. Follow the wires from the breaker to the meter; where they are crossed, "
            "correct the wires, or which meter belongs to which unit."
        )
    if test.verdict is SwapVerdict.SEVERAL:
        return _("Another unit may have gone off by chance, or one breaker feeds several. Repeat the test.")
    if test.verdict is SwapVerdict.UNSEEN:
        return _("Look whether the meters answer, or leave the unit off for longer, and repeat the test.")
    if any(each.reaction is Reaction.IDLE for each in test.own):
        return _(
            "The meter of this unit showed no use before. Switch something on that uses at least 1 kW, and repeat."
        )
    return _("Was it the right breaker? The unit may hang at a meter that is not read, or use too little to be seen.")


def meters(test: fieldwork_queries.SwapTestRow) -> str:
    """This will say how many meters are looked at."""
    count = len(test.meters)
    return ngettext("%(count)s meter", "%(count)s meters", count) % {"count": count}
