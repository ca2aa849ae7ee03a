"""A bus is commissioned: what was found at its addresses is kept; a test read may be an errand of another kind."""

import uuid
from typing import Any

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


def _own() -> list[tuple[str, "models.Field[Any, Any]"]]:
    now = django.db.models.functions.datetime.Now
    return [
        ("organization_id", models.IntegerField()),
        ("id", models.BigAutoField(primary_key=True, serialize=False)),
        ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
        ("created_at", models.DateTimeField(db_default=now(), editable=False)),
        ("updated_at", models.DateTimeField(db_default=now(), editable=False)),
    ]


class Migration(migrations.Migration):
    dependencies = [("acquisition", "0010_carry_batches_and_hear_senders")]

    operations = [
        migrations.AddField("probe", "errand", models.CharField(blank=True, db_default="", default="", max_length=10)),
        migrations.AddField("probe", "blocks", models.JSONField(db_default=[], default=list)),
        migrations.CreateModel(
            name="Commissioning",
            fields=[
                *_own(),
                (
                    "bus",
                    models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, to="acquisition.bus"),
                ),
                ("next_unit", models.SmallIntegerField()),
                ("search", models.UUIDField(blank=True, null=True)),
                ("is_stopped", models.BooleanField(default=False)),
                ("problem", models.JSONField(blank=True, null=True)),
                ("begun_at", models.DateTimeField()),
                ("begun_by", models.CharField(max_length=200)),
            ],
        ),
        migrations.AddConstraint(
            "commissioning",
            models.CheckConstraint(condition=models.Q(("next_unit__range", (0, 251))), name="commissioning_unit_possible"),
        ),
        migrations.CreateModel(
            name="FoundMeter",
            fields=[
                *_own(),
                (
                    "commissioning",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="acquisition.commissioning"),
                ),
                ("unit_id", models.SmallIntegerField()),
                ("found_at", models.DateTimeField()),
                ("question", models.UUIDField(blank=True, null=True)),
                ("errand", models.CharField(blank=True, default="", max_length=10)),
                ("answers", models.JSONField(default=dict)),
                ("records", models.JSONField(default=list)),
                ("kin", models.JSONField(blank=True, null=True)),
                ("device", models.JSONField(blank=True, null=True)),
                ("is_surveyed", models.BooleanField(default=False)),
                ("surveyed_at", models.DateTimeField(blank=True, null=True)),
                ("problem", models.JSONField(blank=True, null=True)),
                ("model_code", models.CharField(blank=True, default="", max_length=60)),
                ("byte_order", models.CharField(blank=True, default="", max_length=4)),
                ("scale", models.CharField(default="1", max_length=12)),
                ("notes", models.JSONField(default=dict)),
            ],
        ),
        migrations.AddConstraint(
            "foundmeter",
            models.UniqueConstraint(fields=("commissioning", "unit_id"), name="found_meter_once_an_address"),
        ),
        migrations.AddConstraint(
            "foundmeter",
            models.CheckConstraint(condition=models.Q(("unit_id__range", (0, 250))), name="found_meter_unit_possible"),
        ),
    ]
