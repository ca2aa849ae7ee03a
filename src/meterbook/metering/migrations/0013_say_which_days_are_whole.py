"""Month rows say by themselves which of their days lack nothing: a bit a day, the first day's the lowest.

The database reckons it from the count of missing intervals in `days` (`metering.blocks`: 31 days of six integers of
eight bytes, the sixth of which is that count), so that no writer has to know of it. A day without a block is not whole.
"""

from django.db import migrations

_NONE = "'\\x0000000000000000'::bytea"
_BITS = " | ".join(
    f"CASE WHEN substr(days, {day * 48 + 41}, 8) = {_NONE} THEN {1 << day} ELSE 0 END" for day in range(31)
)
FORWARD = f"""
ALTER TABLE metering_seriesmonth ADD COLUMN whole integer GENERATED ALWAYS AS ({_BITS}) STORED;
CREATE INDEX series_month_whole ON metering_seriesmonth (organization_id, month, series_id) INCLUDE (whole);
"""
BACKWARD = """
DROP INDEX series_month_whole;
ALTER TABLE metering_seriesmonth DROP COLUMN whole;
"""


class Migration(migrations.Migration):
    dependencies = [("metering", "0012_keep_estimates")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
