"""Rights of documents."""

VIEW_DOCUMENT = "documents:view_document"
EDIT_LETTERHEAD = "documents:edit_letterhead"

PERMISSIONS = (VIEW_DOCUMENT, EDIT_LETTERHEAD)
