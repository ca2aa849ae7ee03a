"""Statements that change what a list of meters is made of leave a row for each organization of their scope.

Without a scope (a bulk load by the owner of the database) every organization gets one. Rows older than an hour are
removed by the next change; those that another transaction holds are left for later, so nobody waits for anybody.
"""

import django.db.models.functions.datetime
from django.db import migrations, models

NOTICE = """
CREATE FUNCTION monitoring_notice_change() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, public AS $$
DECLARE
    touched int[] := nullif(current_setting('meterbook.organizations', true), '')::int[];
BEGIN
    touched := COALESCE(touched, ARRAY(SELECT id FROM identity_organization));
    INSERT INTO monitoring_structurechange (organization_id) SELECT unnest(touched);
    DELETE FROM monitoring_structurechange WHERE id IN (
        SELECT id FROM monitoring_structurechange
        WHERE organization_id = ANY(touched) AND at < now() - interval '1 hour'
        ORDER BY id LIMIT 100 FOR UPDATE SKIP LOCKED);
    RETURN NULL;
END $$;
"""
EVENTS = {
    "metering_meterpoint": "INSERT OR UPDATE OR DELETE",
    "metering_meter": "INSERT OR UPDATE OR DELETE",
    "metering_installation": "INSERT OR UPDATE OR DELETE",
    "metering_series": "INSERT OR UPDATE OR DELETE",
    "sites_sitenode": "INSERT OR UPDATE OF parent_id, kind OR DELETE",
    "acquisition_device": "INSERT OR UPDATE OF is_enabled, meter_id OR DELETE",
}
TRIGGERS = "".join(
    f"CREATE TRIGGER notice_change AFTER {events} ON {table}"
    " FOR EACH STATEMENT EXECUTE FUNCTION monitoring_notice_change();"
    for table, events in EVENTS.items()
)
REVERSE = "".join(f"DROP TRIGGER notice_change ON {table};" for table in EVENTS) + (
    "DROP FUNCTION monitoring_notice_change();"
)


class Migration(migrations.Migration):
    initial = True
    dependencies = [
        ("identity", "0006_let_sites_differ_in_modules"),
        ("sites", "0003_keep_facts_and_history_of_places"),
        ("metering", "0008_find_waiting_findings"),
        ("acquisition", "0002_tally_failures"),
    ]
    operations = [
        migrations.CreateModel(
            name="StructureChange",
            fields=[
                ("organization_id", models.IntegerField()),
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "indexes": [models.Index(fields=["organization_id", "id"], name="structure_change_newest")],
            },
        ),
        migrations.RunSQL(NOTICE + TRIGGERS, REVERSE),
    ]
