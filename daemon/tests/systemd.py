#!/usr/bin/env python3
"""Runs docs/deploy/tamis.service under a real systemd, set up as docs/deploy.md says, with a real Postfix in front.

    daemon/tests/systemd.py [--tamis PROGRAM] [--keep]

Boots this machine's own Debian once more, in a container (systemd-nspawn, systemd as process 1), on an overlay in memory: what
is done in there is gone afterwards, and nothing outside changes. Needs root; installs by apt-get what is missing. Exit: 0 all passed,
1 something failed, 2 it cannot run here.
"""

import argparse, json, os, pathlib, shutil, signal, smtplib, subprocess, sys, tempfile, threading, time, traceback, urllib.request

HERE = pathlib.Path(__file__).resolve()
sys.path.insert(0, str(HERE.parent))
from world import REPOSITORY, Postfix, Sink, connects, wait_for

NEEDED = {"systemd-nspawn": "systemd-container", "/lib/systemd/systemd": "systemd", "nsenter": "util-linux", "postfix": "postfix"}

CONFIG = """
[milter]
listen = "unix:/run/tamis/milter"
deadline_seconds = 20
[http]
listen = "inet:127.0.0.1:8892"
[networks]
own = ["192.0.2.0/24"]
[rules]
paths = ["rules"]
[state]
quarantine = "/var/lib/tamis/quarantine"
[actions.inbound]
quarantine = 10.0
reject = 15.0
"""

YARA = """rule from_the_folder { meta: description = "A test asks for it" weight = 50
  strings: $a = "these bytes are refused" condition: $a and filesize < 1MB }
"""
EICAR = "X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


def run(*words, check=True, **more):
    ran = subprocess.run(words, capture_output=True, text=True, timeout=120, **more)
    if check and ran.returncode:
        raise AssertionError(f"{' '.join(map(str, words))}: exit {ran.returncode}: {ran.stdout}{ran.stderr}")
    return ran.stdout.strip()


def show(what):
    return run("systemctl", "show", "--value", "--property", what, "tamis")


def journal(word=""):
    return [line for line in run("journalctl", "--unit=tamis", "--output=cat", "--no-pager").splitlines() if word in line]


def get(path, data=None):
    with urllib.request.urlopen(f"http://127.0.0.1:8892{path}", data=data, timeout=60) as answer:
        return answer.read().decode()


def ready():
    try:
        return get("/ready") == "ready\n"
    except OSError:
        return False


class Inside:
    """The machine in the container: the documented steps, then Postfix and the next hop."""

    def __init__(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="tamis-systemd-"))
        self.root.chmod(0o755)
        (self.root / "postfix").mkdir()
        self.sink = Sink(self.root)
        self.postfix = Postfix(self.root / "postfix", "unix:/run/tamis/milter", self.sink.port)

    def install(self):
        """docs/deploy.md, "Set it up"."""
        run("useradd", "--system", "--shell", "/usr/sbin/nologin", "tamis")
        run("usermod", "--append", "--groups", "tamis", "postfix")
        folder = pathlib.Path("/etc/tamis/rules")
        folder.mkdir(parents=True)
        (folder.parent / "tamis.toml").write_text(CONFIG)
        (folder / "test.yar").write_text(YARA)
        shutil.copy(REPOSITORY / "docs/deploy/tamis.service", "/etc/systemd/system/tamis.service")
        print("    " + run("/usr/local/bin/tamis", "config", "check", "--config", "/etc/tamis/tamis.toml"))
        told = subprocess.run(["systemd-analyze", "verify", "/etc/systemd/system/tamis.service"], capture_output=True, text=True)
        assert told.returncode == 0 and "tamis" not in told.stderr, told.stderr
        run("systemctl", "enable", "--now", "tamis")
        wait_for("the service is ready", ready)
        self.sink.start()
        self.postfix.start()

    def send(self, subject="lunch", body="Hello Bob,\n\nsee you at noon.\n"):
        """Sends one message from outside; gives the reply, where Postfix asked for a retry as well."""
        with smtplib.SMTP("127.0.0.1", self.postfix.port, timeout=120) as smtp:
            smtp.ehlo("client.example")
            smtp.docmd("XCLIENT", "ADDR=198.51.100.7 NAME=client.example")
            smtp.ehlo("client.example")
            code, text = smtp.mail("ann@here.example")
            if code == 250:
                code, text = smtp.rcpt("bob@there.example")
            if code == 250:
                code, text = smtp.data(f"From: Ann <ann@here.example>\r\nSubject: {subject}\r\n\r\n".encode()
                                       + body.replace("\n", "\r\n").encode())
            return code, text.decode(errors="replace")

    def arrived(self, count):
        wait_for(f"{count} message(s) at the next hop", lambda: len(self.sink.messages()) >= count)
        time.sleep(0.2)
        found = self.sink.messages()
        self.sink.clear()
        assert len(found) == count, f"{len(found)} arrived, {count} expected"
        return found


