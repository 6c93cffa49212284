"""Pictures for the README, taken from the running demonstration: `make screenshots`.

Starts a demonstration of community size in a thrown-away directory, unless `--address` names a running one, and
writes `docs/pictures/<name>.png` (Chinese) and `docs/pictures/<name>.en.png`.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).parents[1]
PICTURES_DIR = ROOT / "docs" / "pictures"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync", "--enable-unsafe-swiftshader"]
PHONE, DESK = (390, 844), (1440, 900)
# name, path, size, user who must be signed in ("" for a resident without an account)
PICTURES = [
    ("portal-home", "/", PHONE, ""),
    ("portal-report", "/report", PHONE, ""),
    ("desk-inbox", "/desk/", DESK, "dispatcher"),
    ("desk-queue", "/desk/dispatch/", DESK, "dispatcher"),
    ("desk-seat", "/desk/seat/", DESK, "seat"),
    ("desk-map", "/desk/map/", DESK, "dispatcher"),
    ("desk-supervision", "/desk/supervision", DESK, "supervisor"),
    ("desk-territory", "/desk/areas", DESK, "territory"),
    ("desk-catalogue", "/desk/catalogue", DESK, "catalogue"),
    ("desk-alarms", "/desk/alarms/", DESK, "device"),
    ("desk-devices", "/desk/devices/map/", DESK, "device"),
    ("desk-field", "/desk/field/", DESK, "supervisor"),
]

_MAP_IN_SIGHT = """() => [...document.querySelectorAll("huying-map")].some((map) => {
  const box = map.getBoundingClientRect();
  return box.width > 0 && box.top < innerHeight;
})"""


@contextmanager
def demonstration(address: str, data_dir: str) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """Address and logins of a demonstration."""
    if address:
        yield address.rstrip("/"), json.loads((Path(data_dir) / "demo.json").read_text())["logins"]
        return
    place = tempfile.mkdtemp(prefix="hy-shots-")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    huying = [sys.executable, "-m", "huying.config.command_line"]
    chosen = ["--data-dir", place, "--json"]
    env = {**os.environ, "HUYING_REQUIRE_TOTP": "0"}
    try:
        start = [*huying, "demo", "--detach", "--no-live", "--scale", "community", "--port", str(port), *chosen]
        facts = json.loads(
            subprocess.run(start, env=env, check=True, capture_output=True, text=True).stdout.splitlines()[-1]
        )
        yield facts["address"].rstrip("/"), facts["logins"]
    finally:
        subprocess.run([*huying, "down", *chosen], check=False, capture_output=True)
        shutil.rmtree(place, ignore_errors=True)


def sign_in(page: Page, address: str, logins: list[dict[str, str]], user: str) -> None:
    login = next((one for one in logins if str(one.get("username", "")).startswith(user)), None)
    if login is None:
        raise SystemExit(f"The demonstration has no login for {user}.")
    page.goto(f"{address}/accounts/login/")
    page.fill("input[name=login]", login["username"])
    page.fill("input[name=password]", login["password"])
    page.click("form[method=post] button[type=submit]")
    page.wait_for_load_state("load")


def wait_for_maps(page: Page) -> None:
    """Until every map that can be seen is drawn."""
    if not page.evaluate(_MAP_IN_SIGHT):  # one further down opens only when somebody comes to it
        return
    page.wait_for_selector("huying-map.is-ready", timeout=60_000)
    page.wait_for_timeout(2_500)  # the map has no event for a last layer that has come in


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--address", default="", help="of a running demonstration; its directory with --data-dir")
    parser.add_argument("--data-dir", default=".huying")
    chosen = parser.parse_args()
    PICTURES_DIR.mkdir(parents=True, exist_ok=True)
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
    chromium = os.environ.get("HUYING_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    with demonstration(chosen.address, chosen.data_dir) as (address, logins), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        for ending, locale in (("", "zh-CN"), (".en", "en-US")):
            for name, path, (width, height), user in PICTURES:
                context = browser.new_context(
                    viewport={"width": width, "height": height}, locale=locale, timezone_id="Asia/Shanghai"
                )
                page = context.new_page()
                if user:
                    sign_in(page, address, logins, user)
                if ending:  # an account's own language comes with signing in, so the choice is made after it
                    context.add_cookies([{"name": "huying_language", "value": "en", "url": address}])
                page.goto(f"{address}{path}")
                page.wait_for_load_state("load")
                wait_for_maps(page)
                file = f"{name}{ending}.png"
                page.screenshot(path=PICTURES_DIR / file)
                print(f"docs/pictures/{file}")
                context.close()
        browser.close()


if __name__ == "__main__":
    main()
