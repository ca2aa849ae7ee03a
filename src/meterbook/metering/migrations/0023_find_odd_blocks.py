"""Which days of series hold another quality than VALID: bills ask it of all months that they show (`billing`)."""

from django.db import migrations

FORWARD = "CREATE INDEX metering_seriesday_odd ON metering_seriesday (series_id, day) WHERE quality IS NOT NULL;"
BACKWARD = "DROP INDEX metering_seriesday_odd;"


class Migration(migrations.Migration):
    dependencies = [("metering", "0022_compute_heat_of_water")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
