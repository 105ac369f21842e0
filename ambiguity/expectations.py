#!/usr/bin/env python3
"""Checks what lies beside the messages of other parsers' test suites: what those parsers expect of each is to be found by Tamis too.

    ambiguity/expectations.py FOLDER         the folder with james-mime4j, mail-parser, mime-tools, mailcore2, mimekit...
    ambiguity/expectations.py --all FOLDER   every disagreement, explained or not

Each expectation is one thing that a reader would see: a decoded content, a text, a file name, a media type of a leaf, the size of
one. A disagreement is explained by a rule in expected.py, or told; exit code 1 where one is not explained. Without the folder there
is nothing to check, which is said, and exit code 0.
"""

import argparse
import collections
import json
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
TREE = os.path.dirname(HERE)
sys.path.insert(0, HERE)

import expected  # noqa: E402

TAMIS = os.environ.get("TAMIS") or os.path.join(os.environ.get("CARGO_TARGET_DIR", os.path.join(TREE, "target")), "release/tamis")


class Seen:
    """What Tamis finds in one message: its items with their bytes."""

    def __init__(self, raw):
        with tempfile.TemporaryDirectory(prefix="tamis-expectations-") as folder:
            command = [TAMIS, "parts", "--json", "--no-stock-rules", "--extract", folder, "-"]
            ran = subprocess.run(command, input=raw, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            if ran.returncode:
                sys.exit(f"{' '.join(command)}: {ran.stderr.decode(errors='replace').strip()}")
            it = json.loads(ran.stdout)
            self.raw = raw
            self.defects = {defect["defect"] for defect in it["defects"]}
            self.gaps = {gap["limit"] for gap in it["incomplete"]}
            self.unopened = " ".join(gap["explanation"] for gap in it["incomplete"])
            self.items = [item for item in it["items"] if item["item"] > 0]
            self.names = {name for item in self.items for name in item["names"]}
            # A message that stands there unencoded, and is taken apart, is no item: its type is not told.
            self.types = [item["declared_type"] or "text/plain" for item in self.items]
            self.contents = []
            for item in self.items:
                with open(os.path.join(folder, item["file"]), "rb") as file:
                    self.contents.append(file.read())
            self.lines = {expected.lines(content) for content in self.contents}
            self.texts = None

    def shown(self):
        """The text that a reader sees, as rules do."""
        ran = subprocess.run([TAMIS, "facts", "--json", "--no-stock-rules", "-"], input=self.raw, stdout=subprocess.PIPE)
        return json.loads(ran.stdout)["body"]["visible"]

    def holds_text(self, text):
        if self.texts is None:
            self.texts = {expected.letters(form) for content in self.contents for form in expected.readings_of(content)}
        return expected.letters(text) in self.texts

    def holds(self, kind, value):
        match kind:
            case "content":
                return expected.lines(value) in self.lines
            case "text":
                return self.holds_text(value)
            case "shown":
                return expected.letters(self.shown()) == expected.letters(value)
            case "name":
                return expected.plain(value) in {expected.plain(name) for name in self.names}
            case "type":
                return value in self.types
            case "size":
                # Of a text, its line ends may be counted as one or two, and that at its end or not.
                return any(abs(len(form) - value) <= 2 for content in self.contents for form in expected.ends(content))
        raise ValueError(kind)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--all", action="store_true")
    given = parser.parse_args()
    if not os.path.isdir(given.folder):
        print(f"{given.folder}: there is no such folder, so nothing was checked")
        return 0
    failed = False
    print("| project | messages | expectations | agree | explained | not |\n|---|---|---|---|---|---|")
    reasons, told = collections.Counter(), []
    for project, source in expected.PROJECTS:
        cases = list(source(given.folder))
        with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
            seen = list(pool.map(lambda case: Seen(case.raw), cases))
        total = agree = explained = 0
        for case, found in zip(cases, seen):
            for kind, value in case.expectations:
                total += 1
                if found.holds(kind, value):
                    agree += 1
                    continue
                why = expected.why(project, case, kind, value, found)
                explained += why is not None
                reasons[why] += why is not None
                if why is None or given.all:
                    shown = repr(value)[:120]
                    told.append(f"{project}, {case.name}: {kind} {shown}: {why}")
        left = total - agree - explained
        failed |= left > 0
        print(f"| {project} | {len(cases)} | {total} | {agree} ({agree / max(total, 1):.1%}) | {explained} | {left} |")
    for why, count in reasons.most_common():
        if why:
            print(f"  {count:4} {why}")
    print("\n".join(told))
    return failed


if __name__ == "__main__":
    sys.exit(main())
