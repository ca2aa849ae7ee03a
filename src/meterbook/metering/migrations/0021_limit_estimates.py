"""What rules allow of estimating: how long, how much of it, of which meters. Nobody is limited until somebody says so."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("metering", "0020_find_blocks_of_a_day")]

    operations = [
        migrations.AddField(
            model_name="estimatingpolicy",
            name="most_months",
            field=models.SmallIntegerField(db_default=2, default=2),
        ),
        migrations.AddField(
            model_name="estimatingpolicy",
            name="percent",
            field=models.SmallIntegerField(db_default=100, default=100),
        ),
        migrations.AddField(
            model_name="estimatingpolicy",
            name="only_defective",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddConstraint(
            model_name="estimatingpolicy",
            constraint=models.CheckConstraint(
                condition=models.Q(("most_months__gte", 0), ("percent__gte", 1), ("percent__lte", 100)),
                name="estimating_policy_limits_possible",
            ),
        ),
    ]
