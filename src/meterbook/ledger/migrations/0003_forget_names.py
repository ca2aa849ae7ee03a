from django.db import migrations

# Accounts of the books never change, but for one thing: the name of a person may be forgotten, and then it is the code.
FORGET = """
DROP TRIGGER IF EXISTS append_only ON ledger_ledgeraccount;
CREATE FUNCTION ledger_only_forget() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.name = OLD.code
       AND (to_jsonb(NEW) - 'name') = (to_jsonb(OLD) - 'name') THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'rows of % are never changed or removed; record a correction instead', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER only_forget BEFORE UPDATE OR DELETE ON ledger_ledgeraccount
    FOR EACH ROW EXECUTE FUNCTION ledger_only_forget();
CREATE FUNCTION ledger_forget_name(wanted bigint) RETURNS void LANGUAGE sql SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp AS $$
    UPDATE public.ledger_ledgeraccount SET name = code
    WHERE id = wanted AND name <> code
      AND organization_id = any(nullif(current_setting('meterbook.organizations', true), '')::int[])
$$;
REVOKE ALL ON FUNCTION ledger_forget_name(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger_forget_name(bigint) TO meterbook_app;
"""
BACK = """
DROP FUNCTION ledger_forget_name(bigint);
DROP TRIGGER only_forget ON ledger_ledgeraccount;
DROP FUNCTION ledger_only_forget();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0002_guard_the_books'),
    ]

    operations = [
        migrations.RunSQL(FORGET, BACK),
    ]
