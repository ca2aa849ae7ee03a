"""Rows of formulas that are heat or cold: water, times the kelvins between two temperatures."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("metering", "0021_limit_estimates")]

    operations = [
        migrations.AddField(
            model_name="virtualterm",
            name="warm",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="metering.series",
            ),
        ),
        migrations.AddField(
            model_name="virtualterm",
            name="cold",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="metering.series",
            ),
        ),
        migrations.AddField(
            model_name="virtualterm",
            name="density",
            field=models.DecimalField(blank=True, decimal_places=6, max_digits=12, null=True),
        ),
        migrations.AddField(
            model_name="virtualterm",
            name="specific_heat",
            field=models.DecimalField(blank=True, decimal_places=6, max_digits=12, null=True),
        ),
        migrations.AddConstraint(
            model_name="virtualterm",
            constraint=models.CheckConstraint(
                condition=models.Q(("cold", None), ("density", None), ("specific_heat", None), ("warm", None))
                | models.Q(
                    ("cold__isnull", False),
                    ("density__gt", 0),
                    ("series__isnull", False),
                    ("specific_heat__gt", 0),
                    ("warm__isnull", False),
                ),
                name="virtual_term_heat_whole",
            ),
        ),
    ]
