"""Where a proposed tariff comes from, in words."""

from __future__ import annotations

from django.utils.translation import gettext as _

from meterbook.customers.tariff_defaults import DefaultLevel, DefaultRow


def origin(row: DefaultRow) -> str:
    """This will say where a default comes from: "from the default of site Harbor"."""
    texts = {
        DefaultLevel.BUILDING: _("from the default of building %(name)s") % {"name": row.building_name},
        DefaultLevel.SITE: _("from the default of site %(name)s") % {"name": row.site_name},
        DefaultLevel.ORGANIZATION: _("from the default for all sites"),
    }
    return texts[row.level]
