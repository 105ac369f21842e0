#!/usr/bin/env python3
"""Holds Tamis to what mail programs that are not ours show of ambiguous messages.

    ambiguity/run.py                      each trick alone, a sample of the pairs, and random triples
    ambiguity/run.py --singles            each trick alone, at depth 1 to 4, in base64 and quoted-printable
    ambiguity/run.py --pairs 20000:30000  these of all pairs; `all` is every pair
    ambiguity/run.py --triples 5000       so many random triples
    ambiguity/run.py --pairs all --lazy   the judges are asked only about messages of which Tamis does not show the attachment
    ambiguity/run.py --pairs all --names  only those with a trick with names, and only the judges that show names
    ambiguity/run.py --bless              writes the table into docs/readings.md
    ambiguity/run.py --keep DIR           leaves the messages that Tamis reads worse than a judge there

The judges are built and installed into ~/.cache/tamis-judges, where what they said is kept too: it needs apt-get (run by root)
for libmime-tools-perl, ripmime, mpack, maildrop and libgmime-3.0-dev, and npm, cargo and a C compiler. Exit code 1 where Tamis
misses what a judge shows.

Messages are made, and asked about, 3,000 at a time: a run that was broken off goes on where it was, since what was said of the
same messages is kept.
"""

import argparse
import contextlib
import hashlib
import itertools
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
TREE = os.path.dirname(HERE)
sys.path.insert(0, HERE)

import grammar  # noqa: E402
import judges  # noqa: E402
import report  # noqa: E402
import tricks  # noqa: E402

SEED = 6
# So many messages at a time.
SLICE = 3000


def singles():
    for trick in tricks.ALL:
        for depth in (1, 2, 3, 4):
            for encoding in (b"base64", b"quoted-printable"):
                yield ((trick,), depth, encoding)


def shape(number):
    """Depth and encoding, each combination as often as any other."""
    return 1 + number // 2 % 4, (b"base64", b"quoted-printable")[number % 2]


def pairs(start, end):
    everything = list(itertools.combinations(tricks.ALL, 2))
    random.Random(SEED).shuffle(everything)
    for number, pair in list(enumerate(everything))[start:end]:
        yield (pair, *shape(number))


def triples(count, seed):
    rng = random.Random(seed)
    for number in range(count):
        yield (tuple(rng.sample(tricks.ALL, 3)), *shape(number))


def write(cases, folder):
    """The messages as files, of which no two runs have the same path; gives what is in each."""
    made = {}
    for number, (applied, depth, encoding) in enumerate(cases):
        file = os.path.join(folder, f"{number:06}.eml")
        with open(file, "wb") as out:
            out.write(grammar.make(applied, depth, encoding, SEED))
        made[file] = (applied, depth, encoding)
    return made


def asked(program, files):
    """{file: parts} as one judge shows them."""
    shown = {}
    batches = [files[at : at + 250] for at in range(0, len(files), 250)]
    with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        for found in pool.map(program, batches):
            shown.update(found)
    return shown


def see(name, program, files):
    """The same, of each message from an earlier run where it was asked about then."""
    os.makedirs(judges.PLACE, exist_ok=True)
    with contextlib.closing(sqlite3.connect(os.path.join(judges.PLACE, "shown.sqlite"), timeout=600)) as kept, kept:
        kept.execute("CREATE TABLE IF NOT EXISTS shown (judge TEXT, message BLOB, parts TEXT, PRIMARY KEY (judge, message))")
        keys = {}
        for file in files:
            with open(file, "rb") as source:
                keys[file] = hashlib.sha256(source.read()).digest()
        find = "SELECT parts FROM shown WHERE judge = ? AND message = ?"
        rows = {file: kept.execute(find, (name, key)).fetchone() for file, key in keys.items()}
        shown = {file: json.loads(row[0]) for file, row in rows.items() if row}
        new = [file for file in files if file not in shown]
        said = asked(program, new) if new else {}
        shown.update({file: said.get(file, []) for file in new})
        kept.executemany("INSERT OR REPLACE INTO shown VALUES (?, ?, ?)", [(name, keys[file], json.dumps(shown[file])) for file in new])
    return {file: [tuple(part) for part in shown[file]] for file in files}


