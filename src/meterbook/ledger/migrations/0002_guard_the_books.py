"""The rules of double entry, as triggers, and the one function that posts.

Each check is one pass over all rows of a statement: a check per entry would cost half of the posting rate. The functions
keep their plans, as planning costs more than a single posting, and fix the join method: a plan made for ten thousand
entries must not read whole tables when the next statement brings two, and one made when the tables were empty must not
compare each entry with each row once they are full. OFFSET 0 makes a row be looked up by its key before anything else
is compared: on a table without statistics an index that begins with the organization would be taken for the key. For
the same reason `ledger_balance` has none.
"""

from django.db import migrations

GUARDS = """
CREATE FUNCTION ledger_refuse_change() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are kept by the ledger itself and never changed or removed; post a reversal instead',
        TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER kept_by_trigger BEFORE INSERT OR UPDATE ON ledger_balance
    FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER never_deleted BEFORE DELETE ON ledger_balance
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON ledger_balance EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON ledger_ledgeraccount EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON ledger_ledgertransaction EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON ledger_ledgerentry EXECUTE FUNCTION ledger_refuse_change();

ALTER TABLE ledger_balance SET (fillfactor = 40);
"""

BALANCES = """
CREATE FUNCTION ledger_open_balance() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, public AS $$
BEGIN
    INSERT INTO ledger_balance (account_id, stripe, organization_id, amount, entry_count, currency, decimals, stripes,
            side, floor, gives_money_away)
        SELECT NEW.id, stripe, NEW.organization_id, 0, 0, NEW.currency, NEW.decimals, NEW.stripes,
            CASE WHEN NEW.kind IN ('ASSET', 'EXPENSE') THEN 1 ELSE -1 END, NEW.floor, false
        FROM generate_series(0, NEW.stripes - 1) AS stripe;
    RETURN NULL;
END $$;
CREATE TRIGGER open_balance AFTER INSERT ON ledger_ledgeraccount FOR EACH ROW EXECUTE FUNCTION ledger_open_balance();
"""

ENTRIES = """
-- Entries of a transaction come in one statement, numbered 1..n, and are all there are: a second lot would have to bring
-- the same numbers and meets the primary key. As no transaction is there without entries (ledger_check_transactions),
-- none can be added later either.
--
-- Then the balances: each account must have been changed, or its money would be lost silently. Rows are changed in the
-- order of accounts, so that two writers wait for each other instead of locking each other out:
-- sum, stripe, and the row by its whole key.
CREATE FUNCTION ledger_keep_books() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, public
    SET plan_cache_mode = force_generic_plan
    SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET enable_material = off AS $$
DECLARE
    incomplete bigint;
    unbalanced bigint;
    is_given boolean;
    changed bigint;
    expected bigint;
BEGIN
    SELECT min(e.transaction_id) FILTER (WHERE t.id IS NULL), min(e.transaction_id) FILTER (WHERE e.is_unbalanced),
        bool_or(t.gives_money_away)
    INTO incomplete, unbalanced, is_given FROM (
        SELECT transaction_id, organization_id, posted_date,
            sum(entries) AS entries, max(top) AS top, bool_or(total <> 0) AS is_unbalanced
        FROM (
            SELECT transaction_id, organization_id, posted_date, currency,
                count(*) AS entries, max(ordinal) AS top, sum(amount) AS total
            FROM added GROUP BY transaction_id, organization_id, posted_date, currency
        ) AS by_currency GROUP BY transaction_id, organization_id, posted_date
    ) AS e
    LEFT JOIN LATERAL (SELECT * FROM ledger_ledgertransaction WHERE id = e.transaction_id OFFSET 0) AS t
        ON t.organization_id = e.organization_id AND t.posted_date = e.posted_date
        AND t.entry_count = e.entries AND t.entry_count = e.top;
    IF incomplete IS NOT NULL THEN
        RAISE EXCEPTION 'the entries of transaction % are not all of its entries, or not of its organization and date',
            incomplete USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_entries_complete';
    ELSIF unbalanced IS NOT NULL THEN
        RAISE EXCEPTION 'the entries of transaction % do not sum to zero in each currency', unbalanced
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_entries_balanced';
    END IF;

    WITH given AS MATERIALIZED (
        SELECT t.id FROM (SELECT DISTINCT transaction_id FROM added WHERE is_given) AS e
        JOIN ledger_ledgertransaction t ON t.id = e.transaction_id WHERE t.gives_money_away
    ), taken AS (
        SELECT e.account_id, max(e.amount) AS most, min(e.amount) AS least FROM added e
        WHERE is_given AND e.transaction_id IN (SELECT id FROM given) GROUP BY e.account_id
    ), summed AS MATERIALIZED (
        SELECT account_id, organization_id, currency, sum(amount) AS amount, count(*) AS entries,
            max(min_scale(amount)) AS decimals
        FROM added GROUP BY account_id, organization_id, currency ORDER BY account_id
    ), kept AS (
        UPDATE ledger_balance b SET amount = b.amount + m.amount, entry_count = b.entry_count + m.entries,
            gives_money_away = is_given AND EXISTS (
                SELECT 1 FROM taken t WHERE t.account_id = b.account_id
                AND CASE WHEN b.side = 1 THEN t.least < 0 ELSE t.most > 0 END)
        FROM summed m CROSS JOIN LATERAL (
            SELECT pg_backend_pid() % f.stripes AS stripe FROM ledger_balance f
            WHERE f.account_id = m.account_id AND f.stripe = 0 OFFSET 0
        ) AS own
        WHERE b.account_id = m.account_id AND b.stripe = own.stripe
            AND b.organization_id = m.organization_id AND b.currency = m.currency AND b.decimals >= m.decimals
        RETURNING 1
    )
    SELECT (SELECT count(*) FROM kept), (SELECT count(*) FROM summed) INTO changed, expected;
    IF changed <> expected THEN
        RAISE EXCEPTION '% of % accounts are unknown here, of another currency, or cannot hold so many decimals',
            expected - changed, expected USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_entries_fit_account';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER keep_books AFTER INSERT ON ledger_ledgerentry REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_keep_books();
"""

