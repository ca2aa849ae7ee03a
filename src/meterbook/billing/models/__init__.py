"""Tables of billing: runs, what they collected, drafts and issued bills (`runs`); calendars and true-ups."""

from meterbook.billing.models.calendar import BillingCalendar, CalendarAccount
from meterbook.billing.models.corrections import (
    Correction,
    CorrectionRules,
    CreditedShare,
    CreditNote,
    FormerDay,
    RecalculatedBill,
    Recalculation,
)
from meterbook.billing.models.disputes import Dispute, DisputeEntry, DisputeFile
from meterbook.billing.models.gas import GasArea, GasValue
from meterbook.billing.models.invoices import SupplierInvoice, SupplierInvoiceFile, SupplierInvoiceVersion
from meterbook.billing.models.legal_profiles import LegalProfile
from meterbook.billing.models.pools import Pool, PoolCharge, PoolEntry, PoolRebill, PoolShare, PoolSheet, PoolVersion
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
from meterbook.billing.models.true_ups import TrueUp
from meterbook.billing.models.waiting import CalendarPeriod, WaitingAccount
from meterbook.billing.models.whatifs import WhatIf, WhatIfAccount, WhatIfPart

__all__ = [
    "WRITE_ONCE",
    "Bill",
    "BillDraft",
    "BillRun",
    "BillingCalendar",
    "CalendarAccount",
    "CalendarPeriod",
    "Correction",
    "CorrectionRules",
    "CreditNote",
    "CreditedShare",
    "Dispute",
    "DisputeEntry",
    "DisputeFile",
    "FormerDay",
    "GasArea",
    "GasValue",
    "LateChange",
    "LegalProfile",
    "Pool",
    "PoolCharge",
    "PoolEntry",
    "PoolRebill",
    "PoolShare",
    "PoolSheet",
    "PoolVersion",
    "PrintFile",
    "RecalculatedBill",
    "Recalculation",
    "RunChunk",
    "RunMember",
    "RunShare",
    "SupplierInvoice",
    "SupplierInvoiceFile",
    "SupplierInvoiceVersion",
    "TrueUp",
    "WaitingAccount",
    "WhatIf",
    "WhatIfAccount",
    "WhatIfPart",
]
