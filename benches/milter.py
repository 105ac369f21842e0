#!/usr/bin/env python3
"""What `tamis serve` costs behind Postfix, beside a milter that does nothing (benches/nothing.c) and beside rspamd's.

    benches/milter.py [--messages N] [--pairs N] [--tamis PROGRAM] [--unix] [--rspamd] FOLDER

Messages of FOLDER go through a private Postfix, 20 at a time, to smtp-sink; runs with each milter are
interleaved, in changing order. rspamd (Debian's, which is to be installed) scans in its proxy, with its stock rules, with no checks
that ask a network, and refuses nothing. Each run is timed from its first message to its last reply. The engine's own CPU is that of the
daemon's scan threads; taken off a run's time is what it would take on all cores. Then single messages, one after another, over TCP
and over a UNIX socket: what the sender waits for from the end of a message to the reply. Needs root, Postfix, libmilter's
development files and a C compiler. Prints lines for a record under benches/records/."""

import argparse, contextlib, os, pathlib, signal, smtplib, statistics, subprocess, sys, threading, time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "daemon/tests"))
import rspamd  # noqa: E402
from world import Daemon, World, connects, wait_for  # noqa: E402

TICKS = os.sysconf("SC_CLK_TCK")


class Nothing(Daemon):
    """The milter that does nothing, in the daemon's place."""

    by_unix = False

    def start(self):
        program, self.unix = self.root / "nothing", self.root / "nothing.sock"
        subprocess.run(["cc", "-O2", HERE / "nothing.c", "-lmilter", "-lpthread", "-o", program], check=True)
        where = f"unix:{self.unix}" if self.by_unix else f"inet:{self.port}@127.0.0.1"
        self.process = subprocess.Popen([program, where])
        wait_for("the milter listens", self.unix.exists if self.by_unix else lambda: connects(self.port))
        if self.by_unix:
            self.unix.chmod(0o666)


class Rspamd(Daemon):
    """rspamd's milter, with a configuration of its own, in the daemon's place."""

    by_unix = False

    def start(self):
        self.unix = self.root / "run/rspamd.sock"
        where = f"{self.unix} mode=0666" if self.by_unix else f"127.0.0.1:{self.port}"
        self.process = rspamd.start(self.root, {
            "worker-proxy.inc":
                f'bind_socket = "{where}";\nmilter = yes;\ntimeout = 120s;\ncount = {os.cpu_count()};\n'
                'upstream "local" { default = yes; self_scan = yes; hosts = "localhost"; }\n',
            "actions.conf": "reject = 100000; greylist = 90000; rewrite_subject = null; add_header = 6;\n",
            "classifier-bayes.conf": "enabled = false;\n",
        })
        wait_for("rspamd listens", self.unix.exists if self.by_unix else lambda: connects(self.port), 60)
        # It compiles its patterns after it listens.
        time.sleep(15)


def cpu(process, name=""):
    """CPU seconds of the threads whose names begin so, and of all, of the process and those that it started."""
    some = total = 0
    children = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    for task in [it for pid in [process.pid, *children] for it in pathlib.Path(f"/proc/{pid}/task").iterdir()]:
        text = (task / "stat").read_text()
        ticks = sum(map(int, text.rsplit(") ", 1)[1].split()[11:13]))
        total += ticks
        some += ticks if text.split("(", 1)[1].startswith(name) else 0
    return some / TICKS, total / TICKS


def feed(world, messages, at_once=20):
    """Sends them; gives seconds and how many were accepted."""
    left, accepted, lock = list(messages), [], threading.Lock()

    def client():
        smtp = None
        while True:
            with lock:
                if not left:
                    break
                message = left.pop()
            smtp = smtp or smtplib.SMTP("127.0.0.1", world.postfix.port, timeout=120)
            try:
                smtp.sendmail("ann@here.example", ["bob@there.example"], message)
                accepted.append(1)
            except smtplib.SMTPResponseException as error:
                assert error.smtp_code >= 500, error
        if smtp:
            smtp.quit()

    threads = [threading.Thread(target=client) for _ in range(at_once)]
    began = time.perf_counter()
    [it.start() for it in threads]
    [it.join() for it in threads]
    took = time.perf_counter() - began
    wait_for("Postfix delivers", lambda: not [it for it in world.postfix.queue() if '"hold"' not in it], 120)
    world.sink.clear()
    return took, len(accepted)


