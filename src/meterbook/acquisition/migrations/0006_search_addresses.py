"""A test read may be a part of a search: who answers at the addresses up to another one."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("acquisition", "0005_keep_field_gateways"),
    ]
    operations = [
        migrations.AddField("probe", "until_unit", models.SmallIntegerField(blank=True, null=True)),
    ]
