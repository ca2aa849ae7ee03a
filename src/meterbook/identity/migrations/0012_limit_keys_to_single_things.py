from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("identity", "0011_let_tenants_sign_in_with_codes")]

    operations = [
        migrations.AddField(
            model_name="apikey",
            name="singles",
            field=models.JSONField(blank=True, db_default=[], default=list),
        ),
    ]
