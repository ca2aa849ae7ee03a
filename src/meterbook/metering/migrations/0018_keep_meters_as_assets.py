"""Meters are kept as things: plates and seals, transformers, tests with certificates, photos."""

import uuid

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("metering", "0017_keep_thresholds_and_shapes"),
    ]

    operations = [
        migrations.CreateModel(
            name="AssetFile",
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
                ("kind", models.CharField(max_length=12)),
                ("at", models.DateTimeField()),
                ("media_type", models.CharField(max_length=40)),
                ("extension", models.CharField(max_length=8)),
                ("content", models.BinaryField()),
                ("author", models.CharField(max_length=200)),
                ("recorded_at", models.DateTimeField()),
                (
                    "installation",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to="metering.installation"
                    ),
                ),
                ("meter", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="metering.meter")),
            ],
        ),
        migrations.CreateModel(
            name="MeterPlate",
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
                ("accuracy_class", models.CharField(blank=True, max_length=20)),
                ("approval", models.CharField(blank=True, max_length=8)),
                ("approval_number", models.CharField(blank=True, max_length=80)),
                ("seals", models.JSONField(default=list)),
                ("battery_until", models.DateField(blank=True, null=True)),
                ("author", models.CharField(max_length=200)),
                ("recorded_at", models.DateTimeField()),
                ("meter", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="metering.meter")),
            ],
        ),
        migrations.CreateModel(
            name="MeterTest",
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
                ("tested_on", models.DateField()),
                ("until_day", models.DateField(blank=True, null=True)),
                ("is_passed", models.BooleanField()),
                ("laboratory", models.CharField(blank=True, max_length=200)),
                ("certificate_number", models.CharField(blank=True, max_length=80)),
                ("largest_error", models.DecimalField(blank=True, decimal_places=3, max_digits=7, null=True)),
                ("note", models.CharField(blank=True, max_length=500)),
                ("author", models.CharField(max_length=200)),
                ("recorded_at", models.DateTimeField()),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
                ("withdrawn_by", models.CharField(blank=True, max_length=200)),
                ("withdrawn_because", models.CharField(blank=True, max_length=200)),
                (
                    "file",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to="metering.assetfile"
                    ),
                ),
                ("meter", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="metering.meter")),
            ],
        ),
        migrations.CreateModel(
            name="PointEquipment",
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
                ("location", models.CharField(blank=True, max_length=200)),
                ("current_ratio", models.CharField(blank=True, max_length=40)),
                ("current_serials", models.CharField(blank=True, max_length=200)),
                ("current_class", models.CharField(blank=True, max_length=20)),
                ("voltage_ratio", models.CharField(blank=True, max_length=40)),
                ("voltage_serials", models.CharField(blank=True, max_length=200)),
                ("voltage_class", models.CharField(blank=True, max_length=20)),
                ("author", models.CharField(max_length=200)),
                ("recorded_at", models.DateTimeField()),
                (
                    "meter_point",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="metering.meterpoint"),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="assetfile",
            index=models.Index(fields=["meter", "at"], name="asset_file_by_meter"),
        ),
        migrations.AddConstraint(
            model_name="assetfile",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["INSTALLED", "REMOVED", "CHANGED", "CERTIFICATE"])),
                name="asset_file_kind_known",
            ),
        ),
        migrations.AddIndex(
            model_name="meterplate",
            index=models.Index(fields=["meter", "starts_at"], name="meter_plate_by_meter"),
        ),
        migrations.AddConstraint(
            model_name="meterplate",
            constraint=models.CheckConstraint(
                condition=models.Q(("approval__in", ["", "MID", "ANSI", "TYPE", "OTHER"])),
                name="meter_plate_approval_known",
            ),
        ),
        migrations.AddIndex(
            model_name="metertest",
            index=models.Index(
                condition=models.Q(("withdrawn_at__isnull", True)),
                fields=["meter", "tested_on"],
                name="meter_test_by_meter",
            ),
        ),
        migrations.AddConstraint(
            model_name="metertest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("until_day__isnull", True), ("until_day__gt", models.F("tested_on")), _connector="OR"
                ),
                name="meter_test_holds_a_day",
            ),
        ),
        migrations.AddIndex(
            model_name="pointequipment",
            index=models.Index(fields=["meter_point", "starts_at"], name="point_equipment_by_point"),
        ),
    ]
