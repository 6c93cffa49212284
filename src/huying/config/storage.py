"""Static files: names carry a hash of the content, and each has a compressed twin."""

from __future__ import annotations

from whitenoise.storage import CompressedManifestStaticFilesStorage


class BuiltFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # WhiteNoise has no types
    """Files a template names but nobody built are served under their plain name instead of breaking the page.

    What Vite built is already named by its content and refers to its parts by relative addresses, so those names stay.
    """

    manifest_strict = False
    max_post_process_passes = 1

    def hashed_name(self, name: str, content: object = None, filename: str | None = None) -> str:
        if name.startswith("built/assets/"):
            return name
        hashed: str = super().hashed_name(name, content, filename)
        return hashed
