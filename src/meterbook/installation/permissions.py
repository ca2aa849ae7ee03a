"""Rights of the installation; they count in the operator's organization only."""

CONFIGURE_INSTALLATION = "installation:configure"

PERMISSIONS = (CONFIGURE_INSTALLATION,)
