#!/bin/sh
# Browser tests and pictures need Chromium and a Chinese font: install what is missing, or say what to install.
set -eu
browser="${HUYING_CHROMIUM:-}"
for name in chromium-headless-shell chromium chromium-browser google-chrome; do
    [ -n "$browser" ] || browser=$(command -v "$name" || true)
done
[ -n "$browser" ] || [ ! -d "/Applications/Google Chrome.app" ] || browser=here
fonts=
if [ "$(uname)" = Linux ] && ! { command -v fc-list >/dev/null 2>&1 && [ -n "$(fc-list :lang=zh-cn family)" ]; }; then
    fonts="fontconfig fonts-noto-cjk"
fi
[ -z "$browser" ] || [ -n "$fonts" ] || exit 0

root=
[ "$(id -u)" = 0 ] || root="sudo -n"
install() {
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive $root apt-get install -y -qq --no-install-recommends "$@" >/dev/null 2>&1
}
install_all() {
    # shellcheck disable=SC2086
    [ -z "$fonts" ] || install $fonts || return 1
    # The first is lighter; not every system has it.
    [ -n "$browser" ] || install chromium-headless-shell || install chromium
}
if command -v apt-get >/dev/null 2>&1 && { [ -z "$root" ] || sudo -n true 2>/dev/null; }; then
    echo "Installing what browser tests need …"
    install_all || { $root apt-get update -qq && install_all; } && exit 0
fi
[ -n "$browser" ] || fonts="chromium $fonts"
echo "Browser tests need: $fonts" >&2
echo "On Debian or Ubuntu: sudo apt-get install -y $fonts. Elsewhere install Chromium and a Chinese font;" >&2
echo "HUYING_CHROMIUM=/path/to/chromium names a browser that is not in PATH." >&2
exit 1
