#!/usr/bin/env python3
"""The speed of SpamAssassin's rules: CPU time of `spamd` with sa-compile, and of Tamis with the same rules, network and Bayes off, over
the same messages.

    corpus/spamassassin/speed.py [--sample N] [--rounds N] [--at-once N] [--record FILE] [--tamis PROGRAM] [--least RATIO] [FOLDER...]

Without folders: the SpamAssassin corpus (corpus/fetch.sh), and `modern` beside it where that is there, each by itself. Installs
Debian's packages `spamassassin`, `spamd`, `sa-compile` and what the latter compiles with, where they are missing. Both programs
run as daemons with one worker, are given the messages over TCP by this script, and are warmed up by other messages of the same
folder, since Tamis compiles patterns when they are first needed; then the sample goes through in rounds, each round to the one and then to the other, in turn first:
one message after another, and then several at once, as a server gets them that has something to do (a program that waits
between two messages finds nothing of its own in the caches). Counted is the CPU time
of each program and all its children, user and system, from /proc: what they take to start, and what this script takes, is in
neither. Behind ± are two standard errors of the rounds' mean. --record writes what is printed as a dated record. Exit code 1 where Tamis, with several messages at once, does less than
--least (100) times the messages of a CPU second.
"""

import argparse
import datetime
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

from compare import HERE, RULES, corpora, install, messages

TICKS = os.sysconf("SC_CLK_TCK")


def tree(pid):
    """A process and all that descend from it."""
    children = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            parent = int(open(f"/proc/{name}/stat").read().rsplit(")", 1)[1].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
        children.setdefault(parent, []).append(int(name))
    found = [pid]
    for it in found:
        found += children.get(it, [])
    return found


def cpu(pid):
    """CPU seconds of a process and all that descend from it, those that ended included."""
    total = 0.0
    for it in tree(pid):
        try:
            fields = open(f"/proc/{it}/stat").read().rsplit(")", 1)[1].split()
            # What the scheduler knows is finer than ticks, and is of the threads that live.
            threads = os.listdir(f"/proc/{it}/task")
            own = sum(int(open(f"/proc/{it}/task/{thread}/schedstat").read().split()[0]) for thread in threads) / 1e9
        except (FileNotFoundError, ProcessLookupError):
            continue
        user, system, ended = int(fields[11]), int(fields[12]), int(fields[13]) + int(fields[14])
        total += max(own, (user + system) / TICKS) + ended / TICKS
    return total


def free_port():
    with socket.socket() as it:
        it.bind(("127.0.0.1", 0))
        return it.getsockname()[1]


class Daemon:
    def __init__(self, name, command, port, request):
        self.name, self.port, self.request = name, port, request
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL)
        for _ in range(600):
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                return
            except OSError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.1)
        self.log.seek(0)
        sys.exit(f"{name} does not start: {self.log.read().decode(errors='replace')}")

    def scan(self, message):
        with socket.create_connection(("127.0.0.1", self.port)) as it:
            it.sendall(self.request(len(message)) + message)
            it.shutdown(socket.SHUT_WR)
            answer = b""
            while piece := it.recv(65536):
                answer += piece
        if b"EX_OK" not in answer[:80] and b" 200 " not in answer[:80]:
            sys.exit(f"{self.name} answers {answer[:200]!r}")

    def run(self, mails, at_once=1):
        """CPU seconds for messages."""
        before = cpu(self.process.pid)
        with ThreadPoolExecutor(at_once) as pool:
            list(pool.map(self.scan, mails))
        return cpu(self.process.pid) - before

    def stop(self):
        self.process.terminate()
        self.process.wait()


def spamd(home):
    port = free_port()
    settings = ["use_bayes 0", "use_auto_welcomelist 0"]
    command = ["spamd", "-L", "-x", "--min-children=1", "--max-children=1", "--max-conn-per-child=1000000", f"--listen=127.0.0.1:{port}"]
    command += [f"--cf={it}" for it in settings] + ["-u", "nobody", f"--helper-home-dir={home}"]
    return Daemon("spamd", command, port, lambda size: b"CHECK SPAMC/1.5\r\nContent-length: %d\r\n\r\n" % size)


def tamis(program, home):
    port = free_port()
    config = os.path.join(home, "tamis.toml")
    with open(config, "w") as file:
        file.write(
            f'[scan]\nthreads = 1\n[rules]\nstock = false\npaths = ["{RULES}"]\n[bayes]\nmodel = false\n'
            f'[http]\nlisten = "inet:127.0.0.1:{port}"\n[milter]\nlisten = "unix:{home}/milter"\n'
        )
    head = b"POST /scan HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"
    return Daemon("tamis serve", [program, "serve", "--config", config], port, lambda size: head % size)