def wanted():
    """What counts as the attachment: it, or it with the line end of a text behind it."""
    ends = (b"", b"\n", b"\r\n", b"\r", b"\n\n", b"\r\n\r\n")
    return {hashlib.sha256(grammar.MARKER + end).hexdigest() for end in ends}


def tamis(program, files):
    """{file: (digests, names, readings, defects)}"""
    seen = {}
    for at in range(0, len(files), 2000):
        command = [program, "parts", "--json", *files[at : at + 2000]]
        ran = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if ran.returncode:
            sys.exit(f"{' '.join(command[:4])} ...: {ran.stderr.strip()}")
        for line in ran.stdout.splitlines():
            it = json.loads(line)
            digests = {item["sha256"] for item in it["items"]}
            names = {name for item in it["items"] for name in item["names"]}
            defects = {defect["defect"] for defect in it["defects"]}
            seen[it["path"]] = (digests, names, it.get("readings", 1), defects)
    return seen


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--singles", action="store_true")
    parser.add_argument("--pairs")
    parser.add_argument("--triples", type=int)
    parser.add_argument("--seed", type=int, default=SEED, help="of the triples")
    parser.add_argument("--bless", action="store_true")
    parser.add_argument("--keep")
    parser.add_argument("--lazy", action="store_true", help="asks judges only where Tamis shows no attachment")
    parser.add_argument("--names", action="store_true", help="only tricks with names")
    built = os.path.join(os.environ.get("CARGO_TARGET_DIR", os.path.join(TREE, "target")), "release/tamis")
    parser.add_argument("--tamis", default=built)
    given = parser.parse_args()

    cases = []
    sample = not (given.singles or given.pairs or given.triples or given.bless)
    if given.singles or given.bless or sample:
        cases += singles()
    if given.pairs or sample:
        start, _, end = (given.pairs or "0:3000").replace("all", "0:").partition(":")
        cases += pairs(int(start or 0), int(end) if end else None)
    if given.triples or sample:
        cases += triples(given.triples or 1500, given.seed)

    if given.names:
        cases = [case for case in cases if any(trick.kind == "names" for trick in case[0])]
    programs = judges.installed()
    if given.names:
        programs = {name: program for name, program in programs.items() if name not in report.NAMELESS}
    total = None
    for at in range(0, len(cases), SLICE):
        found = slice_of(cases[at : at + SLICE], programs, given)
        total = total.plus(found) if total else found
        if len(cases) > SLICE:
            print(f"{min(at + SLICE, len(cases))} of {len(cases)}: {len(total.missed)} missed, {len(total.unnamed)} without a name", file=sys.stderr)
    print(total.text())
    if given.bless:
        total.bless(os.path.join(TREE, "docs", "readings.md"))
    return 1 if total.worse else 0


def slice_of(cases, programs, given):
    """A report of a few thousand messages, which are made and forgotten."""
    folder = tempfile.mkdtemp(prefix="tamis-ambiguity-")
    # Judges that run as nobody read there.
    os.chmod(folder, 0o755)
    try:
        made = write(cases, folder)
        seen = tamis(given.tamis, list(made))
        asked_of = [file for file in made if not (given.lazy and seen[file][0] & wanted())]
        shown = {name: see(name, program, asked_of) for name, program in programs.items()}
        result = report.Report(made, shown, seen, wanted())
        if given.keep:
            os.makedirs(given.keep, exist_ok=True)
            for file in result.worse:
                name = "+".join(it.name for it in made[file][0]) + f".{made[file][1]}.{made[file][2].decode()}.eml"
                shutil.copy(file, os.path.join(given.keep, name))
        return result
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
