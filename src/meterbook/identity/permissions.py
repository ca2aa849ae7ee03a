"""Rights of identity itself. Those of the other domains are collected by `identity.registry`."""

VIEW_ORGANIZATION = "identity:view_organization"
EDIT_ORGANIZATION = "identity:edit_organization"
VIEW_USERS = "identity:view_users"
EDIT_USERS = "identity:edit_users"
VIEW_API_KEYS = "identity:view_api_keys"
MANAGE_API_KEYS = "identity:manage_api_keys"
VIEW_DELEGATIONS = "identity:view_delegations"
MANAGE_DELEGATIONS = "identity:manage_delegations"

PERMISSIONS = (
    VIEW_ORGANIZATION,
    EDIT_ORGANIZATION,
    VIEW_USERS,
    EDIT_USERS,
    VIEW_API_KEYS,
    MANAGE_API_KEYS,
    VIEW_DELEGATIONS,
    MANAGE_DELEGATIONS,
)
