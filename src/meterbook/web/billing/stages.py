"""Where a run stands as the steps on its page, and what it does right now in words. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from meterbook.billing import queries as billing_queries
from meterbook.billing import values
from meterbook.billing.values import RunState

ORDER = [each for each in RunState if each is not RunState.CANCELED]
TONES = {
    RunState.REVIEW: ("warn", "eye"),
    RunState.CLOSED: ("ok", "circle-check"),
    RunState.CANCELED: ("", "cross"),
}
WORK = {
    RunState.PLANNED: gettext_lazy("Waits for its first step."),
    RunState.COLLECTING: gettext_lazy("Finds out who pays for which meter point, and when."),
    RunState.VALIDATING: gettext_lazy("Checks the intervals of every account and calculates its bill."),
    RunState.CALCULATED: gettext_lazy("Opens the ledger accounts that the bills post to."),
    RunState.APPROVED: gettext_lazy("Takes the numbers of the bills."),
    RunState.ISSUING: gettext_lazy("Makes bills of the drafts and posts them, some hundreds at once or none of them."),
    RunState.DELIVERED: gettext_lazy("Proves that every draft has one bill and no number is missing."),
}


@dataclass(frozen=True)
class Stage:
    """One step; `state` is done, now or later."""

    caption: str
    state: str
    detail: str


@dataclass(frozen=True)
class Progress:
    """How far the running step is: `done` of `of` accounts; `of` 0: it is not counted."""

    words: str
    done: int
    of: int


def stages(run: billing_queries.RunRow) -> tuple[Stage, ...]:
    """This will list the steps of a run."""
    if run.state is RunState.CANCELED:
        return ()
    here = ORDER.index(run.state)
    is_over = run.state is RunState.CLOSED
    return tuple(
        Stage(
            caption=str(values.RUN_STATE_CAPTIONS[each]),
            state="done" if place < here or is_over else "now" if place == here else "later",
            detail=_detail(run, each, place, here),
        )
        for place, each in enumerate(ORDER)
    )


def step_of(run: billing_queries.RunRow) -> tuple[int, int]:
    """This will return which step of how many a run is at."""
    return (len(ORDER) if run.state is RunState.CANCELED else ORDER.index(run.state) + 1), len(ORDER)


def progress(run: billing_queries.RunRow) -> Progress | None:
    """This will tell what a run does by itself right now; None while it waits for a person or is over."""
    if run.state in values.WAITING_STATES:
        return None
    counts = run.counts
    if run.state is RunState.VALIDATING:
        return Progress(str(WORK[run.state]), counts.accounts - counts.collected, counts.accounts)
    if run.state is RunState.ISSUING:
        return Progress(str(WORK[run.state]), counts.issued, counts.issued + counts.drafted)
    return Progress(str(WORK[run.state]), 0, 0)


def chip(state: RunState) -> tuple[str, str, str | Promise]:
    """This will return tone, icon and caption of a state."""
    tone, icon = TONES.get(state, ("about", "refresh"))
    return tone, icon, values.RUN_STATE_CAPTIONS[state]


def _detail(run: billing_queries.RunRow, stage: RunState, place: int, here: int) -> str:
    if stage is RunState.REVIEW and place == here:
        return _("%(count)s to decide") % {"count": run.counts.held} if run.counts.held else _("all decided")
    if stage is RunState.PLANNED:
        return run.started_by
    if stage is RunState.APPROVED and run.approved_at is not None:
        return run.approved_by
    return ""
