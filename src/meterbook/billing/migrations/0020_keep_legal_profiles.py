"""Which rate of a tax is due where tariffs do not say: of an organization, and of sites that differ."""

import uuid

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0019_keep_shares_of_members_who_left"),
        ("sites", "0003_keep_facts_and_history_of_places"),
    ]

    operations = [
        migrations.CreateModel(
            name="LegalProfile",
            fields=[
                ("organization_id", models.IntegerField()),
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                (
                    "updated_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                ("tax_point", models.CharField(blank=True, max_length=10)),
                (
                    "site",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="sites.site",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("organization_id", "site"), name="legal_profile_of_site_once", nulls_distinct=False
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("tax_point__in", ["", "DELIVERY", "INVOICE"])),
                        name="legal_profile_tax_point_known",
                    ),
                ],
            },
        ),
    ]
