"""States of a run's accounts are in no index, and a draft is in one index less."""

from __future__ import annotations

from django.db import migrations, models

FORWARD = "ALTER TABLE billing_runmember SET (fillfactor = 45)"
BACKWARD = "ALTER TABLE billing_runmember RESET (fillfactor)"


class Migration(migrations.Migration):
    dependencies = [("billing", "0021_keep_what_accounts_of_what_ifs_came_to")]

    operations = [
        migrations.RemoveIndex("runmember", "run_member_by_state"),
        migrations.RunSQL(FORWARD, BACKWARD),
        migrations.RemoveConstraint("billdraft", "bill_draft_account_once"),
        migrations.AddConstraint(
            "billdraft",
            models.UniqueConstraint(
                fields=("run", "account"),
                include=("organization_id", "net", "total", "is_estimated", "is_vacancy"),
                name="bill_draft_account_once",
            ),
        ),
        migrations.RemoveIndex("billdraft", "bill_draft_sums"),
    ]
