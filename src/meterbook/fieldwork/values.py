"""Words of work in the field."""

from __future__ import annotations

import enum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from meterbook.fieldwork.deciding import Reaction, SwapVerdict

MOST_WORDS = 500
MOST_PHOTOS = 6  # of one job or test


class JobKind(enum.StrEnum):
    """What is to be done."""

    COMMISSION = "COMMISSION"
    EXCHANGE = "EXCHANGE"
    READ = "READ"
    LOOK = "LOOK"
    SWAP_TEST = "SWAP_TEST"
    RECALIBRATE = "RECALIBRATE"
    OTHER = "OTHER"


class JobState(enum.StrEnum):
    """Where a job stands. Technicians see no proposals: a manager takes them over first."""

    PROPOSED = "PROPOSED"
    OPEN = "OPEN"
    BEGUN = "BEGUN"
    DONE = "DONE"
    IMPOSSIBLE = "IMPOSSIBLE"
    WITHDRAWN = "WITHDRAWN"


class Origin(enum.StrEnum):
    """Why there is a job: a person made it, or what proposed it."""

    PERSON = "PERSON"
    ALARM = "ALARM"
    CALIBRATION = "CALIBRATION"


class SwapState(enum.StrEnum):
    """What the person at the unit does now: leaves all on, has it off, has it on again; or the test is over."""

    BEFORE = "BEFORE"
    OFF = "OFF"
    AFTER = "AFTER"
    DECIDED = "DECIDED"
    STOPPED = "STOPPED"


WAITING = (JobState.OPEN, JobState.BEGUN)
ENDED = (JobState.DONE, JobState.IMPOSSIBLE, JobState.WITHDRAWN)
RUNNING = (SwapState.BEFORE, SwapState.OFF, SwapState.AFTER)
SUSPICIOUS = (SwapVerdict.OTHER, SwapVerdict.SEVERAL)

KIND_CAPTIONS: dict[JobKind, str | Promise] = {
    JobKind.COMMISSION: _("Commission a meter"),
    JobKind.EXCHANGE: _("Exchange a meter"),
    JobKind.READ: _("Read a meter by hand"),
    JobKind.LOOK: _("Look at what is silent"),
    JobKind.SWAP_TEST: _("Swap test"),
    JobKind.RECALIBRATE: _("Recalibrate a meter"),
    JobKind.OTHER: _("Something else"),
}
STATE_CAPTIONS: dict[JobState, str | Promise] = {
    JobState.PROPOSED: _("Proposed"),
    JobState.OPEN: pgettext_lazy("job", "Open"),
    JobState.BEGUN: _("Begun"),
    JobState.DONE: pgettext_lazy("job", "Done"),
    JobState.IMPOSSIBLE: _("Cannot be done"),
    JobState.WITHDRAWN: _("Withdrawn"),
}
ORIGIN_CAPTIONS: dict[Origin, str | Promise] = {
    Origin.PERSON: _("made by a person"),
    Origin.ALARM: _("from an alarm that goes on"),
    Origin.CALIBRATION: _("because the calibration ends"),
}
VERDICT_CAPTIONS: dict[SwapVerdict, str | Promise] = {
    SwapVerdict.RIGHT: _("The meter of this unit fell: right"),
    SwapVerdict.OTHER: _("Another meter fell: swapped?"),
    SwapVerdict.SEVERAL: _("Several meters fell"),
    SwapVerdict.NONE: _("No meter fell"),
    SwapVerdict.UNSEEN: _("Too few values to say anything"),
}
REACTION_CAPTIONS: dict[Reaction, str | Promise] = {
    Reaction.FELL: _("fell"),
    Reaction.STAYED: _("stayed"),
    Reaction.VARIES: _("varies anyway"),
    Reaction.IDLE: _("used nothing"),
    Reaction.UNSEEN: _("too few values"),
}
