#!/usr/bin/env python3
"""Scans folders of real mail with the release build and says whether it held its promises: a verdict for each message, no
error, none over two seconds, bounded memory; and at what cost in CPU time.

    benches/corpora.py [--threads N] [--tamis target/release/tamis] FOLDER...

Prints a table in Markdown, for a dated record under benches/records/. Exit code 1 where a promise was broken. Times are CPU
seconds of the whole program, start and reading of files included; the slowest message is wall time, on a shared machine.
"""

import argparse
import json
import os
import resource
import subprocess
import sys

MOST_SECONDS = 2.0
MOST_MEGABYTES = 300.0


def scan(tamis, folder, threads):
    """One run in a child of its own, so that its peak memory is its own."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read)
        command = [tamis, "scan", "--json", "--threads", str(threads), folder]
        run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={"HOME": os.environ["HOME"]})
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        verdicts = errors = messages_bytes = 0
        slowest, where = 0, ""
        for line in run.stdout.splitlines():
            it = json.loads(line)
            if it["type"] != "verdict":
                errors += 1
                continue
            verdicts += 1
            messages_bytes += it["bytes"]
            if it["elapsed_us"] > slowest:
                slowest, where = it["elapsed_us"], it["path"]
        result = {
            "verdicts": verdicts,
            "errors": errors,
            "exit": run.returncode,
            "panics": run.stderr.count(b"panicked"),
            "bytes": messages_bytes,
            "cpu": used.ru_utime + used.ru_stime,
            "memory": used.ru_maxrss / 1024,
            "slowest": slowest / 1e6,
            "where": os.path.relpath(where, folder) if where else "",
        }
        os.write(write, json.dumps(result).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        text = pipe.read()
    os.waitpid(pid, 0)
    return json.loads(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--tamis", default=os.path.join(os.path.dirname(__file__), "../target/release/tamis"))
    parser.add_argument("folders", nargs="+")
    given = parser.parse_args()
    broken = []
    print("| mail | messages | MB | CPU s | messages a CPU s | peak MB | slowest s |")
    print("|---|---|---|---|---|---|---|")
    for folder in given.folders:
        files = sum(len(names) for _, _, names in os.walk(folder))
        it = scan(given.tamis, folder, given.threads)
        name = "/".join(os.path.normpath(folder).split(os.sep)[-2:])
        rate = it["verdicts"] / it["cpu"] if it["cpu"] else 0
        print(
            f"| {name} | {it['verdicts']} | {it['bytes'] / 1e6:.1f} | {it['cpu']:.2f} | {rate:.0f} | {it['memory']:.0f} "
            f"| {it['slowest']:.3f} |",
            flush=True,
        )
        for what, wrong in [
            (f"{it['errors']} errors, exit code {it['exit']}", it["errors"] or it["exit"] not in (0, 1)),
            (f"{it['panics']} panics", it["panics"]),
            (f"{it['verdicts']} verdicts for {files} files", it["verdicts"] == 0),
            (f"{it['where']} took {it['slowest']:.2f} s", it["slowest"] > MOST_SECONDS),
            (f"{it['memory']:.0f} MB", it["memory"] > MOST_MEGABYTES),
        ]:
            if wrong:
                broken.append(f"{name}: {what}")
    print("\n".join(broken) or "\nno promise was broken")
    sys.exit(1 if broken else 0)


main()
