"""An organization makes meter types itself; a test read may be of one that is not published yet."""

import uuid

import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("acquisition", "0008_hear_brokers_and_telegrams")]

    operations = [
        migrations.CreateModel(
            name="MeterType",
            fields=[
                ("organization_id", models.IntegerField()),
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ("updated_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ("code", models.CharField(max_length=60)),
                ("version", models.IntegerField()),
                ("document", models.TextField()),
                ("is_offered", models.BooleanField(default=True)),
                ("note", models.CharField(blank=True, default="", max_length=500)),
                ("author", models.CharField(max_length=200)),
                ("made_at", models.DateTimeField()),
            ],
        ),
        migrations.AddConstraint(
            "metertype",
            models.UniqueConstraint(fields=("organization_id", "code", "version"), name="meter_type_version_once"),
        ),
        migrations.AddConstraint(
            "metertype",
            models.CheckConstraint(condition=models.Q(("version__gte", 1)), name="meter_type_version_counts"),
        ),
        migrations.AddField("probe", "document", models.TextField(blank=True, db_default="", default="")),
    ]
