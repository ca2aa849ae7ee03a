"""Reads of sites and places; each needs a running scope."""

from meterbook.sites.queries.files import BuildingFileNotFound, BuildingFileRow, get_building_file, list_building_files
from meterbook.sites.queries.history import Placement, former_placements, parents_at
from meterbook.sites.queries.listing import (
    NodeRow,
    SiteNotFound,
    SiteRow,
    get_site,
    list_nodes,
    list_sites,
    reached_sites,
)
from meterbook.sites.queries.places import (
    NodeDetail,
    PhotoRow,
    PlaceNotFound,
    get_node,
    get_photo,
    list_archived,
    list_fields,
)

__all__ = [
    "BuildingFileNotFound",
    "BuildingFileRow",
    "NodeDetail",
    "NodeRow",
    "PhotoRow",
    "PlaceNotFound",
    "Placement",
    "SiteNotFound",
    "SiteRow",
    "former_placements",
    "get_building_file",
    "get_node",
    "get_photo",
    "get_site",
    "list_archived",
    "list_building_files",
    "list_fields",
    "list_nodes",
    "list_sites",
    "parents_at",
    "reached_sites",
]
