"""Rights of runs and bills."""

VIEW_BILL = "billing:view_bill"
MANAGE_RUN = "billing:manage_run"
APPROVE_RUN = "billing:approve_run"
MANAGE_POOL = "billing:manage_pool"

PERMISSIONS = (VIEW_BILL, MANAGE_RUN, APPROVE_RUN, MANAGE_POOL)
