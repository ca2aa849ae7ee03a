"""The public page on which anybody checks a document by its code; no sign-in."""
