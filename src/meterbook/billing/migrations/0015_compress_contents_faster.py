"""Contents of drafts are compressed by LZ4 where the server knows it: in a fraction of the time of its usual way."""

from django.db import migrations

FORWARD = """
DO $$ BEGIN
    ALTER TABLE billing_billdraft ALTER COLUMN content SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN
    NULL;  -- a server that was built without it goes on as before
END $$;
"""
BACKWARD = "ALTER TABLE billing_billdraft ALTER COLUMN content SET COMPRESSION default;"


class Migration(migrations.Migration):
    dependencies = [("billing", "0014_keep_faults_of_calendars")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