def test_1_mail_is_filtered(it):
    code, text = it.send()
    assert code == 250, text
    message = it.arrived(1)[0]
    assert b"\nX-Tamis-Verdict: accept;" in message, message
    # A rule that stands in a file of ours, and one of the stock: both need YARA's machine code to run.
    for body, rule in (("these bytes are refused\n" * 3, "yara-from_the_folder"), (EICAR + "\n", "eicar")):
        code, text = it.send(body=body)
        assert code == 550 and "reference " in text, (code, text)
        reference = text.split("reference ")[1].rstrip(")")
        assert rule in wait_for("a log line", lambda: journal(f"id={reference} "))[0], journal(reference)
    owner = os.stat("/run/tamis/milter")
    print(f"    the socket's mode is {owner.st_mode & 0o777:o}; log and reference are in the journal")


def test_2_it_is_locked_in(it):
    pid = show("MainPID")
    status = dict(line.split(":\t", 1) for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line)
    user = run("id", "--user", "tamis")
    assert set(status["Uid"].split()) == {user}, status["Uid"]
    assert all(int(status[name], 16) == 0 for name in ("CapEff", "CapPrm", "CapBnd", "CapAmb")), status
    assert status["NoNewPrivs"] == "1" and status["Seccomp"] == "2", status

    def can(command):
        """Whether root could, in the mounts that the service sees."""
        return subprocess.run(["nsenter", "--target", pid, "--mount", "sh", "-c", command], capture_output=True).returncode == 0

    assert can("touch /run/tamis/x && rm /run/tamis/x") and can("touch /var/lib/tamis/x && rm /var/lib/tamis/x")
    for path in ("/etc/x", "/usr/local/bin/x", "/var/x", "/etc/tamis/x", "/proc/sys/kernel/hostname", "/root/x", "/var/lib/postfix/x"):
        assert not can(f"echo >{path}"), f"{path} can be written"
    assert not can("ls /root/* /home/*") and not can("test -e /dev/sda -o -e /dev/mem -o -e /dev/kmsg")
    assert not can(f"test -e {it.root}"), "/tmp is that of the others"
    # Its files: what is learned, and copies of quarantined mail, are its own and nobody else's.
    mail = b"From: a@one.example\r\nSubject: weekly figures\r\n\r\nThe weekly figures are in the usual folder.\r\n"
    assert json.loads(get("/learn?as=spam", mail))["result"] == "learned"
    learned = wait_for("what is learned is on disk", lambda: list(pathlib.Path("/var/lib/tamis").glob("learned*")))
    print(f"    no capability, seccomp on, read-only but for its folders; learns into {learned[0]}")
    print("    " + run("systemd-analyze", "security", "--no-pager", "tamis").splitlines()[-1].strip("→ "))


