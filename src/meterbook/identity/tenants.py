"""Who is no more than a tenant: somebody whose rights open the pages of their own account and nothing else."""

from __future__ import annotations

from meterbook.identity import registry, values


def is_tenant(access: values.Access) -> bool:
    """This will tell whether somebody may do no more than a tenant: the pages of operators do not exist for them."""
    held = access.everywhere.union(*access.at_site.values(), *access.at_meter.values(), *access.at_account.values())
    return bool(held) and held <= registry.of_role(values.RoleCode.TENANT)
