"""The build backend of the package: meson-python, told which interpreters have a stable ABI.

pyproject.toml says once and for all that the package keeps to the limited API, which meson-python
refuses for free-threaded interpreters before 3.15. There the modules are built for that one.
"""

from __future__ import annotations

import sysconfig
from typing import Any

import mesonpy
from mesonpy import (
    build_sdist,
    get_requires_for_build_editable,
    get_requires_for_build_sdist,
    get_requires_for_build_wheel,
)

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
]

Settings = dict[str, Any]


def _settings_for(given: Settings | None) -> Settings:
    settings = dict(given or {})
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        before = settings.get("setup-args", [])
        before = [before] if isinstance(before, str) else list(before)
        settings["setup-args"] = [*before, "-Dpython.allow_limited_api=false"]
    return settings


def build_wheel(
    wheel_directory: str, config_settings: Settings | None = None, metadata: str | None = None
) -> str:
    """Build a wheel in a folder; its name."""
    settings = _settings_for(config_settings)
    return str(mesonpy.build_wheel(wheel_directory, settings, metadata))


def build_editable(
    wheel_directory: str, config_settings: Settings | None = None, metadata: str | None = None
) -> str:
    """Build the wheel of an installation that stays where the sources are; its name."""
    settings = _settings_for(config_settings)
    return str(mesonpy.build_editable(wheel_directory, settings, metadata))
