"""What a cost was for may be said in several languages."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("billing", "0023_issue_chunks_side_by_side")]

    operations = [migrations.AddField("poolentry", "texts", models.JSONField(null=True))]
