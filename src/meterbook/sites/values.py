"""Words of the site tree."""

from __future__ import annotations

import enum

from django.utils.translation import gettext_lazy as _


class NodeKind(enum.StrEnum):
    """Levels of the tree below a site, from large to small."""

    BUILDING = "BUILDING"
    FLOOR = "FLOOR"
    ZONE = "ZONE"
    UNIT = "UNIT"


NODE_KIND_CAPTIONS = {
    NodeKind.BUILDING: _("Building"),
    NodeKind.FLOOR: _("Floor"),
    NodeKind.ZONE: _("Zone"),
    NodeKind.UNIT: _("Unit"),
}
