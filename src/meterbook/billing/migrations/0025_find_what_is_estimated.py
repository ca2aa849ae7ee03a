"""Estimated bills of an account are found without a look at all of its bills."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("billing", "0024_say_costs_in_several_languages")]

    operations = [
        migrations.AddIndex(
            "billdraft",
            models.Index(
                fields=["account"], condition=models.Q(("is_estimated", True)), name="bill_draft_estimated"
            ),
        )
    ]
