from django.db import migrations

# What must be found before an organization is known. It runs as the owner, past row security, and answers ids only.
CREATE = """
CREATE FUNCTION identity_organizations_of(wanted_user bigint, wanted_at timestamptz) RETURNS SETOF int
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT DISTINCT g.organization_id
    FROM public.identity_grant AS g JOIN public.identity_user AS u ON u.id = g.user_id
    WHERE g.user_id = wanted_user AND u.is_active
      AND g.starts_at <= wanted_at AND (g.ends_at IS NULL OR g.ends_at > wanted_at)
$$;
REVOKE ALL ON FUNCTION identity_organizations_of(bigint, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION identity_organizations_of(bigint, timestamptz) TO meterbook_app;
"""
DROP = "DROP FUNCTION identity_organizations_of(bigint, timestamptz)"


class Migration(migrations.Migration):

    dependencies = [
        ('identity', '0001_create_organizations_users_and_grants'),
    ]

    operations = [
        migrations.RunSQL(CREATE, DROP),
    ]
