"""Readings that people bring in are kept under their marks; sites may ask for photos with them."""

import django.db.models.deletion
import django.db.models.functions.datetime
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("metering", "0014_note_changed_days"),
        ("sites", "0003_keep_facts_and_history_of_places"),
    ]

    operations = [
        migrations.CreateModel(
            name="ReadingRule",
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
                ("is_photo_required", models.BooleanField(default=False)),
                ("site", models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, to="sites.site")),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="TakenReading",
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
                ("client_id", models.UUIDField()),
                ("at", models.DateTimeField()),
                ("value", models.DecimalField(decimal_places=6, max_digits=26)),
                ("unit", models.CharField(max_length=12)),
                ("kind", models.CharField(max_length=8)),
                ("outcome", models.CharField(max_length=9)),
                ("doubts", models.CharField(blank=True, max_length=60)),
                ("reason", models.TextField(blank=True)),
                ("author", models.CharField(max_length=200)),
                ("recorded_at", models.DateTimeField()),
                ("reviewed_at", models.DateTimeField(blank=True, null=True)),
                ("reviewer", models.CharField(blank=True, max_length=200)),
                (
                    "photo",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to="metering.readingphoto"
                    ),
                ),
                ("series", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="metering.series")),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(models.Q(("doubts", ""), _negated=True), ("reviewed_at__isnull", True)),
                        fields=["organization_id", "id"],
                        name="taken_reading_waiting",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("organization_id", "client_id"), name="taken_reading_once"),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["PERIODIC", "INITIAL", "FINAL", "CHECK"])),
                        name="taken_reading_kind_known",
                    ),
                ],
            },
        ),
    ]
