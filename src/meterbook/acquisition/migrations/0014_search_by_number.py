"""M-Bus meters are searched by their numbers, beside their addresses on the line."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("acquisition", "0013_ask_the_memory_of_meters")]

    operations = [
        migrations.AddField("commissioning", "pending", models.JSONField(blank=True, null=True)),
        migrations.AddField(
            "foundmeter", "secondary", models.CharField(blank=True, db_default="", default="", max_length=16)
        ),
        migrations.AddField("probe", "masks", models.JSONField(db_default=[], default=list)),
        migrations.RemoveConstraint("foundmeter", "found_meter_once_an_address"),
        migrations.RemoveConstraint("foundmeter", "found_meter_unit_possible"),
        migrations.AddConstraint(
            "foundmeter",
            models.UniqueConstraint(
                fields=("commissioning", "unit_id", "secondary"), name="found_meter_once_an_address"
            ),
        ),
        migrations.AddConstraint(
            "foundmeter",
            models.CheckConstraint(
                condition=models.Q(("secondary", ""), ("unit_id__range", (0, 250)))
                | models.Q(models.Q(("secondary", ""), _negated=True), ("unit_id", 253)),
                name="found_meter_unit_possible",
            ),
        ),
    ]
