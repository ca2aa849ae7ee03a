"""Rights of tariffs."""

VIEW_TARIFF = "tariffs:view_tariff"
DRAFT_TARIFF = "tariffs:draft_tariff"
PUBLISH_TARIFF = "tariffs:publish_tariff"

PERMISSIONS = (VIEW_TARIFF, DRAFT_TARIFF, PUBLISH_TARIFF)
