"""Before the parts start: migrate, collect static files, and, once, load the demonstration."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from huying.config.instance.home import Home
from huying.config.instance.parts import Choices

_LOADING = "demo-loading.json"


def fingerprint() -> str:
    """Changes when migrations or static files of the installed program change."""
    root = Path(__file__).parents[2]
    digest = hashlib.sha256(sys.version.encode())
    for path in sorted((*root.rglob("migrations/*.py"), *root.rglob("static/**/*"))):
        if path.is_file():
            seen = path.stat()
            digest.update(f"{path.relative_to(root)}|{seen.st_size}|{seen.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def is_prepared(home: Home, choices: Choices) -> bool:
    """Whether this very program has prepared this directory before; never sure about somebody else's database."""
    if home.database_url() or home.read("prepared.json").get("fingerprint") != fingerprint():
        return False
    return not choices.demo or bool(home.read("demo.json"))


def start_over_if_interrupted(home: Home) -> None:
    """A demonstration whose loading was cut off has half its content: throw the database away and load again."""
    if not (home.path / _LOADING).exists() or home.database_url():
        return
    with home.cluster().connect() as connection:
        connection.execute("DROP DATABASE IF EXISTS huying WITH (FORCE)")
    home.cluster().ensure_database("huying")
    home.forget(_LOADING)


def prepare(home: Home, choices: Choices) -> None:
    """Runs in a process of its own; the database answers."""
    import django
    from django.core.management import call_command

    django.setup()
    _say("数据表", "tables")
    call_command("migrate", verbosity=0, interactive=False)
    _say("静态文件", "static files")
    call_command("collectstatic", verbosity=0, interactive=False, ignore_patterns=["*.map"])
    if choices.demo and not home.read("demo.json"):
        _load_demo(home, choices)
    home.write({"fingerprint": fingerprint()}, "prepared.json")


def _load_demo(home: Home, choices: Choices) -> None:
    from huying.kernel.progress import for_terminal

    home.write({"scale": choices.scale, "seed": choices.seed}, _LOADING)
    logins: list[Any] = []
    if _demo_offers("load"):
        demo = import_module("huying.config.demo")
        demo.load(choices.scale, choices.seed, for_terminal())
        logins = [_plain(login) for login in demo.logins()]
    home.write({"scale": choices.scale, "seed": choices.seed, "logins": logins}, "demo.json")
    home.forget(_LOADING)


def _demo_offers(name: str) -> bool:
    return find_spec("huying.config.demo") is not None and hasattr(import_module("huying.config.demo"), name)


def _plain(login: Any) -> dict[str, str]:
    """A login as `role`, `username`, `password`, … whatever the demonstration calls them."""
    if isinstance(login, dict):
        return {str(key): str(value) for key, value in login.items()}
    return {name: str(getattr(login, name)) for name in getattr(login, "__dataclass_fields__", ())}


def _say(zh: str, en: str) -> None:
    print(f"  {zh} {en}", file=sys.stderr, flush=True)


def main() -> None:
    prepare(Home.at(), Choices(**json.loads(os.environ["HUYING_CHOICES"])))


if __name__ == "__main__":
    main()
