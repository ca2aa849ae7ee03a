from django.db import migrations

# Who was erased before the books could forget a name is forgotten there now.
FORGET = """
UPDATE ledger_ledgeraccount AS books SET name = books.code
FROM customers_account AS account
JOIN customers_customer AS customer ON customer.id = account.customer_id
LEFT JOIN customers_customer AS kept ON kept.id = customer.merged_into_id
WHERE books.id = account.receivable_id AND books.name <> books.code
  AND 'ERASED' IN (customer.state, kept.state)
"""


class Migration(migrations.Migration):

    dependencies = [
        ('customers', '0003_let_tenants_sign_in'),
        ('ledger', '0003_forget_names'),
    ]

    operations = [
        migrations.RunSQL(FORGET, migrations.RunSQL.noop),
    ]
