"""What of a carried difference the landlord bears, for members who left."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("billing", "0018_print_credit_notes")]

    operations = [
        migrations.AddField(
            "poolentry",
            "landlord_amount",
            models.DecimalField(db_default=0, decimal_places=4, default=0, max_digits=24),
        ),
    ]
