"""Days of meters that can hardly be right are kept until a person has settled them."""

import django.db.models.deletion
import django.db.models.functions.datetime
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("metering", "0014_note_changed_days"),
        ("monitoring", "0001_notice_changes_of_structure"),
    ]

    operations = [
        migrations.CreateModel(
            name="DayFinding",
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
                ("kind", models.CharField(max_length=20)),
                ("first_day", models.DateField()),
                ("last_day", models.DateField()),
                ("facts", models.JSONField(default=dict)),
                ("found_at", models.DateTimeField()),
                ("settled_at", models.DateTimeField(blank=True, null=True)),
                ("settled_by", models.CharField(blank=True, max_length=200)),
                ("reason", models.CharField(blank=True, max_length=300)),
                (
                    "meter_point",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="metering.meterpoint"),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("settled_at", None)),
                        fields=["organization_id", "last_day"],
                        name="day_finding_open",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("settled_at", None)),
                        fields=("meter_point", "kind"),
                        name="day_finding_open_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "kind__in",
                                [
                                    "STUCK",
                                    "SPIKE",
                                    "ZERO_OCCUPIED",
                                    "USE_VACANT",
                                    "REGISTER_SUM",
                                    "PARENT_SUM",
                                    "PHASE_MISSING",
                                    "CT_REVERSED",
                                ],
                            )
                        ),
                        name="day_finding_kind_known",
                    ),
                ],
            },
        ),
    ]