TRANSACTIONS = """
-- A transaction and its entries come in one statement (WITH ... INSERT ... INSERT), so that this needs no deferred check a
-- row: at the end of the statement the entries are there. A reversal must undo its original exactly.
CREATE FUNCTION ledger_check_transactions() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, public
    SET plan_cache_mode = force_generic_plan
    SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET enable_material = off AS $$
DECLARE
    bad bigint;
BEGIN
    SELECT t.id INTO bad FROM added t WHERE NOT EXISTS (
        SELECT 1 FROM ledger_ledgerentry e WHERE e.transaction_id = t.id AND e.ordinal = 1) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'transaction % has no entries; insert both in one statement', bad
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_transaction_has_entries';
    END IF;
    SELECT t.id INTO bad FROM added t WHERE t.reverses_id IS NOT NULL AND (
        NOT EXISTS (
            SELECT 1 FROM (SELECT * FROM ledger_ledgertransaction WHERE id = t.reverses_id OFFSET 0) AS o
            WHERE o.organization_id = t.organization_id AND o.reverses_id IS NULL AND o.entry_count = t.entry_count)
        OR EXISTS (
            SELECT 1 FROM ledger_ledgerentry e
            LEFT JOIN ledger_ledgerentry o ON o.transaction_id = t.reverses_id AND o.ordinal = e.ordinal
            WHERE e.transaction_id = t.id AND (e.account_id, e.amount) IS DISTINCT FROM (o.account_id, -o.amount))
    ) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'transaction % does not undo its original exactly', bad
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_transaction_mirrors';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER check_transactions AFTER INSERT ON ledger_ledgertransaction REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_check_transactions();
"""

