"""A move keeps a picture of each register's display, not one of each meter."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("journeys", "0002_keep_drafts_and_workbooks_of_accounts")]

    operations = [
        migrations.AddField(
            "journeyfile", "register", models.CharField(blank=True, db_default="", default="", max_length=60)
        ),
        migrations.AddConstraint(
            "journeyfile",
            models.UniqueConstraint(fields=("journey", "about", "register"), name="journey_file_once_a_register"),
        ),
        migrations.RemoveConstraint("journeyfile", "journey_file_once_a_meter"),
    ]
