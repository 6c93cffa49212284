"""An answer given on the spot is a feedback that no unit was asked for."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cases", "0003_indexes")]

    operations = [
        migrations.AlterField(
            model_name="feedback",
            name="assignment",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="feedbacks",
                to="cases.assignment",
            ),
        ),
    ]
