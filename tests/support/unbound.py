"""Columns of billing that name a row of another tenant table without a foreign key that keeps to the organization."""

USER = "a user, who belongs to no organization"
PLANNED = "copied from a scoped read when the run is planned"
OF_BILLING = {
    ("billing_latechange", "draft_id"): "of a scoped read; a draft may be thrown away, which frees nothing here",
    ("billing_runshare", "contract_id"): PLANNED,
    ("billing_runshare", "tariff_id"): PLANNED,
    ("billing_billrun", "started_by_id"): USER,
    ("billing_billrun", "approved_by_id"): USER,
    ("billing_bill", "transaction_id"): "what posting the same bill has answered",
    ("billing_creditedshare", "contract_id"): PLANNED,
    ("billing_creditedshare", "tariff_id"): PLANNED,
    ("billing_creditnote", "transaction_id"): "what reversing the posting of the same bill has answered",
    ("billing_correction", "proposed_by_id"): USER,
    ("billing_poolrebill", "proposed_by_id"): USER,
    ("billing_recalculation", "asked_by_id"): USER,
    ("billing_recalculation", "version_id"): "of a scoped read; versions are never removed",
    ("billing_formerday", "series_id"): "written by the derivation beside the block itself",
}
