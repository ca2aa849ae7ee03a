from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('documents', '0004_plan_series_and_keep_logos'),
    ]

    operations = [
    ]
