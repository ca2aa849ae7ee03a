"""Calendars say whether services share a bill; a run may be of some services alone."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("billing", "0009_plan_and_true_up")]

    operations = [
        migrations.AddField(
            model_name="billingcalendar",
            name="bundling",
            field=models.CharField(default="TOGETHER", db_default="TOGETHER", max_length=10),
        ),
        migrations.AddField(
            model_name="billrun",
            name="services",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=20), null=True, size=None
            ),
        ),
    ]
