"""What-ifs that a job makes, and what came out of their parts."""

import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("billing", "0016_put_shared_costs_off")]

    operations = [
        migrations.CreateModel(
            name="WhatIf",
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
                ("first_day", models.DateField()),
                ("until_day", models.DateField()),
                ("scope", models.JSONField(default=dict)),
                (
                    "site_ids",
                    django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None),
                ),
                ("prices_text", models.CharField(blank=True, max_length=300)),
                ("document", models.JSONField(blank=True, null=True)),
                ("currency", models.CharField(max_length=3)),
                ("asked_at", models.DateTimeField()),
                ("asked_by", models.CharField(max_length=200)),
                ("accounts", models.IntegerField()),
                ("done", models.IntegerField(default=0)),
                ("canceled_at", models.DateTimeField(blank=True, null=True)),
                ("keep_until", models.DateTimeField()),
            ],
            options={
                "indexes": [models.Index(fields=["organization_id", "-asked_at"], name="what_if_newest")],
            },
        ),
        migrations.CreateModel(
            name="WhatIfPart",
            fields=[
                ("organization_id", models.IntegerField()),
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "account_ids",
                    django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None),
                ),
                ("found", models.JSONField(blank=True, null=True)),
                (
                    "what_if",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="parts", to="billing.whatif"
                    ),
                ),
            ],
        ),
    ]
