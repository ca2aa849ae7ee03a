"""Supply areas of gas, and what a cubic meter holds in them."""

import uuid
from typing import Any

import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


def head() -> list[tuple[str, Any]]:
    now = django.db.models.functions.datetime.Now
    return [
        ("organization_id", models.IntegerField()),
        ("id", models.BigAutoField(primary_key=True, serialize=False)),
        ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
        ("created_at", models.DateTimeField(db_default=now(), editable=False)),
        ("updated_at", models.DateTimeField(db_default=now(), editable=False)),
    ]


class Migration(migrations.Migration):
    dependencies = [("billing", "0012_keep_the_day_of_pricing")]

    operations = [
        migrations.CreateModel(
            name="GasArea",
            fields=[
                *head(),
                ("code", models.CharField(max_length=40)),
                ("name", models.CharField(max_length=200)),
                ("factor", models.DecimalField(blank=True, decimal_places=6, max_digits=8, null=True)),
                ("on_missing", models.CharField(default="HOLD", max_length=10)),
                (
                    "site_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), default=list, size=None
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("organization_id", "code"), name="gas_area_code_once"),
                    models.CheckConstraint(
                        condition=models.Q(("factor__isnull", True), ("factor__gt", 0), _connector="OR"),
                        name="gas_area_factor_positive",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="GasValue",
            fields=[
                *head(),
                ("kind", models.CharField(max_length=10)),
                ("days", django.contrib.postgres.fields.ranges.DateRangeField()),
                ("value", models.DecimalField(decimal_places=6, max_digits=12)),
                ("unit", models.CharField(max_length=10)),
                ("number", models.IntegerField()),
                ("origin", models.CharField(max_length=10)),
                ("worked_out", models.JSONField(blank=True, default=dict)),
                ("author", models.CharField(max_length=200)),
                ("entered_at", models.DateTimeField()),
                (
                    "area",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="values", to="billing.gasarea"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["area", "-id"], name="gas_value_newest")],
                "constraints": [
                    models.UniqueConstraint(fields=("area", "kind", "days", "number"), name="gas_value_version_once"),
                    models.CheckConstraint(condition=models.Q(("value__gt", 0)), name="gas_value_positive"),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["CALORIFIC", "FACTOR"])), name="gas_value_kind_known"
                    ),
                ],
            },
        ),
    ]
