"""The program's own settings and the probe."""

from huying.config.settings import *  # noqa: F403
from huying.config.settings import INSTALLED_APPS as OWN

INSTALLED_APPS = [*OWN, "tests.operations.probe.apps.Probe"]
