from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('tariffs', '0001_create_tariffs'),
    ]

    operations = [
        migrations.AddField(
            model_name='tariffversion',
            name='author_id',
            field=models.BigIntegerField(blank=True, null=True),
        ),
    ]
