"""Who does something. Every write in Huying names an Actor; rules and access decide on its duties."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Duty:
    """One role held in one scope.

    ``area`` is an area-code prefix ("" means everywhere); ``unit_path`` is the path of the unit in the
    unit tree, such as ``"/1/7/31/"``, and covers every unit below it.
    """

    role: str
    area: str = ""
    unit_id: int | None = None
    unit_path: str = ""

    def covers_area(self, code: str) -> bool:
        """Whether the area with this code lies inside the duty's area."""
        return code.startswith(self.area)

    def covers_unit(self, path: str) -> bool:
        """Whether the unit with this path is the duty's unit or lies below it."""
        return bool(self.unit_path) and path.startswith(self.unit_path)


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody or something that acts: staff, a resident, the system itself or an API key.

    ``ref`` is stable and pseudonymous: ``"person:12"``, ``"user:9"``, ``"system:clock"``, ``"key:3"``.
    """

    kind: str
    ref: str
    name: str
    unit_id: int | None = None
    person_id: int | None = None
    duties: tuple[Duty, ...] = ()

    def has(self, role: str) -> bool:
        """Whether the actor holds the role in any scope."""
        return any(duty.role == role for duty in self.duties)

    def duties_of(self, *roles: str) -> tuple[Duty, ...]:
        """The duties with one of these roles, in their own order."""
        return tuple(duty for duty in self.duties if duty.role in roles)

    @property
    def is_system(self) -> bool:
        return self.kind == "system"

    @property
    def is_staff(self) -> bool:
        return self.kind == "staff"

    @property
    def is_resident(self) -> bool:
        return self.kind == "resident"


SYSTEM: Final = Actor("system", "system:huying", "系统")


def system(name: str) -> Actor:
    """The system acting in one of its parts, such as ``system("clock")``."""
    return Actor("system", f"system:{name}", "系统")
