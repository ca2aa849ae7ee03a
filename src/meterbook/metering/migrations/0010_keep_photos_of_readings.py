"""Photos of displays stand beside the readings that people took."""

import uuid

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("metering", "0009_give_points_a_zone_and_a_language"),
    ]
    operations = [
        migrations.CreateModel(
            name="ReadingPhoto",
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
                ("at", models.DateTimeField()),
                ("content", models.BinaryField()),
                ("author", models.CharField(max_length=200)),
                ("recorded_at", models.DateTimeField()),
                (
                    "series",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="metering.series"),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["series", "at"], name="reading_photo_by_series")],
            },
        ),
    ]
