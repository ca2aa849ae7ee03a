"""Which shared costs a run leaves to a later one, and sheets that say so: they take no days."""

from __future__ import annotations

import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
from django.db import migrations, models

NAME = "pool_divided_once"
OVERLAP = [("pool", "="), ("days", django.contrib.postgres.fields.ranges.RangeOperators.OVERLAPS)]


class Migration(migrations.Migration):
    dependencies = [("billing", "0015_compress_contents_faster")]

    operations = [
        migrations.AddField("billrun", "put_off", models.JSONField(null=True)),
        migrations.AddField("poolsheet", "is_put_off", models.BooleanField(db_default=False, default=False)),
        migrations.RemoveConstraint("poolsheet", NAME),
        migrations.AddConstraint(
            "poolsheet",
            django.contrib.postgres.constraints.ExclusionConstraint(
                name=NAME,
                expressions=OVERLAP,
                condition=models.Q(is_replaced=False, is_put_off=False),
            ),
        ),
    ]