def test_3_reload(it):
    pid, before = show("MainPID"), len(journal("event=reloaded"))
    rules = pathlib.Path("/etc/tamis/rules/test.yar")
    rules.write_text(YARA.replace("are refused", "were refused"))
    run("systemctl", "reload", "tamis")
    wait_for("new rules", lambda: len(journal("event=reloaded")) > before)
    assert it.send(body="these bytes were refused\n")[0] == 550
    rules.write_text("rule broken {")
    run("systemctl", "reload", "tamis")
    wait_for("the mistake is told", lambda: journal("event=reload-failed"))
    assert it.send(body="these bytes were refused\n")[0] == 550
    rules.write_text(YARA)
    before = len(journal("event=reloaded"))
    wait_for("a changed file is enough", lambda: len(journal("event=reloaded")) > before)
    assert show("MainPID") == pid and show("NRestarts") == "0"


def test_4_stop_gives_answers(it):
    """Messages that are being looked at when the service is told to stop are answered; those that come later are deferred."""
    slow = "".join(f"Word{number} of a long letter, with http://example{number}.example/ in it.\n" for number in range(60_000))
    answers, times = [], []

    def send():
        answers.append(it.send(body=slow))
        times.append(time.time())

    threads = [threading.Thread(target=send) for _ in range(12)]
    [thread.start() for thread in threads]
    wait_for("messages are under way", lambda: len(times) >= 2)
    began = time.time()
    run("systemctl", "stop", "tamis")
    took = time.time() - began
    [thread.join() for thread in threads]
    codes = sorted(code for code, _ in answers)
    assert show("Result") == "success" and show("ExecMainStatus") == "0" and "killed" not in show("StatusText")
    assert journal("event=stopped") and took < 40, took
    assert not os.path.exists("/run/tamis"), "the socket's folder is still there"
    late = sum(when > began for when in times)
    assert set(codes) <= {250, 451} and late >= 2, (answers, late)
    it.arrived(codes.count(250))
    assert it.send()[0] == 451, "mail passes without the filter"
    run("systemctl", "start", "tamis")
    wait_for("the service is ready", ready)
    assert it.send()[0] == 250
    it.arrived(1)
    print(f"    stopped after {took:.1f} s; {late} of 12 messages were under way; {codes.count(250)} accepted, {codes.count(451)} deferred")


def test_5_it_comes_back_when_killed(it):
    # More often than systemd's usual limit of five starts in ten seconds.
    pids = set()
    for turn in range(7):
        pid = show("MainPID")
        pids.add(pid)
        os.kill(int(pid), signal.SIGKILL)
        wait_for("another process", lambda: show("MainPID") not in ("0", pid) and ready())
    code, text = it.send()
    assert code == 250 and len(pids) == 7 and int(show("NRestarts")) >= 7, (code, text, pids)
    it.arrived(1)
    print(f"    killed 7 times, restarted {show('NRestarts')} times")


def test_6_executable_pages(it):
    """MemoryDenyWriteExecute=yes: what happens with YARA, and without."""
    drop = pathlib.Path("/etc/systemd/system/tamis.service.d/test.conf")
    drop.parent.mkdir()
    drop.write_text("[Service]\nMemoryDenyWriteExecute=yes\nRestart=no\n")
    run("systemctl", "daemon-reload")
    run("systemctl", "restart", "tamis", check=False)
    time.sleep(3)
    ended = show("ActiveState"), show("Result"), show("ExecMainStatus")
    assert not ready(), "YARA runs without executable pages: the unit can be stricter"
    told = journal("MemoryDenyWriteExecute")
    assert told and ended == ("failed", "exit-code", "2"), (ended, journal()[-12:])
    print(f"    with YARA it ends, and says: {told[-1].strip()}")
    config = pathlib.Path("/etc/tamis/tamis.toml")
    config.write_text(CONFIG + "[yara]\nenabled = false\n")
    # YARA's rules stay out as well: what is asked for and cannot be done is a mistake.
    pathlib.Path("/etc/tamis/rules/test.yar").unlink()
    run("systemctl", "restart", "tamis")
    wait_for("the service is ready", ready)
    assert it.send()[0] == 250
    it.arrived(1)
    print("    with [yara] enabled = false: runs, filters")


