"""The judges: mail parsers that are not ours, and how to get them."""

import json
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
PLACE = os.environ.get("TAMIS_JUDGES", os.path.expanduser("~/.cache/tamis-judges"))
PACKAGES = {"ripmime": "ripmime", "munpack": "mpack", "reformime": "maildrop"}


def run(command, **more):
    ran = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more)
    if ran.returncode:
        sys.exit(f"{' '.join(command)}:\n{ran.stdout.strip()[-2000:]}")
    return ran.stdout


def install():
    os.makedirs(PLACE, exist_ok=True)
    missing = [package for program, package in PACKAGES.items() if not shutil.which(program)]
    if subprocess.run(["perl", "-MMIME::Parser", "-e", "1"], stderr=subprocess.DEVNULL).returncode:
        missing.append("libmime-tools-perl")
    if subprocess.run(["pkg-config", "--exists", "gmime-3.0"]).returncode:
        missing.append("libgmime-3.0-dev")
    if missing:
        run(["apt-get", "update"])
        run(["apt-get", "install", "-y", "--no-install-recommends", *missing])
    gmime, source = os.path.join(PLACE, "gmime"), os.path.join(HERE, "gmime.c")
    if not os.path.exists(gmime) or os.path.getmtime(gmime) < os.path.getmtime(source):
        flags = run(["pkg-config", "--cflags", "--libs", "gmime-3.0"]).split()
        run(["cc", "-O1", "-o", gmime, source, *flags])
    if not os.path.isdir(os.path.join(PLACE, "node_modules", "mailparser")):
        run(["npm", "init", "-y"], cwd=PLACE)
        run(["npm", "install", "--silent", "--no-audit", "--no-fund", "postal-mime", "mailparser"], cwd=PLACE)
    target = {**os.environ, "CARGO_TARGET_DIR": os.path.join(PLACE, "crates")}
    run(["cargo", "build", "--quiet", "--release"], cwd=os.path.join(HERE, "crates"), env=target)


def asked(command, parse, files):
    """What a judge shows of these files; one that dies of a message is asked about the rest again."""
    ran = subprocess.run([*command, *files], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, errors="replace")
    found = {}
    parse(ran.stdout.splitlines(), found)
    left = [file for file in files if file not in found]
    if len(left) == len(files):
        if len(files) > 1 and ran.returncode >= 0:
            sys.exit(f"{' '.join(command)}: it says nothing of {len(files)} messages")
        return found
    if left:
        # The first that is missing is the one that it died of.
        found.update(asked(command, parse, left[1:]) if len(left) > 1 else {})
    return found


def lines(text, found):
    for line in text:
        it = json.loads(line)
        found[it["file"]] = [tuple(part) for part in it["parts"]]


def tabbed(text, found):
    for line in text:
        file, digest, name = line.split("\t")
        parts = found.setdefault(file, [])
        if digest:
            parts.append((digest, unescaped(name) or None))


def unescaped(name):
    return name.encode("latin-1", "replace").decode("unicode_escape").encode("latin-1", "replace").decode("utf-8", "replace")


def installed():
    """{name: judge}; a judge takes files and gives {file: [(digest, name)]}."""
    install()
    crates = os.path.join(PLACE, "crates", "release", "judge-crates")
    python = [sys.executable, os.path.join(HERE, "python_email.py")]
    programs = [sys.executable, os.path.join(HERE, "programs.py")]
    node = ["node", os.path.join(HERE, "node.mjs")]
    commands = {
        "email compat32": [*python, "compat32"],
        "email default": [*python, "default"],
        "MIME::Parser": ["perl", os.path.join(HERE, "mime_tools.pl")],
        "ripmime": [*programs, "ripmime"],
        "munpack": [*programs, "munpack"],
        "reformime": [*programs, "reformime"],
        "GMime": [os.path.join(PLACE, "gmime")],
        "postal-mime": [*node, "postal-mime", PLACE],
        "mailparser": [*node, "mailparser", PLACE],
        "mail-parser": [crates, "mail-parser"],
        "mailparse": [crates, "mailparse"],
    }

    def judge(name, command):
        return lambda files: asked(command, tabbed if name == "GMime" else lines, files)

    return {name: judge(name, command) for name, command in commands.items()}
