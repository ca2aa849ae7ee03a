"""Tables of billing: runs, what they collected, drafts and issued bills (`runs`)."""

from meterbook.billing.models.runs import (
    WRITE_ONCE,
    Bill,
    BillDraft,
    BillRun,
    LateChange,
    PrintFile,
    RunChunk,
    RunMember,
    RunShare,
)

__all__ = [
    "WRITE_ONCE",
    "Bill",
    "BillDraft",
    "BillRun",
    "LateChange",
    "PrintFile",
    "RunChunk",
    "RunMember",
    "RunShare",
]
