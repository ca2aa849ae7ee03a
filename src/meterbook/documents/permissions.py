"""Rights of documents."""

VIEW_DOCUMENT = "documents:view_document"

PERMISSIONS = (VIEW_DOCUMENT,)
