"""What single accounts of a what-if came to is in rows, read a page at a time; those that were kept are moved over."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models

MOVE = """
INSERT INTO billing_whatifaccount
    (organization_id, what_if_id, account_id, bills, months, before, after, change, is_touched, troubles)
SELECT p.organization_id, p.what_if_id, a.key::bigint, (a.value ->> 0)::int, (a.value ->> 1)::int,
    (a.value ->> 2)::numeric, (a.value ->> 3)::numeric, (a.value ->> 3)::numeric - (a.value ->> 2)::numeric,
    (a.value ->> 4)::boolean, a.value -> 5
FROM billing_whatifpart p, jsonb_each(p.found -> 'accounts') a
WHERE p.found ? 'accounts'
ON CONFLICT DO NOTHING
"""


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0020_keep_legal_profiles"),
        ("customers", "0007_ask_for_other_tariffs"),
    ]

    operations = [
        migrations.AddField("whatif", "summary", models.JSONField(blank=True, null=True)),
        migrations.CreateModel(
            name="WhatIfAccount",
            fields=[
                ("organization_id", models.IntegerField()),
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("bills", models.IntegerField()),
                ("months", models.IntegerField()),
                ("before", models.DecimalField(decimal_places=4, max_digits=24)),
                ("after", models.DecimalField(decimal_places=4, max_digits=24)),
                ("change", models.DecimalField(decimal_places=4, max_digits=24)),
                ("is_touched", models.BooleanField()),
                ("troubles", models.JSONField(default=list)),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, to="customers.account"
                    ),
                ),
                (
                    "what_if",
                    models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to="billing.whatif"),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("what_if", "account"), name="what_if_account_once")],
                "indexes": [models.Index(fields=["what_if", "-change"], name="what_if_by_change")],
            },
        ),
        migrations.RunSQL(MOVE, migrations.RunSQL.noop),
    ]
