"""Estimates say how their number came about; corrections of billed time wait for a second person."""

import uuid

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("metering", "0011_make_virtual_meters"),
        ("sites", "0003_keep_facts_and_history_of_places"),
    ]

    operations = [
        migrations.AddField(
            model_name="correction",
            name="approved_by",
            field=models.CharField(db_default="", default="", max_length=200),
        ),
        migrations.AddField(
            model_name="correction",
            name="made_of",
            field=models.JSONField(db_default=models.Value({}, models.JSONField()), default=dict),
        ),
        migrations.AddField(
            model_name="correction",
            name="method",
            field=models.CharField(db_default="", default="", max_length=20),
        ),
        migrations.CreateModel(
            name="CorrectionProposal",
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
                ("kind", models.CharField(max_length=16)),
                ("at", models.DateTimeField()),
                ("value", models.BigIntegerField(blank=True, null=True)),
                ("until", models.DateTimeField(blank=True, null=True)),
                ("method", models.CharField(blank=True, max_length=20)),
                ("made_of", models.JSONField(default=dict)),
                ("reason", models.CharField(max_length=500)),
                ("author", models.CharField(max_length=200)),
                ("author_id", models.BigIntegerField(blank=True, null=True)),
                ("recorded_at", models.DateTimeField()),
                ("state", models.CharField(default="WAITING", max_length=10)),
                ("decided_by", models.CharField(blank=True, max_length=200)),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                ("series", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="metering.series")),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "WAITING")),
                        fields=["organization_id", "recorded_at"],
                        name="correction_proposal_waiting",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["WAITING", "APPROVED", "REFUSED"])),
                        name="correction_proposal_state_known",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="EstimatingPolicy",
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
                ("methods", models.JSONField(default=list)),
                (
                    "site",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to="sites.site"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("organization_id", "site"), name="estimating_policy_once", nulls_distinct=False
                    )
                ],
            },
        ),
    ]
