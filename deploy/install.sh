#!/bin/sh
# Installs Sluttdato into an environment of its own: deploy/install.sh WHEEL TARGET
# The image (deploy/Containerfile), a machine without containers (docs/deploy.md) and the test in a clean root
# (.ci/wheel_check.py) are made by this script. PYTHON=python3.12 chooses another Python; it must have venv and pip.
#
# What is installed is pinned and hashed, without the tools for development; nothing is compiled here, and pip itself stays outside.
set -eu
wheel=$1 target=$2 lock=$(dirname "$0")/requirements.lock python=${PYTHON:-python3}
umask 022   # everybody may read the program, nobody but its installer may change it

pip() { "$python" -m pip --python "$target/bin/python" --quiet --disable-pip-version-check --no-cache-dir "$@"; }

"$python" -m venv --without-pip "$target"
pip install --require-hashes --only-binary :all: --requirement "$lock"
pip install --no-index --no-deps "$wheel"
pip check