POST = """
-- Posts any number of transactions in one round trip, with the rights of the caller (row security holds). It expects new
-- keys. When one is there already, it looks which, and posts the others: the row of such a key tells what it was made
-- from, which is not repeated when all are new. Keys are taken in order, against deadlocks. Instants, dates, kinds, given
-- and currencies may be one value for all; originals too, when there are none.
CREATE FUNCTION ledger_post(
    organization int, recorded timestamptz, keys text[], digests bytea[], instants timestamptz[], dates date[],
    texts text[], kinds text[], sources uuid[], given boolean[], originals bigint[], counts int[],
    places int[], ordinals int[], accounts bigint[], amounts numeric[], currencies text[]
) RETURNS TABLE (id bigint, public_id uuid, input_digest bytea, is_new boolean) LANGUAGE plpgsql
    SET search_path = pg_catalog, public
    SET plan_cache_mode = force_generic_plan
    SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET enable_material = off AS $$
#variable_conflict use_column
DECLARE
    ids bigint[] := ARRAY(
        SELECT nextval('ledger_ledgertransaction_id_seq') FROM generate_series(1, cardinality(keys)));
    names uuid[] := ARRAY(SELECT gen_random_uuid() FROM generate_series(1, cardinality(keys)));
    fresh boolean[];
    known boolean[];
    violated text;
BEGIN
    LOOP
        BEGIN
            WITH made AS (
                INSERT INTO ledger_ledgertransaction (id, public_id, organization_id, key, input_digest, at, posted_at,
                        posted_date, text, source_kind, source_id, gives_money_away, reverses_id, entry_count)
                    SELECT ids[n], names[n], organization, u.key, u.digest, COALESCE(u.instant, instants[1]), recorded,
                        COALESCE(u.day, dates[1]), u.label, COALESCE(u.kind, kinds[1]), u.source,
                        COALESCE(u.away, given[1]), u.original, u.entries
                    FROM unnest(keys, digests, instants, dates, texts, kinds, sources, given, originals, counts)
                        WITH ORDINALITY AS u (key, digest, instant, day, label, kind, source, away, original, entries, n)
                    WHERE fresh IS NULL OR fresh[n] ORDER BY u.key COLLATE "C"
            )
            INSERT INTO ledger_ledgerentry
                    (transaction_id, ordinal, organization_id, account_id, amount, currency, posted_date)
                SELECT ids[e.place], e.ordinal, organization, e.account, e.amount,
                    COALESCE(e.currency, currencies[1]), COALESCE(dates[e.place], dates[1])
                FROM unnest(places, ordinals, accounts, amounts, currencies)
                    AS e (place, ordinal, account, amount, currency)
                WHERE fresh IS NULL OR fresh[e.place];
            EXIT;
        EXCEPTION WHEN unique_violation THEN
            GET STACKED DIAGNOSTICS violated = CONSTRAINT_NAME;
            IF violated <> 'ledger_transaction_key_once' THEN
                RAISE;
            END IF;
            known := fresh;
            fresh := ARRAY(
                SELECT n = min(n) OVER (PARTITION BY u.key) AND NOT EXISTS (
                    SELECT 1 FROM ledger_ledgertransaction t WHERE t.organization_id = organization AND t.key = u.key)
                FROM unnest(keys) WITH ORDINALITY AS u (key, n) ORDER BY n);
            IF fresh IS NOT DISTINCT FROM known THEN
                RAISE;  -- the snapshot is too old to show who has the key, as in REPEATABLE READ
            END IF;
        END;
    END LOOP;
    IF fresh IS NULL THEN
        RETURN QUERY SELECT u.id, u.name, NULL::bytea, true FROM unnest(ids, names) AS u (id, name);
    ELSE
        RETURN QUERY SELECT t.id, t.public_id, t.input_digest, fresh[n] FROM unnest(keys) WITH ORDINALITY AS u (key, n)
            JOIN ledger_ledgertransaction t ON t.organization_id = organization AND t.key = u.key ORDER BY n;
    END IF;
END $$;
REVOKE ALL ON FUNCTION ledger_post FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger_post TO meterbook_app;
"""

LOCK = """
-- Statements of one transaction take their rows one after the other: before the first of several, all balances are locked
-- in the order of accounts, or two such transactions could lock each other out.
CREATE FUNCTION ledger_lock_balances(accounts bigint[]) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, public
    SET plan_cache_mode = force_generic_plan
    SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET enable_material = off AS $$
BEGIN
    PERFORM 1 FROM (SELECT DISTINCT account FROM unnest(accounts) AS account ORDER BY account) AS a
        CROSS JOIN LATERAL (
            SELECT 1 FROM ledger_balance b WHERE b.account_id = a.account AND b.stripe = pg_backend_pid() % b.stripes
            AND b.organization_id = ANY(nullif(current_setting('meterbook.organizations', true), '')::int[])
            FOR NO KEY UPDATE
        ) AS locked;
END $$;
REVOKE ALL ON FUNCTION ledger_lock_balances FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger_lock_balances TO meterbook_app;
"""

BACKWARD = """
DROP FUNCTION ledger_lock_balances;
DROP FUNCTION ledger_post;
DROP TRIGGER check_transactions ON ledger_ledgertransaction;
DROP FUNCTION ledger_check_transactions();
DROP TRIGGER keep_books ON ledger_ledgerentry;
DROP FUNCTION ledger_keep_books();
DROP TRIGGER open_balance ON ledger_ledgeraccount;
DROP FUNCTION ledger_open_balance();
DROP TRIGGER never_truncated ON ledger_balance;
DROP TRIGGER never_truncated ON ledger_ledgeraccount;
DROP TRIGGER never_truncated ON ledger_ledgertransaction;
DROP TRIGGER never_truncated ON ledger_ledgerentry;
DROP TRIGGER never_deleted ON ledger_balance;
DROP TRIGGER kept_by_trigger ON ledger_balance;
DROP FUNCTION ledger_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_create_ledger")]

    operations = [migrations.RunSQL(GUARDS + BALANCES + ENTRIES + TRANSACTIONS + POST + LOCK, BACKWARD)]
