from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0008_correct_and_dispute'),
    ]

    operations = [
    ]
