"""Rights of documents."""

VIEW_DOCUMENT = "documents:view_document"
EDIT_LETTERHEAD = "documents:edit_letterhead"

MANAGE_SERIES = "documents:manage_series"
# Which certificate signs, and what the public page tells.
MANAGE_CERTIFICATE = "documents:manage_certificate"
MANAGE_REGISTER = "documents:manage_register"

PERMISSIONS = (VIEW_DOCUMENT, EDIT_LETTERHEAD, MANAGE_SERIES, MANAGE_CERTIFICATE, MANAGE_REGISTER)
