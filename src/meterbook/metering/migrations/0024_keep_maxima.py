"""Series that hold the highest since the reading before: registers of maximum demand (decision 0036)."""

from django.db import migrations, models

KINDS = ("CUMULATIVE", "INSTANT", "STATE", "MAXIMUM")


class Migration(migrations.Migration):
    dependencies = [("metering", "0023_find_odd_blocks")]

    operations = [
        migrations.RemoveConstraint(model_name="series", name="series_kind_known"),
        migrations.AddConstraint(
            model_name="series",
            constraint=models.CheckConstraint(condition=models.Q(("kind__in", KINDS)), name="series_kind_known"),
        ),
    ]
