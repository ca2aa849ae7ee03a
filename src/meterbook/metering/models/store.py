"""The series store: raw readings, day blocks, month rows, latest values, marks of what must be derived again.

Written by the bulk role with COPY; `series_id` and `organization_id` were checked in a scoped read before. Encodings of
the byte columns are those of `metering.blocks`.
"""

from __future__ import annotations

from django.db import models

from meterbook.foundation import models as foundation_models


class Reading(foundation_models.TenantTable):
    """What a register showed at an instant: an integer of its resolution. Partitioned by month of `at`."""

    pk = models.CompositePrimaryKey("series_id", "at", "source")
    series_id = models.BigIntegerField()
    at = models.DateTimeField()
    value = models.BigIntegerField()
    quality = models.SmallIntegerField()
    source = models.SmallIntegerField()
    received_at = models.DateTimeField()

    privileges = foundation_models.APPEND
    bulk_privileges = foundation_models.APPEND
    append_only = True
    has_foreign_keys = False

    class Meta:
        managed = False
        db_table = "metering_reading"

    def __str__(self) -> str:
        return f"{self.series_id} {self.at}"


class SeriesDay(foundation_models.TenantTable):
    """The intervals of a series in one UTC day: integers of its scale and a quality code each.

    `quality` None: all intervals are VALID. `digest` is over values, quality and step. Partitioned by month of `day`.
    """

    pk = models.CompositePrimaryKey("series_id", "day", "revision")
    series_id = models.BigIntegerField()
    day = models.DateField()
    revision = models.SmallIntegerField()
    step = models.SmallIntegerField()
    values = models.BinaryField()
    quality = models.BinaryField(null=True)
    digest = models.BinaryField()

    privileges = ("SELECT",)
    bulk_privileges = ("SELECT", "INSERT", "UPDATE")
    has_foreign_keys = False

    class Meta:
        managed = False
        db_table = "metering_seriesday"

    def __str__(self) -> str:
        return f"{self.series_id} {self.day}"


class SeriesMonth(foundation_models.TenantTable):
    """Per UTC day of a month: total, smallest and largest interval with their instants (`metering.blocks`)."""

    pk = models.CompositePrimaryKey("series_id", "month")
    series_id = models.BigIntegerField()
    month = models.DateField()
    days = models.BinaryField()

    privileges = ("SELECT",)
    bulk_privileges = ("SELECT", "INSERT", "UPDATE")
    has_foreign_keys = False

    class Meta:
        db_table = "metering_seriesmonth"

    def __str__(self) -> str:
        return f"{self.series_id} {self.month}"


class LatestChunk(foundation_models.TenantTable):
    """The newest reading of up to 128 series (`series_id // 128` is the chunk), as arrays."""

    pk = models.CompositePrimaryKey("organization_id", "chunk")
    chunk = models.IntegerField()
    at = models.BinaryField()
    value = models.BinaryField()
    quality = models.BinaryField()

    privileges = ("SELECT",)
    bulk_privileges = ("SELECT", "INSERT", "UPDATE")
    has_foreign_keys = False

    class Meta:
        db_table = "metering_latestchunk"

    def __str__(self) -> str:
        return f"{self.organization_id} {self.chunk}"


class DirtyDays(foundation_models.TenantTable):
    """One row a batch and UTC day: series ids (int64, little-endian) whose readings of that day changed."""

    id = models.BigAutoField(primary_key=True)
    day = models.DateField()
    series = models.BinaryField()

    privileges = foundation_models.APPEND
    bulk_privileges = ("SELECT", "INSERT", "DELETE")
    has_foreign_keys = False

    class Meta:
        db_table = "metering_dirtydays"
        indexes = (models.Index(fields=["organization_id", "id"], name="dirty_days_organization"),)

    def __str__(self) -> str:
        return f"{self.day}"


class ChangedDays(foundation_models.TenantTable):
    """Days of series that came out differently long after they were over, until somebody has looked who uses them.

    One row a portion of a derivation: `series` (int64) and `days` (int32 since 1970), little-endian, of one length.
    """

    id = models.BigAutoField(primary_key=True)
    series = models.BinaryField()
    days = models.BinaryField()
    changed_at = models.DateTimeField()

    privileges = ("SELECT", "INSERT", "DELETE")
    bulk_privileges = ("INSERT",)
    has_foreign_keys = False

    class Meta:
        db_table = "metering_changeddays"
        indexes = (models.Index(fields=["organization_id", "id"], name="changed_days_organization"),)

    def __str__(self) -> str:
        return f"{self.changed_at}"


class UncheckedDays(foundation_models.TenantTable):
    """Days of series that must be checked again: late readings changed them, or a threshold did; as `ChangedDays`."""

    id = models.BigAutoField(primary_key=True)
    series = models.BinaryField()
    days = models.BinaryField()
    changed_at = models.DateTimeField()

    privileges = ("SELECT", "INSERT", "DELETE")
    bulk_privileges = ("INSERT",)
    has_foreign_keys = False

    class Meta:
        db_table = "metering_uncheckeddays"
        indexes = (models.Index(fields=["organization_id", "id"], name="unchecked_days_organization"),)

    def __str__(self) -> str:
        return f"{self.changed_at}"


class SiteDay(foundation_models.TenantTable):
    """What all counted series of a site, service and role used in each quarter of a UTC day; sums of their day blocks.

    `use` and `estimated` (the part of it that was not measured; empty when there is none) are 96 int64, `known` is 96
    int32: how many series have a whole interval there. Kept by derivation, and made anew by `rebuild_totals`.
    """

    pk = models.CompositePrimaryKey("site_id", "service", "role", "day")
    site_id = models.BigIntegerField()
    service = models.CharField(max_length=20)
    role = models.CharField(max_length=10)
    day = models.DateField()
    use = models.BinaryField()
    estimated = models.BinaryField()
    known = models.BinaryField()

    privileges = ("SELECT",)
    bulk_privileges = ("SELECT", "INSERT", "UPDATE")
    has_foreign_keys = False

    class Meta:
        db_table = "metering_siteday"

    def __str__(self) -> str:
        return f"{self.site_id} {self.service} {self.role} {self.day}"
