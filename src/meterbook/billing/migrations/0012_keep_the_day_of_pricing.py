"""A run keeps the day by which taxes of the invoice date were taken while it has no bill date yet (B-34)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("billing", "0011_keep_invoices_of_suppliers")]

    operations = [
        migrations.AddField(model_name="billrun", name="priced_on", field=models.DateField(blank=True, null=True)),
    ]
