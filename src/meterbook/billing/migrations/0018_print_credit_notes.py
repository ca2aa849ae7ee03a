"""Which of the documents of a print file are credit notes."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("billing", "0017_price_history_in_the_background")]

    operations = [
        migrations.AddField(
            "printfile",
            "note_ids",
            django.contrib.postgres.fields.ArrayField(
                base_field=models.UUIDField(), blank=True, db_default=[], default=list, size=None
            ),
        ),
    ]
