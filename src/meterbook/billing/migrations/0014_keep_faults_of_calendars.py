"""Why a calendar or a run does not go on by itself, for the people who must put it right."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("billing", "0013_keep_gas_values")]

    operations = [
        operation
        for model in ("billingcalendar", "billrun")
        for operation in (
            migrations.AddField(
                model, "fault", models.CharField(blank=True, db_default="", default="", max_length=300)
            ),
            migrations.AddField(model, "fault_since", models.DateTimeField(blank=True, null=True)),
        )
    ]
