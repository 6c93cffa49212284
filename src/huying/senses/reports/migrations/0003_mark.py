"""Each report has a mark of its own in the trace; its tracking code, which opens it, is written there no more."""

from django.db import migrations, models

FILL = "UPDATE reports_report SET mark = substr(replace(gen_random_uuid()::text, '-', ''), 17)"


class Migration(migrations.Migration):
    dependencies = [("reports", "0002_photos_and_responded")]

    operations = [
        migrations.AddField("report", "mark", models.CharField(max_length=16, null=True)),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AlterField("report", "mark", models.CharField(max_length=16, unique=True)),
    ]
