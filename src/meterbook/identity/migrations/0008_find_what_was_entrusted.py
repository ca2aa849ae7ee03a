from django.db import migrations

# What must be found before an organization is known, or across two of them. They run as the owner, past row security.
# The first answers ids only. The second answers for landlords of the running scope what a person holds in the whole of
# a company that works for them. The third answers to both parties what was agreed between them. The fourth names an
# organization to whoever brings its unguessable id.
CREATE = """
CREATE FUNCTION identity_organizations_entered_by(wanted_user bigint, wanted_at timestamptz) RETURNS SETOF int
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    WITH own AS (
        SELECT g.organization_id, g.scope_kind
        FROM public.identity_grant AS g JOIN public.identity_user AS u ON u.id = g.user_id
        WHERE g.user_id = wanted_user AND u.is_active
          AND g.starts_at <= wanted_at AND (g.ends_at IS NULL OR g.ends_at > wanted_at)
    )
    SELECT organization_id FROM own
    UNION
    SELECT d.organization_id FROM own JOIN public.identity_delegation AS d ON d.manager_id = own.organization_id
    WHERE own.scope_kind = 'ORGANIZATION'
      AND d.starts_at <= wanted_at AND (d.ends_at IS NULL OR d.ends_at > wanted_at)
$$;
CREATE FUNCTION identity_entrusted(wanted_user bigint, wanted_at timestamptz)
    RETURNS TABLE (delegation bigint, manager_name text, scopes text[], site_ids bigint[], starts_at timestamptz,
                   ends_at timestamptz, role_code text, permissions text[], action text, may_configure boolean)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT d.id, d.manager_name::text, d.scopes::text[], d.site_ids, d.starts_at, d.ends_at,
           g.role_code::text, r.permissions::text[], g.action::text, g.may_configure
    FROM public.identity_delegation AS d
    JOIN public.identity_grant AS g ON g.organization_id = d.manager_id
    JOIN public.identity_user AS u ON u.id = g.user_id
    LEFT JOIN public.identity_role AS r ON r.id = g.role_id
    WHERE d.organization_id = any(nullif(current_setting('meterbook.organizations', true), '')::int[])
      AND d.starts_at <= wanted_at AND (d.ends_at IS NULL OR d.ends_at > wanted_at)
      AND g.user_id = wanted_user AND u.is_active AND g.scope_kind = 'ORGANIZATION'
      AND g.starts_at <= wanted_at AND (g.ends_at IS NULL OR g.ends_at > wanted_at)
$$;
CREATE FUNCTION identity_delegations_to_scope()
    RETURNS TABLE (public_id uuid, landlord_id uuid, landlord_name text, scopes text[], sites int,
                   starts_at timestamptz, ends_at timestamptz, revoked_at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT d.public_id, o.public_id, o.name::text, d.scopes::text[], cardinality(d.site_ids),
           d.starts_at, d.ends_at, d.revoked_at
    FROM public.identity_delegation AS d JOIN public.identity_organization AS o ON o.id = d.organization_id
    WHERE d.manager_id = any(nullif(current_setting('meterbook.organizations', true), '')::int[])
    ORDER BY d.starts_at DESC, d.id DESC LIMIT 500
$$;
CREATE FUNCTION identity_organization_of_code(wanted uuid) RETURNS TABLE (id int, name text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT o.id, o.name::text FROM public.identity_organization AS o WHERE o.public_id = wanted
$$;
REVOKE ALL ON FUNCTION identity_organizations_entered_by(bigint, timestamptz) FROM PUBLIC;
REVOKE ALL ON FUNCTION identity_entrusted(bigint, timestamptz) FROM PUBLIC;
REVOKE ALL ON FUNCTION identity_delegations_to_scope() FROM PUBLIC;
REVOKE ALL ON FUNCTION identity_organization_of_code(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION identity_organizations_entered_by(bigint, timestamptz) TO meterbook_app;
GRANT EXECUTE ON FUNCTION identity_entrusted(bigint, timestamptz) TO meterbook_app;
GRANT EXECUTE ON FUNCTION identity_delegations_to_scope() TO meterbook_app;
GRANT EXECUTE ON FUNCTION identity_organization_of_code(uuid) TO meterbook_app;
"""
DROP = """
DROP FUNCTION identity_organizations_entered_by(bigint, timestamptz);
DROP FUNCTION identity_entrusted(bigint, timestamptz);
DROP FUNCTION identity_delegations_to_scope();
DROP FUNCTION identity_organization_of_code(uuid);
"""


class Migration(migrations.Migration):

    dependencies = [
        ('identity', '0007_entrust_sites_to_companies'),
    ]

    operations = [
        migrations.RunSQL(CREATE, DROP),
    ]
