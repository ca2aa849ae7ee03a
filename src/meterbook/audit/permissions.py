"""Rights of the audit trail."""

VIEW_AUDIT = "audit:view"

PERMISSIONS = (VIEW_AUDIT,)
