"""Rights of the ledger."""

VIEW_LEDGER = "ledger:view"
POST_TO_LEDGER = "ledger:post"

PERMISSIONS = (VIEW_LEDGER, POST_TO_LEDGER)
