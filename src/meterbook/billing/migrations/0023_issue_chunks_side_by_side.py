"""Chunks are issued side by side: an approved run takes its numbers at once.

A run that was being issued goes back by one step: what has no bill yet takes its numbers then. A bill is bound to its
draft, and a draft to the account's place in its run, by one foreign key each (`foundation.walls`).
"""

from __future__ import annotations

from django.db import migrations, models

FORWARD = "UPDATE billing_billrun SET state = 'APPROVED' WHERE state = 'ISSUING'"


class Migration(migrations.Migration):
    dependencies = [("billing", "0022_write_runs_with_fewer_indexes")]

    operations = [
        migrations.AddField("runchunk", "is_issued", models.BooleanField(db_default=False, default=False)),
        migrations.AddField("runchunk", "first_sequence", models.BigIntegerField(blank=True, null=True)),
        migrations.AddField("runchunk", "numbers", models.IntegerField(db_default=0, default=0)),
        migrations.AddField("runchunk", "portion", models.IntegerField(blank=True, null=True)),
        migrations.RemoveField("billrun", "issued_through"),
        migrations.RemoveConstraint("runmember", "run_member_once"),
        migrations.AddConstraint(
            "runmember",
            models.UniqueConstraint(fields=("organization_id", "run", "account"), name="run_member_once"),
        ),
        migrations.RunSQL(FORWARD, migrations.RunSQL.noop),
    ]
