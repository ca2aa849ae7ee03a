"""The two large tables, partitioned by month. Partitions are made by a function of the owner, on demand."""

from django.db import migrations

FORWARD = """
CREATE TABLE metering_reading (
    organization_id integer NOT NULL,
    series_id bigint NOT NULL,
    at timestamptz NOT NULL,
    value bigint NOT NULL,
    quality smallint NOT NULL,
    source smallint NOT NULL,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (series_id, at, source)
) PARTITION BY RANGE (at);

CREATE TABLE metering_seriesday (
    organization_id integer NOT NULL,
    series_id bigint NOT NULL,
    day date NOT NULL,
    revision smallint NOT NULL,
    step smallint NOT NULL,
    "values" bytea NOT NULL,
    quality bytea,
    digest bytea NOT NULL,
    PRIMARY KEY (series_id, day, revision)
) PARTITION BY RANGE (day);

-- Answers whether it made a partition. Leaves get no grants: row security of the parent does not guard them.
CREATE FUNCTION metering_make_partition(parent text, month date) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, public AS $$
DECLARE
    starts date := date_trunc('month', month)::date;
    ends date := (date_trunc('month', month) + interval '1 month')::date;
    leaf text := parent || to_char(starts, '"_y"YYYY"m"MM');
BEGIN
    IF parent NOT IN ('metering_reading', 'metering_seriesday') THEN
        RAISE EXCEPTION 'no partitioned table %', parent;
    END IF;
    IF to_regclass('public.' || quote_ident(leaf)) IS NOT NULL THEN
        RETURN false;
    END IF;
    PERFORM pg_advisory_xact_lock(4762310, hashtext(leaf));
    IF to_regclass('public.' || quote_ident(leaf)) IS NOT NULL THEN
        RETURN false;
    END IF;
    -- The look above may miss what another session has just committed; then the table is there all the same.
    BEGIN
    IF parent = 'metering_reading' THEN
        EXECUTE format('CREATE TABLE public.%I PARTITION OF public.%I FOR VALUES FROM (%L) TO (%L)',
            leaf, parent, starts::text || ' 00:00:00+00', ends::text || ' 00:00:00+00');
    ELSE
        EXECUTE format('CREATE TABLE public.%I PARTITION OF public.%I FOR VALUES FROM (%L) TO (%L)',
            leaf, parent, starts, ends);
    END IF;
    EXCEPTION WHEN duplicate_table THEN
        RETURN false;
    END;
    RETURN true;
END $$;
REVOKE ALL ON FUNCTION metering_make_partition(text, date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION metering_make_partition(text, date) TO meterbook_app, meterbook_bulk, meterbook_maintenance;
"""

BACKWARD = """
DROP FUNCTION metering_make_partition(text, date);
DROP TABLE metering_seriesday;
DROP TABLE metering_reading;
"""


class Migration(migrations.Migration):
    dependencies = [("metering", "0001_create_meters_and_series")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
