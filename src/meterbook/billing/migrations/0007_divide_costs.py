from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0006_note_late_changes'),
    ]

    operations = [
    ]
