"""Why another tariff than the default was refused."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("customers", "0007_ask_for_other_tariffs")]

    operations = [
        migrations.AddField(
            "tariffoverride",
            "answer",
            models.CharField(blank=True, db_default="", default="", max_length=500),
        ),
    ]
