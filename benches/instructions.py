#!/usr/bin/env python3
"""Counts the instructions of each stage, and the allocations, over a fixed set of made mail (benches/definitions/fixed.toml),
and holds them against benches/records/instructions.toml. YARA is left out: its code is made at run time. Needs valgrind, and for the
stage of SpamAssassin's rules Debian's, which it installs as root; they are counted where their version is the recorded one.

    benches/instructions.py            counts, and prints beside what is recorded
    benches/instructions.py --check    the same; exit code 1 where something grew by more than 5 %: what CI runs
    benches/instructions.py --record   writes what it counted; say in the commit why it changed
    benches/instructions.py --over MAIL [--against PROGRAM]
                                       counts over any mail, and prints beside what PROGRAM takes: a tamis-bench of another commit,
                                       built there as `build` does it here; a valgrind run of minutes for thousands of messages

Counts hardly depend on the machine, but they do on the compiler: the file names the version, and another one is told.
Exit code 2 is an error.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from concurrent.futures import ThreadPoolExecutor

import run as bench

sys.path.insert(0, os.path.join(bench.TREE, "corpus", "spamassassin"))
import compare as original

RECORD = os.path.join(bench.HERE, "records", "instructions.toml")
MOST_GROWTH = 0.05
# What two counts of one program differ by all the same, by the processor and where memory lies: `shape`, the smallest stage, took 58,931
# on one machine and 62,517 on another.
NOISE = 10_000
# The function that is a stage, with all that it calls: of a message within a message `mime` counts in `unpack` as well.
STAGES = {
    "mime": "tamis_engine::mime::reading::parse",
    "unpack": "tamis_engine::unpack::open_all",
    "facts": "tamis_engine::facts::gather",
    "lists": "tamis_engine::detect::lists::Lists::run",
    "rules": "tamis_engine::detect::rules::Rules::run",
    "bayes": "tamis_engine::detect::bayes::model::Model::run",
    "shape": "tamis_engine::detect::shape::run",
    "policy": "tamis_engine::policy::Policy::decide",
}
# Those of SpamAssassin's rules, which are in no other count: what they see of a message, and the rules.
SPAMASSASSIN = {
    "spamassassin-views": "tamis_engine::facts::spamassassin::gather",
    "spamassassin-rules": "tamis_engine::detect::spamassassin::SpamAssassin::run",
}


def build():
    """A build of its own, without YARA; it is moved aside, since the same name is the program with YARA in other builds."""
    command = ["cargo", "build", "--quiet", "--release", "-p", "tamis-bench", "--no-default-features", "--features", "allocations"]
    subprocess.run(command, cwd=bench.TREE, check=True)
    built, kept = (os.path.join(bench.TARGET, "release", name) for name in ("tamis-bench", "tamis-bench-counts"))
    os.replace(built, kept)
    return kept


def same_seeds():
    """The environment in which hash tables draw the same seeds each time (seeds.c)."""
    library = os.path.join(bench.TARGET, "bench-mail", "seeds.so")
    subprocess.run(["cc", "-O2", "-shared", "-fPIC", os.path.join(bench.HERE, "seeds.c"), "-o", library], check=True)
    return os.environ | {"LD_PRELOAD": library}


def instructions(program, arguments, needed=None, stages=STAGES):
    """Inclusive instructions by stage; of one that is not needed, and that the program did not come to, none. What the second of
    two passes takes: in the first, patterns are compiled when they are first used."""
    needed = stages if needed is None else needed
    environment = same_seeds()
    # Beside each other: what is counted does not hear the clock, and one run takes minutes.
    with ThreadPoolExecutor(2) as pool:
        one, two = pool.map(lambda passes: inclusive(program, ["--passes", passes, *arguments], needed, stages, environment), ("1", "2"))
    return {stage: two[stage] - one[stage] for stage in one}


def inclusive(program, arguments, needed, stages, environment):
    """The same for a whole run."""
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "callgrind.out")
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", program, "scan", *arguments]
        ran = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
        if ran.returncode:
            raise bench.Failed(f"{' '.join(command)}:\n{ran.stderr.strip()}")
        annotate = ["callgrind_annotate", "--inclusive=yes", "--threshold=100", "--show=Ir", "--show-percs=no", out]
        # What it says on stderr is of lines that it cannot show.
        listed = subprocess.run(annotate, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True).stdout
    counted = {}
    for line in listed.splitlines():
        found = re.match(r"\s*([\d,]+)\s+(\S*?):(.*?)(?: \[.*\])?$", line)
        if not found:
            continue
        function = re.sub(r"'\d+$", "", found[3].strip())
        for stage, name in stages.items():
            if function == name or function in EARLIER.get(stage, []):
                counted[stage] = max(counted.get(stage, 0), int(found[1].replace(",", "")))
    missing = [f"{stage} ({name})" for stage, name in stages.items() if stage not in counted and stage in needed]
    if missing:
        raise bench.Failed(
            f"no such function in the program: {', '.join(missing)}\n  help: it moved or was inlined; STAGES in this file names "
            "each, and each is #[inline(never)]"
        )
    return {stage: counted.get(stage, 0) for stage in stages}


def count():
    if not any(os.access(os.path.join(it, "valgrind"), os.X_OK) for it in os.environ["PATH"].split(os.pathsep)):
        raise bench.Failed("valgrind is not there\n  help: apt-get install valgrind")
    program = build()
    workload = bench.definitions(["fixed"])["fixed"]
    arguments = bench.prepared("fixed", workload, False)
    ran = subprocess.run([program, "allocations", *arguments], stdout=subprocess.PIPE, text=True, check=True)
    figures = dict(line.removeprefix("count ").rsplit(" ", 1) for line in ran.stdout.splitlines())
    messages = int(figures.pop("messages"))
    counts, version = instructions(program, arguments), spamassassin()
    if version:
        counts |= instructions(program, with_spamassassin(arguments), stages=SPAMASSASSIN)
    return {
        "messages": messages,
        "spamassassin": version,
        "instructions": counts,
        "allocations": {what: int(figure) for what, figure in figures.items()},
    }


def spamassassin():
    """The version of SpamAssassin's rules, which are installed where that can be; else none."""
    if not os.path.isdir(original.RULES) and os.geteuid():
        print("installing SpamAssassin's rules needs root: not counted")
        return ""
    original.install("spamassassin")
    return bench.output("dpkg-query", "-W", "-f", "${Version}", "spamassassin")


