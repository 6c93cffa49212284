import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from .test_desk_inbox import *
def test_q(cast, bring):
    client = signed_in(cast, "he_sanitation")
    bring("dispatched"); case=bring("checking"); client.get(INBOX)
    for path,who in ((INBOX,"he_sanitation"),(f"/desk/cases/{case.pk}/","sun_checker")):
        client = signed_in(cast, who); client.get(path)
        with CaptureQueriesContext(connection) as q: client.get(path)
        print("==",path,len(q))
        for one in q: print(one["sql"][:170])
