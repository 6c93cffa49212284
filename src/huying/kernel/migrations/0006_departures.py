from django.db import migrations, models
from django.db.models.functions import Now


class Migration(migrations.Migration):
    dependencies = [("kernel", "0005_shared")]

    operations = [
        migrations.AddField("departure", "at", models.DateTimeField(db_default=Now())),
        migrations.AddField("replicahome", "forgotten", models.BigIntegerField(db_default=0)),
        migrations.AddField("replicahome", "forgotten_at", models.DateTimeField(null=True)),
        migrations.AddIndex("departure", models.Index(fields=["at"], name="kernel_departure_by_age")),
    ]