def with_spamassassin(arguments):
    """The same mail, by SpamAssassin's rules and nothing else."""
    configuration = os.path.join(bench.TARGET, "bench-mail", "spamassassin.toml")
    with open(configuration, "w") as file:
        file.write(f'[rules]\nstock = false\npaths = ["{original.RULES}"]\n[bayes]\nmodel = false\n[yara]\nenabled = false\n')
    return ["--config", configuration, *arguments[2:]]


# From the bytes of a message to its verdict.
WHOLE = "tamis_engine::worker::Worker::examine"
# What stages were called in commits before.
EARLIER = {"mime": ["tamis_engine::mime::walk::parse", "tamis_engine::mime::parse"]}


def over(mail, against):
    """Prints the instructions of each stage over some mail, for this tree and for the program of another."""
    programs = [program for program in (against, build()) if program]
    configuration = os.path.join(bench.TARGET, "bench-mail", "over.toml")
    with open(configuration, "w") as file:
        file.write("[yara]\nenabled = false\n")
    stages = {**STAGES, "all": WHOLE}
    counts = [instructions(program, ["--config", configuration, mail], (), stages) for program in programs]
    for stage in counts[-1]:
        before, now = counts[0][stage], counts[-1][stage]
        change = f"{before:>16}  {(now / before - 1) * 100:+.1f} %" if against and before else ""
        print(f"{stage:8} {now:>16} {change}")


def compiler():
    return bench.output("rustc", "-V")


def write(counted):
    with open(RECORD, "w") as file:
        file.write(
            "# Instructions by stage and allocations over the fixed set, without YARA. Written by benches/instructions.py --record.\n"
            f'compiler = "{compiler()}"\nspamassassin = "{counted["spamassassin"]}"\nmessages = {counted["messages"]}\n'
        )
        for part in ("instructions", "allocations"):
            file.write(f"\n[{part}]\n")
            file.writelines(f"{name} = {figure}\n" for name, figure in counted[part].items())


def compare(recorded, counted):
    """Prints all, and gives what grew too much."""
    grown = []
    print(f"{'':36} {'recorded':>14} {'now':>14}  a message")
    for part in ("instructions", "allocations"):
        for name, now in counted[part].items():
            before = recorded.get(part, {}).get(name)
            change = "new" if not before else f"{(now / before - 1) * 100:+.2f} %"
            print(f"{part + ' ' + name:36.36} {before or '':>14} {now:>14}  {now / counted['messages']:>12.0f}  {change}")
            if name in SPAMASSASSIN and counted["spamassassin"] != recorded.get("spamassassin"):
                print(f"  of other rules than the recorded ones: {counted['spamassassin']}, not {recorded.get('spamassassin')}")
                continue
            if before is None or now > before * (1 + MOST_GROWTH) + (NOISE if part == "instructions" else 0):
                grown.append(f"{part} {name}: {before} -> {now}, {change}")
    return grown


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--check", action="store_true", help="exit code 1 where something grew by more than 5 %%")
    how.add_argument("--record", action="store_true", help="writes what it counted")
    how.add_argument("--over", metavar="MAIL", help="counts over this mail")
    parser.add_argument("--against", metavar="PROGRAM", help="with --over: a tamis-bench of another commit")
    given = parser.parse_args()
    if given.over:
        over(given.over, given.against)
        return 0
    recorded = {}
    if os.path.exists(RECORD):
        with open(RECORD, "rb") as file:
            recorded = tomllib.load(file)
    elif given.check:
        raise bench.Failed(f"{RECORD} is not there\n  help: benches/instructions.py --record")
    counted = count()
    grown = compare(recorded, counted)
    if recorded and recorded["compiler"] != compiler():
        print(f"\nrecorded with {recorded['compiler']}, counted with {compiler()}: a difference may be the compiler's")
    if given.record:
        write(counted)
        print(f"\nwritten: {os.path.relpath(RECORD)}")
    elif given.check and grown:
        print(f"\ngrew by more than {MOST_GROWTH * 100:.0f} %:\n  " + "\n  ".join(grown))
        print("Where it is meant: benches/instructions.py --record, and say in the commit why")
        return 1
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (bench.Failed, OSError, subprocess.CalledProcessError) as error:
        print(f"benches/instructions.py: {error}", file=sys.stderr)
        sys.exit(2)
