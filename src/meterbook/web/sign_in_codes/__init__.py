"""Signing in with a code by mail, for tenants: asking for one, and typing it."""
