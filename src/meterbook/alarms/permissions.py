"""Rights of alarms."""

VIEW_ALARMS = "alarms:view"
ACKNOWLEDGE_ALARM = "alarms:acknowledge"

PERMISSIONS = (VIEW_ALARMS, ACKNOWLEDGE_ALARM)
