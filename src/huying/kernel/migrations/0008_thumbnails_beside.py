from typing import Any

from django.db import migrations


def let_go(apps: Any, schema_editor: Any) -> None:
    """Thumbnails lie beside their photos now and are made when looked at: those named by their own hash leave the disk."""
    schema_editor.execute(
        "INSERT INTO kernel_erasedbytes (sha256)"
        " SELECT DISTINCT thumbnail_sha256 FROM kernel_storedfile WHERE thumbnail_sha256 <> ''"
    )


class Migration(migrations.Migration):
    dependencies = [("kernel", "0007_erased_bytes")]

    operations = [
        migrations.RunPython(let_go, migrations.RunPython.noop),
        migrations.RemoveField("storedfile", "thumbnail_sha256"),
    ]
