"""Rights of metering."""

VIEW_METER = "metering:view_meter"
MANAGE_METER = "metering:manage_meter"
CORRECT_READING = "metering:correct_reading"
IMPORT_READINGS = "metering:import_readings"
ENTER_READING = "metering:enter_reading"

PERMISSIONS = (VIEW_METER, MANAGE_METER, CORRECT_READING, IMPORT_READINGS, ENTER_READING)
