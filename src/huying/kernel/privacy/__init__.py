"""Protection of people: masking by default, sealing at rest, one logged door to the plain values.

Values inside the trace are erased with ``huying.kernel.trace.erase_private``.
"""

from huying.kernel.privacy.access import reveal, who_looked
from huying.kernel.privacy.masking import (
    is_bank_card,
    is_id_number,
    mask_id_number,
    mask_name,
    mask_phone,
    mask_text,
)
from huying.kernel.privacy.models import AccessEntry, SealedTextField
from huying.kernel.privacy.sealing import (
    Unsealable,
    blind,
    blind_candidates,
    seal,
    seal_bytes,
    seal_many,
    unseal,
    unseal_bytes,
)

__all__ = [
    "AccessEntry",
    "SealedTextField",
    "Unsealable",
    "blind",
    "blind_candidates",
    "is_bank_card",
    "is_id_number",
    "mask_id_number",
    "mask_name",
    "mask_phone",
    "mask_text",
    "reveal",
    "seal",
    "seal_bytes",
    "seal_many",
    "unseal",
    "unseal_bytes",
    "who_looked",
]
