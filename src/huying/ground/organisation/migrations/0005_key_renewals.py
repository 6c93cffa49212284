"""Keys know the first key of their system, so that a renewed one is the same caller."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("organisation", "0004_device_keeper")]

    operations = [
        migrations.AddField(
            model_name="apikey",
            name="renews",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="renewals",
                to="organisation.apikey",
            ),
        ),
        migrations.AddConstraint(
            model_name="apikey",
            constraint=models.CheckConstraint(
                condition=models.Q(("renews", models.F("id")), _negated=True), name="apikey_renews_another"
            ),
        ),
    ]
