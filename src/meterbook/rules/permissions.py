"""Rights of calendars."""

VIEW_CALENDAR = "rules:view_calendar"
EDIT_CALENDAR = "rules:edit_calendar"

PERMISSIONS = (VIEW_CALENDAR, EDIT_CALENDAR)
