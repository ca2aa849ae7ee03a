"""The bytes on the wire of readings at midnight are kept, so that a bill opens down to them."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("acquisition", "0014_search_by_number"),
        ("metering", "0021_limit_estimates"),
    ]
    operations = [
        migrations.CreateModel(
            name="KeptFrame",
            fields=[
                ("organization_id", models.IntegerField()),
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("address", models.CharField(max_length=16)),
                ("at", models.DateTimeField()),
                ("request", models.BinaryField()),
                ("response", models.BinaryField()),
                ("took_ms", models.IntegerField()),
                (
                    "bus",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, to="acquisition.bus"
                    ),
                ),
                ("meter", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="metering.meter")),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("meter", "at", "request"), name="kept_frame_once")],
            },
        ),
    ]
