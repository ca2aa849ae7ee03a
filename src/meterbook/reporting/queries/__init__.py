"""Reads of reports: where a reading came from, and what a site bought and sold. Each needs a running scope."""
