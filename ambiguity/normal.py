#!/usr/bin/env python3
"""Says how many messages of folders have more than one reading, and why: what the first other reading does otherwise, with a
message for each.

    ambiguity/normal.py [--all] FOLDER...
"""

import argparse
import collections
import json
import os
import subprocess
import sys

TREE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TAMIS = os.path.join(os.environ.get("CARGO_TARGET_DIR", os.path.join(TREE, "target")), "release/tamis")

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--all", action="store_true", help="each message that has several, with its readings")
parser.add_argument("folders", nargs="+", metavar="FOLDER")
wanted = parser.parse_args()
for folder in wanted.folders:
    why, example, messages, ambiguous = collections.Counter(), {}, 0, 0
    ran = subprocess.Popen([TAMIS, "parts", "--json", folder], stdout=subprocess.PIPE, text=True, errors="replace")
    for line in ran.stdout:
        it = json.loads(line)
        messages += 1
        if it["readings"] == 1:
            continue
        ambiguous += 1
        why.update(it["choices"][1])
        for choice in it["choices"][1]:
            example.setdefault(choice, it["path"])
        if wanted.all:
            print(f"{it['path']}: {it['readings']} readings: {it['choices'][1:]}")
    if ran.wait():
        sys.exit(f"{TAMIS}: exit code {ran.returncode}")
    print(f"{folder}: {messages} messages, {ambiguous} with more than one reading, {ambiguous / max(messages, 1):.2%}")
    for choice, count in why.most_common():
        print(f"  {count:4} {choice}: {example[choice]}")
