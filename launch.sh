#!/usr/bin/env bash
# Opens the studio. The first start makes .venv and installs what is needed; later starts take seconds.
# Arguments go to app.py:  ./launch.sh --port 7870      ./launch.sh render story.toml -o film.mp4
# TORCH_INDEX=<address> chooses another source of PyTorch, for example one built for your graphics card.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
unset PYTHONHOME PYTHONPATH         # other programs set these for their own Python; ours would read the wrong libraries

fail() {
    printf '\n' >&2
    printf '%s\n' "$@" >&2
    exit 1
}

sound() {   # is this a Python that the studio runs on?
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11) or sys.maxsize < 2**32)' 2>/dev/null
}

find_python() {
    local name
    for name in python3.13 python3.12 python3.11 python3 python; do
        if sound "$name"; then
            printf '%s' "$name"
            return
        fi
    done
    return 1
}

make_environment() {
    local python
    python=$(find_python) || fail "The studio needs Python 3.11 or newer, 64 bit, and none was found." \
        "Install it (Ubuntu and Debian: sudo apt install python3 python3-venv; macOS: brew install python@3.13;" \
        "others: https://www.python.org/downloads/) and run ./launch.sh again."
    printf 'Making .venv with %s …\n' "$("$python" --version)"
    "$python" -m venv --clear .venv || {
        rm -rf .venv
        fail "Python could not make a virtual environment. Is this folder writable, and is there room on the disk?" \
            "On Ubuntu and Debian: sudo apt install python3-venv. Then run ./launch.sh again."
    }
}

install() {
    local extras="" sources=()
    if command -v nvidia-smi >/dev/null && nvidia-smi >/dev/null 2>&1; then
        extras="[cuda]"
    fi
    [ -z "${TORCH_INDEX:-}" ] || sources=(--extra-index-url "$TORCH_INDEX")
    printf 'Installing the studio (once; PyTorch is large, this can take some minutes) …\n'
    .venv/bin/python -m pip install --disable-pip-version-check --editable ".$extras" ${sources[@]+"${sources[@]}"} ||
        fail "The installation stopped; the lines above say why. Often it is the network or a full disk." \
            "Run ./launch.sh again to go on where it stopped."
    cp pyproject.toml .venv/installed.toml      # tells the next start that nothing has to be installed
}

# an environment stops working when its Python is removed: then it is made again
sound .venv/bin/python || make_environment
cmp -s pyproject.toml .venv/installed.toml || install
exec .venv/bin/python app.py "$@"
