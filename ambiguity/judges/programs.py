#!/usr/bin/env python3
"""What programs that write files show of each message: programs.py ripmime|munpack|reformime FILE... A line of JSON for each
file. Their names for files are made safe by them, and are not compared. They are old, and written in C: run by root, they run
as nobody."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile


def digests(folder):
    found = []
    for base, _, files in os.walk(folder):
        for name in files:
            with open(os.path.join(base, name), "rb") as source:
                found.append([hashlib.sha256(source.read().rstrip(b"\r\n")).hexdigest(), None])
    return found


def run(command, source=subprocess.DEVNULL, folder=None):
    nobody = {"user": 65534, "group": 65534, "extra_groups": []} if os.getuid() == 0 else {}
    try:
        ran = subprocess.run(
            command, stdin=source, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=20, cwd=folder or "/", **nobody
        )
        return ran.stdout
    except subprocess.TimeoutExpired:
        return b""


def ripmime(file, folder):
    run(["ripmime", "-i", file, "-d", folder, "--recursion-max", "30", "-q"], folder=folder)
    return digests(folder)


def munpack(file, folder):
    run(["munpack", "-q", "-t", "-f", "-C", folder, file], folder=folder)
    return digests(folder)


def reformime(file, folder):
    found = []
    with open(file, "rb") as source:
        listed = run(["reformime", "-i"], source)
    for section in re.split(rb"\n\n+", listed):
        number = re.search(rb"^section: (\S+)", section, re.M)
        kind = re.search(rb"^content-type: (\S+)", section, re.M)
        if not number or (kind and kind[1].startswith(b"multipart/")) or len(found) > 50:
            continue
        with open(file, "rb") as source:
            content = run(["reformime", "-e", "-s", number[1].decode()], source)
        found.append([hashlib.sha256(content.rstrip(b"\r\n")).hexdigest(), None])
    return found


judge = {"ripmime": ripmime, "munpack": munpack, "reformime": reformime}[sys.argv[1]]
for file in sys.argv[2:]:
    folder = tempfile.mkdtemp(prefix="tamis-judge-")
    try:
        if os.getuid() == 0:
            os.chown(folder, 65534, 65534)
        print(json.dumps({"file": file, "parts": judge(os.path.abspath(file), folder)}))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
