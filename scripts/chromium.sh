#!/bin/sh
# Sees that Chromium is here for the browser tests. Its driver comes with the Playwright package of the lock file.
for name in chromium chromium-browser google-chrome; do
    command -v "$name" >/dev/null 2>&1 && exit 0
done
sudo=""
[ "$(id -u)" = 0 ] || sudo="sudo -n"
if command -v apt-get >/dev/null 2>&1 && { [ -z "$sudo" ] || $sudo true 2>/dev/null; }; then
    echo "Installing Chromium by apt-get"
    $sudo apt-get update -qq && $sudo env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends chromium fonts-liberation >/dev/null && exit 0
fi
echo "Chromium is missing, and it could not be installed here. Install the package 'chromium' (or 'google-chrome')" >&2
echo "by your system's package manager, then run 'make test' again. The browser tests fail without it." >&2
exit 0
