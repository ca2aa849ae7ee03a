from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0004_mark_apportioned_drafts'),
    ]

    operations = [
        migrations.AddField(
            model_name='billdraft',
            name='inputs_stamp',
            field=models.CharField(db_default='', default='', max_length=64),
        ),
    ]
