"""Changes of work in the field."""

from meterbook.fieldwork.operations.jobs import (
    AboutNothing,
    AssigneeUnfit,
    JobChanged,
    JobOfAnother,
    ReasonMissing,
    begin_job,
    change_job,
    end_job,
    make_job,
    propose_job,
    withdraw_job,
)
from meterbook.fieldwork.operations.swaps import (
    LineElsewhere,
    SwapTestMovedOn,
    begin_swap_test,
    end_swap_test,
    keep_swap_photo,
    look_at_swap_test,
    say_off,
    say_on,
    stop_swap_test,
    take_samples,
)
from meterbook.fieldwork.watching import NothingToWatch

__all__ = [
    "AboutNothing",
    "AssigneeUnfit",
    "JobChanged",
    "JobOfAnother",
    "LineElsewhere",
    "NothingToWatch",
    "ReasonMissing",
    "SwapTestMovedOn",
    "begin_job",
    "begin_swap_test",
    "change_job",
    "end_job",
    "end_swap_test",
    "keep_swap_photo",
    "look_at_swap_test",
    "make_job",
    "propose_job",
    "say_off",
    "say_on",
    "stop_swap_test",
    "take_samples",
    "withdraw_job",
]
