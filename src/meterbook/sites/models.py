"""Sites, the tree of places below them, where places lay before they were moved, and what else is known of them."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models

from meterbook.foundation import fields
from meterbook.foundation import models as foundation_models
from meterbook.sites import values


class Site(foundation_models.TenantModel):
    """A property: it gives its meters their time zone and currency."""

    code = models.CharField(max_length=values.CODE_LENGTH)
    name = models.CharField(max_length=values.NAME_LENGTH)
    time_zone = models.CharField(max_length=64)
    currency = models.CharField(max_length=3)
    language = models.CharField(max_length=10)
    # The group of properties that it belongs to, by name.
    portfolio = models.CharField(max_length=values.NAME_LENGTH, blank=True, default="", db_default="")
    address = models.CharField(max_length=values.ADDRESS_LENGTH, blank=True, default="", db_default="")
    contacts = models.CharField(max_length=values.CONTACTS_LENGTH, blank=True, default="", db_default="")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["organization_id", "code"], name="site_code_once"),)

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class SiteNode(foundation_models.TenantModel):
    """A building, floor, zone or unit of a site. `parent` is where it lies now; `NodePlacement` where it lay before.

    `custom` holds texts by the keys of `CustomField`. An archived place is in no list, but reports still know it.
    """

    site = models.ForeignKey(Site, on_delete=models.PROTECT)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True)
    kind = models.CharField(max_length=10)
    code = models.CharField(max_length=values.CODE_LENGTH)
    name = models.CharField(max_length=values.NAME_LENGTH)
    # What lists are ordered by: "Unit 2" before "Unit 10".
    sort_name = models.GeneratedField(
        expression=fields.NaturalKey("name"), output_field=models.TextField(), db_persist=True
    )
    area = models.DecimalField(
        max_digits=values.NUMBER_DIGITS, decimal_places=values.NUMBER_DECIMALS, null=True, blank=True
    )
    area_unit = models.CharField(max_length=4, default=values.AreaUnit.M2.value, db_default=values.AreaUnit.M2.value)
    headcount = models.IntegerField(null=True, blank=True)
    usage = models.CharField(max_length=12, blank=True, default="", db_default="")
    address = models.CharField(max_length=values.ADDRESS_LENGTH, blank=True, default="", db_default="")
    rated_capacity = models.DecimalField(
        max_digits=values.NUMBER_DIGITS, decimal_places=values.NUMBER_DECIMALS, null=True, blank=True
    )
    capacity_unit = models.CharField(
        max_length=4, default=values.CapacityUnit.KW.value, db_default=values.CapacityUnit.KW.value
    )
    contacts = models.CharField(max_length=values.CONTACTS_LENGTH, blank=True, default="", db_default="")
    language = models.CharField(max_length=10, blank=True, default="", db_default="")
    custom = models.JSONField(default=dict, db_default={})
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["organization_id", "code"], name="site_node_code_once_an_owner"),
            models.CheckConstraint(
                condition=models.Q(kind__in=[each.value for each in values.NodeKind]), name="site_node_kind_known"
            ),
            models.CheckConstraint(
                condition=models.Q(area_unit__in=[each.value for each in values.AreaUnit]),
                name="site_node_area_unit_known",
            ),
            models.CheckConstraint(
                condition=models.Q(capacity_unit__in=[each.value for each in values.CapacityUnit]),
                name="site_node_capacity_unit_known",
            ),
            models.CheckConstraint(
                condition=models.Q(usage__in=["", *(each.value for each in values.UsageType)]),
                name="site_node_usage_known",
            ),
            models.CheckConstraint(
                condition=(models.Q(area__isnull=True) | models.Q(area__gte=0))
                & (models.Q(headcount__isnull=True) | models.Q(headcount__gte=0))
                & (models.Q(rated_capacity__isnull=True) | models.Q(rated_capacity__gte=0)),
                name="site_node_figures_not_negative",
            ),
        )

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class NodePlacement(foundation_models.TenantModel):
    """Where a place lay during [from, to), before it was moved; no beginning: from the first. `parent` None is the top.

    The time since the latest move has no row: that is `SiteNode.parent`. So a place always lies somewhere.
    """

    node = models.ForeignKey(SiteNode, on_delete=models.PROTECT, related_name="placements")
    parent = models.ForeignKey(SiteNode, on_delete=models.PROTECT, null=True, blank=True, related_name="former_parts")
    during = DateTimeRangeField()

    class Meta:
        constraints = (
            ExclusionConstraint(
                name="node_at_one_place",
                expressions=[("node", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
            ),
            models.CheckConstraint(condition=models.Q(during__upper_inf=False), name="node_placement_ended"),
        )

    def __str__(self) -> str:
        return f"{self.node_id} in {self.parent_id}"


class CustomField(foundation_models.TenantModel):
    """A fact that an organization keeps of its places. `key` never changes: stored values are found by it."""

    key = models.CharField(max_length=values.KEY_LENGTH)
    name = models.CharField(max_length=80)
    type = models.CharField(max_length=8)
    choices = models.JSONField(default=list)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["organization_id", "key"], name="custom_field_key_once"),
            models.UniqueConstraint(fields=["organization_id", "name"], name="custom_field_name_once"),
            models.CheckConstraint(
                condition=models.Q(type__in=[each.value for each in values.FieldType]), name="custom_field_type_known"
            ),
        )

    def __str__(self) -> str:
        return self.name


class NodePhoto(foundation_models.TenantModel):
    """A photo of a place, as it was written anew without metadata. `digest` is its SHA-256 in hexadecimal."""

    node = models.ForeignKey(SiteNode, on_delete=models.PROTECT)
    caption = models.CharField(max_length=200, blank=True)
    media_type = models.CharField(max_length=20)
    content = models.BinaryField()
    size = models.IntegerField()
    digest = models.CharField(max_length=64)
    author = models.CharField(max_length=200)
    added_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["node", "digest"], name="node_photo_once"),)

    def __str__(self) -> str:
        return self.caption or self.digest[:12]


class BuildingFile(foundation_models.TenantModel):
    """A workbook with sites, places and meter points; it is kept when it was imported.

    `outcome` counts what it made and changed. `digest` is the SHA-256 of `content` in hexadecimal.
    """

    name = models.CharField(max_length=200)
    content = models.BinaryField()
    digest = models.CharField(max_length=64)
    size = models.IntegerField()
    author = models.CharField(max_length=200)
    uploaded_at = models.DateTimeField()
    imported_at = models.DateTimeField(null=True, blank=True)
    outcome = models.JSONField(null=True, blank=True)

    class Meta:
        indexes = (models.Index(fields=["organization_id", "-uploaded_at"], name="building_file_newest"),)

    def __str__(self) -> str:
        return self.name
