import pytest
from django.db import connection


@pytest.mark.django_db
def test_trigrams_see_chinese() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT similarity('路灯不亮了', '路灯不亮')")
        row = cursor.fetchone()
    assert row is not None and row[0] > 0.5
