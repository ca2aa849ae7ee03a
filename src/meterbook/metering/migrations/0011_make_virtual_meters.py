"""Virtual meters, their formulas and the terms of these."""

import uuid

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("metering", "0010_keep_photos_of_readings"),
    ]

    operations = [
        migrations.CreateModel(
            name="VirtualMeter",
            fields=[
                ("organization_id", models.IntegerField()),
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                (
                    "updated_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                ("purpose", models.CharField(max_length=10)),
                ("series", models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, to="metering.series")),
            ],
        ),
        migrations.CreateModel(
            name="VirtualFormula",
            fields=[
                ("organization_id", models.IntegerField()),
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                (
                    "updated_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                ("starts_at", models.DateTimeField()),
                ("reason", models.CharField(blank=True, max_length=300)),
                ("author", models.CharField(max_length=200)),
                ("recorded_at", models.DateTimeField()),
                ("virtual", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="metering.virtualmeter")),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="VirtualTerm",
            fields=[
                ("organization_id", models.IntegerField()),
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                (
                    "updated_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                ("place", models.SmallIntegerField()),
                ("numerator", models.BigIntegerField()),
                ("denominator", models.BigIntegerField(default=1)),
                ("weekdays", models.SmallIntegerField(default=127)),
                ("from_minute", models.SmallIntegerField(default=0)),
                ("until_minute", models.SmallIntegerField(default=1440)),
                (
                    "formula",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="metering.virtualformula"),
                ),
                (
                    "series",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to="metering.series"
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="virtualmeter",
            constraint=models.CheckConstraint(
                condition=models.Q(("purpose__in", ["TENANT", "AREA", "SYSTEM", "REST"])),
                name="virtual_meter_purpose_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="virtualterm",
            constraint=models.UniqueConstraint(fields=("formula", "place"), name="virtual_term_place_once"),
        ),
        migrations.AddConstraint(
            model_name="virtualterm",
            constraint=models.CheckConstraint(
                condition=models.Q(("denominator__gt", 0)), name="virtual_term_denominator_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="virtualterm",
            constraint=models.CheckConstraint(
                condition=models.Q(("weekdays__range", (1, 127))), name="virtual_term_weekdays_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="virtualterm",
            constraint=models.CheckConstraint(
                condition=models.Q(("from_minute__range", (0, 1439)), ("until_minute__range", (1, 1440))),
                name="virtual_term_minutes_possible",
            ),
        ),
    ]
