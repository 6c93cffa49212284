"""A catalogue is published at a moment, and from then on nothing is added to it."""

from django.db import migrations, models
from django.db.models import Q

GUARD = """
CREATE OR REPLACE FUNCTION catalogue_guard_item() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' AND EXISTS (
        SELECT 1 FROM catalogue_catalogueversion v WHERE v.id = OLD.version_id AND v.state = 'published'
    ) THEN
        RAISE EXCEPTION 'an item of a published catalogue never changes'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    IF EXISTS (SELECT 1 FROM catalogue_catalogueversion v WHERE v.id = NEW.version_id AND v.state = 'published'%s) THEN
        RAISE EXCEPTION 'nothing is added to a published catalogue' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
"""
BEFORE = GUARD % " AND v.published_at IS NOT NULL"


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0002_guards")]
    operations = [
        migrations.AddConstraint(
            model_name="catalogueversion",
            constraint=models.CheckConstraint(
                condition=~Q(state="published") | Q(published_at__isnull=False), name="catalogue_published_at_a_moment"
            ),
        ),
        migrations.RunSQL(GUARD % "", BEFORE),
    ]
