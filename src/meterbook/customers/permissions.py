"""Rights of customers, accounts and contracts."""

VIEW_CUSTOMER = "customers:view_customer"
MANAGE_CUSTOMER = "customers:manage_customer"
# Not a "view": those who look at everything must not learn who is ill.
KNOW_VULNERABILITY = "customers:know_vulnerability"
ERASE_CUSTOMER = "customers:erase_customer"
# Another tariff than the default, asked for by somebody else (M-057).
APPROVE_OVERRIDE = "customers:approve_override"

# What a tenant may: see the accounts that are linked to their sign-in, in the time of their own contracts.
SEE_OWN_ACCOUNT = "customers:see_own_account"
# Finer than by day what people use at home, where they agreed to it (specification 9.3).
SEE_DETAILED_USE = "customers:see_detailed_use"

PERMISSIONS = (
    VIEW_CUSTOMER,
    MANAGE_CUSTOMER,
    KNOW_VULNERABILITY,
    ERASE_CUSTOMER,
    APPROVE_OVERRIDE,
    SEE_OWN_ACCOUNT,
    SEE_DETAILED_USE,
)