def compiled():
    """How many rules run as compiled C."""
    command = ["spamassassin", "-D", "zoom", "-L", "--lint"]
    run = subprocess.run(command, capture_output=True, text=True, errors="replace")
    lines = [line.split("zoom: ")[1] for line in run.stderr.splitlines() if "zoom: able to use" in line]
    return lines[0] if lines else "sa-compile is NOT in use"


def spread(paths, count):
    return [paths[number * len(paths) // count] for number in range(min(count, len(paths)))]


def measure(folder, wanted, home):
    """Rows of the table, and how many times as many messages with several at once."""
    paths = messages([folder])
    sample = spread(paths, wanted.sample)
    if not sample:
        sys.exit(f"{folder}: no messages")
    others = sorted(set(paths) - set(sample))
    read = lambda paths: [open(path, "rb").read() for path in paths]
    mails, warm_up = read(sample), read(spread(others, wanted.warm_up))
    both = [spamd(home), tamis(wanted.tamis, home)]
    rows, ratio = [], 0.0
    try:
        both[0].run(warm_up[:50])
        both[1].run(warm_up)
        # What was seen before costs less: each way has messages of its own.
        for which, at_once in enumerate((1, wanted.at_once)):
            row, ratio = rounds(folder, mails[which::2], at_once, both, wanted.rounds)
            rows.append(row)
    finally:
        for it in both:
            it.stop()
    return rows, ratio


def rounds(folder, mails, at_once, both, count):
    sums, ratios = [0.0, 0.0], []
    for number in range(count):
        chunk = mails[number::count]
        taken = [0.0, 0.0]
        for it in (0, 1) if number % 2 == 0 else (1, 0):
            taken[it] = both[it].run(chunk, at_once)
            sums[it] += taken[it]
        ratios.append(taken[0] / max(taken[1], 1e-9))
    bytes_each = sum(map(len, mails)) / len(mails)
    theirs, ours = (it / len(mails) * 1000 for it in sums)
    ratio = sums[0] / sums[1]
    error = 2 * statistics.stdev(ratios) / count**0.5 if count > 1 else float("nan")
    row = (
        f"| {os.path.basename(folder)} | {at_once} | {len(mails)}, {bytes_each / 1000:.1f} KB | {theirs:.1f} ms, {1000 / theirs:.1f}/s | "
        f"{ours:.2f} ms, {1000 / ours:.0f}/s | {ratio:.0f} ± {error:.0f} | {min(ratios):.0f} to {max(ratios):.0f}, median {statistics.median(ratios):.0f} |"
    )
    return row, ratio


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    target = os.environ.get("CARGO_TARGET_DIR", os.path.join(HERE, "../../target"))
    parser.add_argument("--sample", type=int, default=600, help="messages of each folder")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--at-once", type=int, default=4, help="messages that are under way at once, in the second half")
    parser.add_argument("--warm-up", type=int, default=3000, help="messages before those that count; spamd takes fifty of them")
    parser.add_argument("--record")
    parser.add_argument("--least", type=float, default=100)
    parser.add_argument("--tamis", default=os.path.join(target, "release/tamis"))
    parser.add_argument("folders", nargs="*")
    wanted = parser.parse_args()
    install("spamassassin", "spamd", "sa-compile", "re2c", "gcc", "make", "libc6-dev")
    how_many = compiled()
    lines = [
        "| mail | at once | sample | `spamd` | Tamis | times as many | of the rounds |",
        "|---|---|---|---|---|---|---|",
    ]
    worst = float("inf")
    with tempfile.TemporaryDirectory() as home:
        os.chmod(home, 0o777)
        for folder in corpora(wanted.folders):
            rows, ratio = measure(folder, wanted, home)
            lines += rows
            worst = min(worst, ratio)
    version = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", "spamassassin"], capture_output=True, text=True).stdout
    commit = subprocess.run(["git", "-C", HERE, "describe", "--always", "--dirty", "--exclude", "*"], capture_output=True, text=True).stdout.strip()
    load = open("/proc/loadavg").read().split()[0]
    text = (
        f"Command: `corpus/spamassassin/speed.py --sample {wanted.sample}`; Debian's spamassassin {version}; sa-compile: {how_many}; "
        f"commit {commit}; load {load}. CPU time a message, user and system, of the daemons with all their children.\n\n" + "\n".join(lines) + "\n"
    )
    print(text)
    if wanted.record:
        with open(wanted.record, "w") as file:
            file.write(f"# {datetime.date.today()}: SpamAssassin's rules beside `spamd`\n\n{text}")
    if worst < wanted.least:
        print(f"broken: {worst:.0f} times as many messages, and {wanted.least:.0f} are promised")
    return 1 if worst < wanted.least else 0


if __name__ == "__main__":
    sys.exit(main())
