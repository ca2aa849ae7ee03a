"""Changes of sites and places, by subject; callers say `site_operations.move_node(...)`."""

from meterbook.sites.operations.archiving import NodeInUse, archive_node, delete_node, restore_node
from meterbook.sites.operations.changing import FactsInvalid, change_node, change_site
from meterbook.sites.operations.creating import (
    NodeCodeTaken,
    SiteCodeTaken,
    TimeZoneUnknown,
    create_node,
    create_site,
    require_zone,
)
from meterbook.sites.operations.custom_fields import FieldTaken, TooManyFields, declare_field, remove_field
from meterbook.sites.operations.finding import NodeArchived, NodeMisplaced, NodeNotFound
from meterbook.sites.operations.moving import MovedLater, MoveInFuture, move_node
from meterbook.sites.operations.photos import TooManyPhotos, add_photo, remove_photo

__all__ = [
    "FactsInvalid",
    "FieldTaken",
    "MoveInFuture",
    "MovedLater",
    "NodeArchived",
    "NodeCodeTaken",
    "NodeInUse",
    "NodeMisplaced",
    "NodeNotFound",
    "SiteCodeTaken",
    "TimeZoneUnknown",
    "TooManyFields",
    "TooManyPhotos",
    "add_photo",
    "archive_node",
    "change_node",
    "change_site",
    "create_node",
    "create_site",
    "declare_field",
    "delete_node",
    "move_node",
    "remove_field",
    "remove_photo",
    "require_zone",
    "restore_node",
]
