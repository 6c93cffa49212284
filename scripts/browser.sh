#!/bin/sh
# Browser tests and pictures need Chromium and a Chinese font: install what is missing, or say what to install.
set -eu
wanted=
if [ -z "${HUYING_CHROMIUM:-}" ]; then
    command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 ||
        command -v google-chrome >/dev/null 2>&1 || [ -d "/Applications/Google Chrome.app" ] || wanted="chromium"
fi
if [ "$(uname)" = Linux ] && ! { command -v fc-list >/dev/null 2>&1 && [ -n "$(fc-list :lang=zh-cn family)" ]; }; then
    wanted="$wanted fontconfig fonts-noto-cjk"
fi
[ -n "$wanted" ] || exit 0
root=
[ "$(id -u)" = 0 ] || root="sudo -n"
if command -v apt-get >/dev/null 2>&1 && { [ -z "$root" ] || sudo -n true 2>/dev/null; }; then
    echo "Installing for browser tests: $wanted"
    # shellcheck disable=SC2086
    { DEBIAN_FRONTEND=noninteractive $root apt-get install -y -qq --no-install-recommends $wanted ||
        { $root apt-get update -qq && DEBIAN_FRONTEND=noninteractive $root apt-get install -y -qq --no-install-recommends $wanted; }; } >/dev/null
    exit 0
fi
echo "Browser tests need: $wanted" >&2
echo "On Debian or Ubuntu: sudo apt-get install -y $wanted. Elsewhere install Chromium and a Chinese font;" >&2
echo "HUYING_CHROMIUM=/path/to/chromium names a browser that is not in PATH." >&2
exit 1
