#!/usr/bin/env python3
"""What `tamis serve` costs behind Postfix, beside a milter that does nothing (benches/nothing.c).

    benches/milter.py [--messages N] [--pairs N] [--tamis PROGRAM] FOLDER

Messages of FOLDER go through a private Postfix, 20 at a time, to smtp-sink; runs with one and the other milter are
interleaved, in changing order. Each run is timed from its first message to its last reply. The engine's own CPU is that of the
daemon's scan threads; taken off a run's time is what it would take on all cores. Then single messages, one after another, over TCP
and over a UNIX socket: what the sender waits for from the end of a message to the reply. Needs root, Postfix, libmilter's
development files and a C compiler. Prints lines for a record under benches/records/."""

import argparse, os, pathlib, signal, smtplib, statistics, subprocess, sys, threading, time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "daemon/tests"))
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


def cpu(process, name=""):
    """CPU seconds of the threads whose names begin so, and of all."""
    some = total = 0
    for task in pathlib.Path(f"/proc/{process.pid}/task").iterdir():
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
    parser.add_argument("folder", type=pathlib.Path)
    given = parser.parse_args()
    paths = sorted(path for path in given.folder.rglob("*") if path.is_file())
    step = max(1, len(paths) // given.messages)
    messages = [smtplib._fix_eols(path.read_bytes().decode("latin-1")).encode("latin-1") for path in paths[::step][: given.messages]]
    cores = os.cpu_count()
    Nothing.by_unix = given.unix
    # All is judged and marked, and nothing is refused: what Postfix has to do stays the same.
    watching = "\n[actions.inbound]\nmonitor_only = true\n"

    def world(kind):
        def prepare(it):
            text = it.daemon.config.read_text()
            it.daemon.config.write_text(text.replace("[actions.inbound]\n", watching.lstrip("\n")))
        return World(given.tamis, False, daemon=kind, prepare=prepare)

    with world(Daemon) as ours, world(Nothing) as none:
        rest = pathlib.Path(f"/proc/{ours.daemon.process.pid}/status").read_text()
        print(f"at rest: {int(rest.split('VmRSS:')[1].split()[0]) // 1024} MB")
        if given.unix:
            [it.postfix.set(f"smtpd_milters=unix:{it.daemon.unix}") for it in (ours, none)]
        feed(ours, messages[:200]), feed(none, messages[:200])
        pairs, beyond = [], []
        for number in range(given.pairs):
            got = {}
            for it in [ours, none][:: 1 if number % 2 else -1]:
                scan, total = cpu(it.daemon.process, "tamis-scan")
                took, accepted = feed(it, messages)
                assert accepted == len(messages), f"{accepted} of {len(messages)} accepted"
                scan_after, total_after = cpu(it.daemon.process, "tamis-scan")
                got[it is ours] = (took, scan_after - scan, total_after - total)
            pairs.append((got[True][0], got[False][0], got[True][1]))
            beyond.append([1000 * it / len(messages) for it in (got[True][2] - got[True][1], got[False][2])])
        rates = [(len(messages) / a, len(messages) / b) for a, b, _ in pairs]
        print(f"{len(messages)} messages, {given.pairs} pairs over {'UNIX sockets' if given.unix else 'TCP'}; messages a second, tamis and nothing: "
              + ", ".join(f"{a:.0f}/{b:.0f}" for a, b in rates))
        print(f"raw ratio, median: {statistics.median(b / a for a, b, _ in pairs):.3f}")
        print(f"with the engine's CPU ({statistics.median(1000 * c / len(messages) for _, _, c in pairs):.2f} ms a message) taken off "
              f"over {cores} cores: {statistics.median(b / (a - c / cores) for a, b, c in pairs):.3f}")
        print(f"daemon's CPU beyond scan threads: median {statistics.median(a for a, _ in beyond):.3f} ms a message; all CPU of the milter "
              f"that does nothing: {statistics.median(b for _, b in beyond):.3f} ms")
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
