"""Which series have blocks of a day: asked when the day's sums are made for the first time (`deriving.totals`).

Many rows share a key, which such an index keeps once: about six bytes a block.
"""

from django.db import migrations

FORWARD = "CREATE INDEX metering_seriesday_of_day ON metering_seriesday (organization_id, day);"
BACKWARD = "DROP INDEX metering_seriesday_of_day;"


class Migration(migrations.Migration):
    dependencies = [("metering", "0019_compact_months")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
