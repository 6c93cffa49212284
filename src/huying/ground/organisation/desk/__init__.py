"""Staff pages of the organisation."""

from .keys import key_list
from .lists import admission_list, responsibility_list, staffing_report
from .people import people_list, person_page
from .rotas import rota_week
from .units import organisation_tree, unit_page

__all__ = [
    "admission_list",
    "key_list",
    "organisation_tree",
    "people_list",
    "person_page",
    "responsibility_list",
    "rota_week",
    "staffing_report",
    "unit_page",
]
