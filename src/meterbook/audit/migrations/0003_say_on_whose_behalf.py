from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0002_narrow_the_trail_and_keep_checks'),
    ]

    operations = [
        migrations.AddField(
            model_name='auditentry',
            name='on_behalf_of',
            field=models.CharField(blank=True, db_default='', default='', max_length=200),
        ),
    ]
