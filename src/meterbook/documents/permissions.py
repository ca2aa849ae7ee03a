"""Rights of documents."""

VIEW_DOCUMENT = "documents:view_document"
EDIT_LETTERHEAD = "documents:edit_letterhead"

MANAGE_SERIES = "documents:manage_series"

PERMISSIONS = (VIEW_DOCUMENT, EDIT_LETTERHEAD, MANAGE_SERIES)