def waits(world, messages):
    """Milliseconds from the end of each message to its reply."""
    found = []
    with smtplib.SMTP("127.0.0.1", world.postfix.port, timeout=120) as smtp:
        smtp.ehlo("client.example")
        for message in messages:
            smtp.mail("ann@here.example")
            smtp.rcpt("bob@there.example")
            smtp.docmd("DATA")
            smtp.send(smtplib._quote_periods(message) + b"\r\n.")
            # The message is with the server, and its end is all that is missing.
            time.sleep(0.02)
            began = time.perf_counter()
            smtp.send(b"\r\n")
            smtp.getreply()
            found.append(1000 * (time.perf_counter() - began))
    return statistics.median(found)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=1000)
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--tamis", default=str(HERE.parent / "target/release/tamis"))
    parser.add_argument("--unix", action="store_true", help="the pairs over UNIX sockets, not TCP")
    parser.add_argument("--rspamd", action="store_true", help="rspamd's milter as a third")
    parser.add_argument("folder", type=pathlib.Path)
    given = parser.parse_args()
    paths = sorted(path for path in given.folder.rglob("*") if path.is_file())
    step = max(1, len(paths) // given.messages)
    messages = [smtplib._fix_eols(path.read_bytes().decode("latin-1")).encode("latin-1") for path in paths[::step][: given.messages]]
    cores = os.cpu_count()
    Nothing.by_unix = Rspamd.by_unix = given.unix
    # All is judged and marked, and nothing is refused: what Postfix has to do stays the same.
    watching = "\n[actions.inbound]\nmonitor_only = true\n"

    def world(kind):
        def prepare(it):
            text = it.daemon.config.read_text()
            it.daemon.config.write_text(text.replace("[actions.inbound]\n", watching.lstrip("\n")))
        return World(given.tamis, False, daemon=kind, prepare=prepare)

    with contextlib.ExitStack() as stack:
        ours, none = stack.enter_context(world(Daemon)), stack.enter_context(world(Nothing))
        peer = stack.enter_context(world(Rspamd)) if given.rspamd else None
        sides = [it for it in (ours, none, peer) if it]
        rest = pathlib.Path(f"/proc/{ours.daemon.process.pid}/status").read_text()
        print(f"at rest: {int(rest.split('VmRSS:')[1].split()[0]) // 1024} MB")
        if given.unix:
            [it.postfix.set(f"smtpd_milters=unix:{it.daemon.unix}") for it in sides]
        [feed(it, messages[:200]) for it in sides]
        pairs, beyond, peers = [], [], []
        for number in range(given.pairs):
            got = {}
            for it in sides[:: 1 if number % 2 else -1]:
                scan, total = cpu(it.daemon.process, "tamis-scan")
                took, accepted = feed(it, messages)
                assert accepted == len(messages), f"{accepted} of {len(messages)} accepted"
                scan_after, total_after = cpu(it.daemon.process, "tamis-scan")
                got[it] = (took, scan_after - scan, total_after - total)
            if peer:
                peers.append((got[peer][0], got[ours][0], *(1000 * got[it][2] / len(messages) for it in (peer, ours))))
            pairs.append((got[ours][0], got[none][0], got[ours][1]))
            beyond.append([1000 * it / len(messages) for it in (got[ours][2] - got[ours][1], got[none][2])])
        rates = [(len(messages) / a, len(messages) / b) for a, b, _ in pairs]
        print(f"{len(messages)} messages, {given.pairs} pairs over {'UNIX sockets' if given.unix else 'TCP'}; messages a second, tamis and nothing: "
              + ", ".join(f"{a:.0f}/{b:.0f}" for a, b in rates))
        print(f"raw ratio, median: {statistics.median(b / a for a, b, _ in pairs):.3f}")
        print(f"with the engine's CPU ({statistics.median(1000 * c / len(messages) for _, _, c in pairs):.2f} ms a message) taken off "
              f"over {cores} cores: {statistics.median(b / (a - c / cores) for a, b, c in pairs):.3f}")
        print(f"daemon's CPU beyond scan threads: median {statistics.median(a for a, _ in beyond):.3f} ms a message; all CPU of the milter "
              f"that does nothing: {statistics.median(b for _, b in beyond):.3f} ms")
        if peer:
            print("messages a second, tamis and rspamd: " + ", ".join(f"{len(messages) / b:.0f}/{len(messages) / a:.0f}" for a, b, _, _ in peers))
            print(f"raw ratio, median: {statistics.median(a / b for a, b, _, _ in peers):.3f}; all CPU of rspamd: median "
                  f"{statistics.median(it[2] for it in peers):.2f} ms a message, of tamis {statistics.median(it[3] for it in peers):.2f} ms")
        single = messages[:: max(1, len(messages) // 200)][:200]
        tcp, unix = [], []
        for _ in range(3):
            ours.postfix.set(f"smtpd_milters=inet:127.0.0.1:{ours.daemon.port}")
            tcp.append(waits(ours, single))
            ours.postfix.set(f"smtpd_milters=unix:{ours.daemon.unix}")
            unix.append(waits(ours, single))
        print(f"from the end of a message to the reply, p50 of {len(single)}: TCP {statistics.median(tcp):.2f} ms, "
              f"UNIX socket {statistics.median(unix):.2f} ms")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    main()
