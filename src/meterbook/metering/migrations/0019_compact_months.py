"""Months of blocks that were derived again take twice their size: the owner rewrites them, as it makes partitions."""

from django.db import migrations

FORWARD = """
-- Answers whether it rewrote the month: when a third of its pages is air, which is read along with every block.
CREATE FUNCTION metering_compact_month(month date) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
    leaf text := 'metering_seriesday' || to_char(month, '"_y"YYYY"m"MM');
    taken bigint;
    needed double precision;
BEGIN
    IF to_regclass('public.' || quote_ident(leaf)) IS NULL THEN
        RETURN false;
    END IF;
    EXECUTE format('ANALYZE public.%I', leaf);
    SELECT pg_relation_size(c.oid), c.reltuples * (32 + (
            SELECT coalesce(sum(s.avg_width * (1 - s.null_frac)), 0) FROM pg_stats s
            WHERE s.schemaname = 'public' AND s.tablename = leaf))
        INTO taken, needed FROM pg_class c WHERE c.oid = to_regclass('public.' || quote_ident(leaf));
    IF taken < 1048576 OR needed > taken * 0.67 THEN
        RETURN false;
    END IF;
    EXECUTE format('CLUSTER public.%I USING %I', leaf, leaf || '_pkey');
    RETURN true;
EXCEPTION WHEN lock_not_available THEN
    RETURN false;  -- somebody works with the month: another night
END $$;
REVOKE ALL ON FUNCTION metering_compact_month(date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION metering_compact_month(date) TO meterbook_bulk;
"""

BACKWARD = "DROP FUNCTION metering_compact_month(date);"


class Migration(migrations.Migration):
    dependencies = [("metering", "0018_keep_meters_as_assets")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
