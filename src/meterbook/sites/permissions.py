"""Rights of the site tree."""

VIEW_SITES = "sites:view"
EDIT_SITES = "sites:edit"

PERMISSIONS = (VIEW_SITES, EDIT_SITES)