def inside():
    it, failed = Inside(), 0
    tests = {"test_0_as_documented": Inside.install} | {name: test for name, test in globals().items() if name.startswith("test_")}
    try:
        for name, test in tests.items():
            began = time.time()
            try:
                test(it)
                print(f"{name}: ok ({time.time() - began:.1f} s)", flush=True)
            except Exception:
                failed += 1
                print(f"{name}: FAILED\n{traceback.format_exc()}--- the journal ends with\n" + "\n".join(journal()[-12:]), flush=True)
                if name == "test_0_as_documented":
                    break
    finally:
        it.postfix.stop()
    return 1 if failed else 0


def install():
    missing = {package for program, package in NEEDED.items() if not shutil.which(program) and not os.path.exists(program)}
    if missing:
        policy = pathlib.Path("/usr/sbin/policy-rc.d")
        if not policy.exists():
            policy.write_text("#!/bin/sh\nexit 101\n")
            policy.chmod(0o755)
        subprocess.run(["debconf-set-selections"], input="postfix postfix/main_mailer_type select No configuration\n",
                       text=True, check=True)
        subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *sorted(missing)],
                       env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, check=True, stdout=subprocess.DEVNULL)


class Container:
    """This system, once more: an overlay in memory, and in it only what a systemd needs."""

    def __init__(self, program, keep):
        self.program, self.keep = program, keep
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tamis-container-"))
        self.tree, self.process = self.folder / "tree", None

    def __enter__(self):
        try:
            run("mount", "-t", "tmpfs", "-o", "size=2g", "tamis", self.folder)
            for name in ("tree", "upper", "work"):
                (self.folder / name).mkdir()
            run("mount", "-t", "overlay", "overlay", "-o",
                f"lowerdir=/,upperdir={self.folder}/upper,workdir={self.folder}/work", self.tree)
            # Services of this machine have no business there.
            units = self.tree / "etc/systemd/system"
            shutil.rmtree(units)
            units.mkdir()
            (units / "default.target").symlink_to("/lib/systemd/system/multi-user.target")
            (self.tree / "etc/machine-id").write_text("")
            shutil.copy(self.program, self.tree / "usr/local/bin/tamis")
            with open(self.folder / "boot.log", "wb") as log:
                self.process = subprocess.Popen(
                    ["systemd-nspawn", "--boot", "--quiet", "--register=no", "--keep-unit", "--private-network",
                     f"--machine=tamis-{os.getpid()}", f"--directory={self.tree}"],
                    stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            wait_for("systemd is up", self.up, 120)
        except BaseException:
            if self.process:
                print((self.folder / "boot.log").read_text(errors="replace")[-3000:])
            self.__exit__()
            raise
        return self

    def leader(self):
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return next((it for it in children if pathlib.Path(f"/proc/{it}/comm").read_text().strip() == "systemd"), None)

    def enter(self, *words, **more):
        return subprocess.run(["nsenter", "--target", self.leader(), "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--root", "--wd=/",
                               *words], **more)

    def up(self):
        assert self.process.poll() is None, "systemd-nspawn ended"
        if not self.leader():
            return False
        state = self.enter("systemctl", "is-system-running", capture_output=True, text=True).stdout.strip()
        return state in ("running", "degraded")

    def __exit__(self, *_):
        if self.process and self.process.poll() is None:
            # Twice the signal that asks systemd-nspawn to end: politely, then at once.
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.keep:
            print(f"left: {self.folder}")
            return
        for folder in (self.tree, self.folder):
            subprocess.run(["umount", folder], capture_output=True)
        self.folder.rmdir()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    target = os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target")
    parser.add_argument("--tamis", default=f"{target}/release/tamis", help="the program [release build]")
    parser.add_argument("--keep", action="store_true", help="leaves the container's tree")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        return inside()
    if os.geteuid() != 0:
        print("containers need root", file=sys.stderr)
        return 2
    install()
    with Container(options.tamis, options.keep) as container:
        version = container.enter("systemctl", "--version", capture_output=True, text=True).stdout.split("\n")[0]
        print(f"{version}, as process 1 of a container", flush=True)
        code = container.enter(sys.executable, str(HERE), "--inside").returncode
    print("all passed" if code == 0 else "something failed")
    return code


if __name__ == "__main__":
    sys.exit(main())
