"""Rights of customers, accounts and contracts."""

VIEW_CUSTOMER = "customers:view_customer"
MANAGE_CUSTOMER = "customers:manage_customer"
# Not a "view": those who look at everything must not learn who is ill.
KNOW_VULNERABILITY = "customers:know_vulnerability"
ERASE_CUSTOMER = "customers:erase_customer"

PERMISSIONS = (VIEW_CUSTOMER, MANAGE_CUSTOMER, KNOW_VULNERABILITY, ERASE_CUSTOMER)
