from django.urls import path
from django.views.decorators.http import require_GET, require_http_methods

from huying.casework.catalogue import desk, desk_draft

_read_or_send = require_http_methods(["GET", "POST"])

desk_urlpatterns = [
    path("catalogue", require_GET(desk.item_list), name="catalogue-items"),
    path("catalogue/items/<str:code>", require_GET(desk.item_page), name="catalogue-item"),
    path("catalogue/versions", require_GET(desk.version_list), name="catalogue-versions"),
    path("catalogue/versions/<int:number>", require_GET(desk.version_page), name="catalogue-version"),
    path("catalogue/draft", _read_or_send(desk_draft.draft_page), name="catalogue-draft"),
    path("catalogue/draft/new", _read_or_send(desk_draft.draft_new), name="catalogue-draft-new"),
    path("catalogue/draft/items/<str:code>", _read_or_send(desk_draft.draft_item), name="catalogue-draft-item"),
]
