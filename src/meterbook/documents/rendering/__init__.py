"""Issued documents as PDF: from a document's content to bytes that are always the same."""
