"""Rights of notifications. A person's own destinations need none: they belong to whoever is signed in."""

VIEW_LOG = "notifications:view_log"
CONFIGURE_CHANNELS = "notifications:configure_channels"

PERMISSIONS = (VIEW_LOG, CONFIGURE_CHANNELS)
