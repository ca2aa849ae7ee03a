"""Look at days of every meter for what can hardly be right (B-18), and settle what was found."""

from meterbook.monitoring.operations.checking import check_days, recheck_days
from meterbook.monitoring.operations.settling import FindingSettled, ReasonMissing, settle_day_finding

__all__ = ["FindingSettled", "ReasonMissing", "check_days", "recheck_days", "settle_day_finding"]
