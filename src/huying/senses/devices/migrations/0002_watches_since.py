from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("devices", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="device",
            name="watches_since",
            field=models.DateTimeField(editable=False, null=True),
        ),
    ]
