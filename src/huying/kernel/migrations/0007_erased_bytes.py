from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("kernel", "0006_departures")]

    operations = [
        migrations.CreateModel(
            name="ErasedBytes",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("sha256", models.CharField(max_length=64, verbose_name="指纹")),
            ],
            options={"verbose_name": "待抹去的文件内容", "verbose_name_plural": "待抹去的文件内容"},
        ),
    ]
