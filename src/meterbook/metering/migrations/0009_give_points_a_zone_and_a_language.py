"""A meter point may have its own time zone and document language; former zones say what its past days were."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("metering", "0008_find_waiting_findings"),
    ]
    operations = [
        migrations.AddField(
            "meterpoint", "time_zone", models.CharField(blank=True, db_default="", default="", max_length=64)
        ),
        migrations.AddField(
            "meterpoint", "language", models.CharField(blank=True, db_default="", default="", max_length=10)
        ),
        migrations.AddField("meterpoint", "former_zones", models.JSONField(db_default=[], default=list)),
    ]
