"""Addresses of the kernel: stored files."""

from huying.kernel.files.views import urlpatterns

portal_urlpatterns = urlpatterns

__all__ = ["portal_urlpatterns"]
