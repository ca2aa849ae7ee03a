"""Changes of billing; each needs a running scope, except `advance_run`, which opens its own."""

from meterbook.billing.operations.advancing import advance_run
from meterbook.billing.operations.approving import (
    HeldRemain,
    MemberNotFound,
    NothingToIssue,
    NotInReview,
    RunOutdated,
    SecondPersonNeeded,
    approve_run,
    check_again,
    exclude_accounts,
)
from meterbook.billing.operations.issuing import RunIncomplete
from meterbook.billing.operations.planning import (
    PeriodNotOver,
    RunNotCancelable,
    RunNotFound,
    RunPresent,
    SiteNotFound,
    cancel_run,
    carry_on,
    plan_run,
)

__all__ = [
    "HeldRemain",
    "MemberNotFound",
    "NotInReview",
    "NothingToIssue",
    "PeriodNotOver",
    "RunIncomplete",
    "RunNotCancelable",
    "RunNotFound",
    "RunOutdated",
    "RunPresent",
    "SecondPersonNeeded",
    "SiteNotFound",
    "advance_run",
    "approve_run",
    "cancel_run",
    "carry_on",
    "check_again",
    "exclude_accounts",
    "plan_run",
]
