"""Rights of customers, accounts and contracts."""

VIEW_CUSTOMER = "customers:view_customer"
MANAGE_CUSTOMER = "customers:manage_customer"

PERMISSIONS = (VIEW_CUSTOMER, MANAGE_CUSTOMER)
