"""Changes of billing; each needs a running scope, except `advance_run`, which opens its own."""

from meterbook.billing.operations.advancing import advance_run
from meterbook.billing.operations.approving import (
    DraftsStale,
    HeldRemain,
    MemberNotFound,
    NothingLeft,
    NothingToIssue,
    NotInReview,
    RunOutdated,
    SecondPersonNeeded,
    approve_run,
    check_again,
    exclude_accounts,
    include_accounts,
)
from meterbook.billing.operations.issuing import RunIncomplete
from meterbook.billing.operations.late import has_more, note_late_changes
from meterbook.billing.operations.planning import (
    NobodyToBill,
    PeriodNotOver,
    RunNotCancelable,
    RunNotFound,
    RunPresent,
    SiteNotFound,
    cancel_run,
    carry_on,
    plan_run,
)
from meterbook.billing.operations.printing import (
    NothingToPrint,
    issue_pdf,
    make_print_file,
    print_bills,
)

__all__ = [
    "DraftsStale",
    "HeldRemain",
    "MemberNotFound",
    "NobodyToBill",
    "NotInReview",
    "NothingLeft",
    "NothingToIssue",
    "NothingToPrint",
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
    "has_more",
    "include_accounts",
    "issue_pdf",
    "make_print_file",
    "note_late_changes",
    "plan_run",
    "print_bills",
]
