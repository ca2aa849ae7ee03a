"""A device can be asked for what it remembers, by a person or by itself after an outage."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("acquisition", "0011_commission_buses")]

    operations = [
        migrations.AddField("device", "asks_memory", models.BooleanField(db_default=True, default=True)),
        migrations.RemoveConstraint("devicerequest", "request_kind_known"),
        migrations.AddConstraint(
            "devicerequest",
            models.CheckConstraint(
                condition=models.Q(("kind__in", ["READ_NOW", "READ_MEMORY"])), name="request_kind_known"
            ),
        ),
    ]
