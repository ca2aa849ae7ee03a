"""Calendars of holidays that tariffs name."""
