"""Rights of acquisition."""

VIEW_DEVICE = "acquisition:view_device"
MANAGE_DEVICE = "acquisition:manage_device"
REQUEST_READING = "acquisition:request_reading"
EDIT_TYPE = "acquisition:edit_type"

PERMISSIONS = (VIEW_DEVICE, MANAGE_DEVICE, REQUEST_READING, EDIT_TYPE)
