#!/usr/bin/env python3
"""Runs `tamis serve` behind a real Postfix, with smtp-sink as the next hop, and checks what arrives.

    daemon/tests/postfix.py [--tamis PROGRAM] [--mail FOLDER] [--only NAME] [--keep]

Needs root, since Postfix does; installs Postfix by apt-get where it is missing. Everything lives in one temporary folder and
on free ports of 127.0.0.1. Exit: 0 all passed, 1 something failed, 2 it cannot run here.
"""

import argparse, email, os, pathlib, pwd, shutil, signal, smtplib, socket, subprocess, sys, tempfile, threading, time, urllib.request

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
EICAR = "X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"

MAIN = """
compatibility_level = 3.6
queue_directory = {root}/queue
data_directory = {root}/data
mail_owner = postfix
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.example
mydestination =
relay_domains = static:all
relayhost = [127.0.0.1]:{sink}
smtp_dns_support_level = disabled
smtpd_peername_lookup = no
alias_maps =
alias_database =
local_recipient_maps =
mynetworks = 127.0.0.0/8
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
default_process_limit = 60
in_flow_delay = 0
smtp_line_length_limit = 0
line_length_limit = 1000000
disable_mime_output_conversion = yes
message_size_limit = 300000000
mailbox_size_limit = 0
queue_minfree = 0
minimal_backoff_time = 1s
maximal_backoff_time = 2s
queue_run_delay = 1s
maillog_file = {root}/log/mail.log
maillog_file_prefixes = {root}
smtpd_milters = {milter}
non_smtpd_milters =
milter_default_action = tempfail
milter_protocol = 6
smtpd_authorized_xclient_hosts = 127.0.0.0/8
"""

MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 1 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
showq unix n - n - - showq
postlog unix-dgram n - n - 1 postlogd
"""

CONFIG = """
[milter]
listen = ["{unix}", "{inet}"]
socket_mode = "0666"
reject_text = "No spam, please"
subject_prefix = "[SPAM]"
deadline_seconds = 20
{more}
[http]
listen = "inet:127.0.0.1:{http}"
[networks]
own = ["192.0.2.0/24"]
[rules]
paths = ["rules"]
[state]
watch_seconds = 1
[[recipients]]
name = "abuse desk"
for = ["abuse@there.example"]
reject = false
quarantine = false
"""

SCORES = """
[group.test]
what = "Tests"
cap = 100.0
[group.test.scores]
test-tag = 7.0
test-quarantine = 12.0
test-reject = 50.0
"""


def free_port():
    with socket.socket() as it:
        it.bind(("127.0.0.1", 0))
        return it.getsockname()[1]


def wait_for(what, test, seconds=30):
    end = time.time() + seconds
    while time.time() < end:
        value = test()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"{what}: not within {seconds} s")


def connects(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


class Daemon:
    def __init__(self, program, root, more=""):
        self.program, self.root = program, root
        self.unix, self.port, self.http = root / "milter.sock", free_port(), free_port()
        rules = root / "rules"
        rules.mkdir(exist_ok=True)
        names = {"tag": "tag me", "quarantine": "hold me", "reject": "refuse me"}
        (rules / "test.toml").write_text("".join(
            f"[rule.test-{name}]\nwhat = \"A test asks for it\"\nwhy = \"To see each action\"\nin = \"subject\"\nany = [\"{text}\"]\n"
            f"hit = [\"text: Subject: {text}\"]\nmiss = [\"text: Subject: hello\"]\n" for name, text in names.items()))
        (rules / "scores.toml").write_text(SCORES)
        self.config = root / "tamis.toml"
        self.config.write_text(CONFIG.format(unix=f"unix:{self.unix}", inet=f"inet:127.0.0.1:{self.port}",
                                             http=self.http, more=more)
                               .replace("[networks]", "[actions.inbound]\nquarantine = 10.0\nreject = 15.0\n[networks]"))
        self.log = root / "daemon.log"
        self.process = None

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([self.program, "serve", "--config", self.config], stderr=log, stdout=log)
        wait_for("the daemon listens or ends", lambda: self.process.poll() is not None or connects(self.http), 60)
        assert self.process.poll() is None, "the daemon ended"

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        code = self.process.wait(60)
        return code

    def get(self, path, data=None):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.http}{path}", data=data, timeout=60) as answer:
            return answer.read().decode()

    def lines(self, word):
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return [line for line in text.splitlines() if word in line]


class Postfix:
    def __init__(self, root, milter, sink):
        self.root, self.conf, self.port = root, root / "conf", free_port()
        for name in ["conf", "queue", "data", "log"]:
            (root / name).mkdir()
        owner = pwd.getpwnam("postfix")
        os.chown(root / "data", owner.pw_uid, owner.pw_gid)
        os.chmod(root, 0o755)
        (self.conf / "main.cf").write_text(MAIN.format(root=root, sink=sink, milter=milter))
        (self.conf / "master.cf").write_text(MASTER.format(port=self.port))

    def command(self, *words):
        return subprocess.run(["postfix", "-c", self.conf, *words], capture_output=True, text=True)

    def start(self):
        ran = self.command("start")
        assert ran.returncode == 0, ran.stderr + ran.stdout
        wait_for("Postfix listens", lambda: connects(self.port))

    def stop(self):
        self.command("stop")

    def set(self, *settings):
        subprocess.run(["postconf", "-c", self.conf, "-e", *settings], check=True)
        self.command("reload")
        time.sleep(1)

    def queue(self):
        ran = subprocess.run(["postqueue", "-c", self.conf, "-j"], capture_output=True, text=True)
        return [line for line in ran.stdout.splitlines() if line]

    def log(self):
        return (self.root / "log/mail.log").read_text(errors="replace")


class Sink:
    """smtp-sink, which writes each message that it takes into a file."""

    def __init__(self, root):
        self.folder, self.port, self.process = root / "sink", free_port(), None
        self.folder.mkdir()
        os.chmod(self.folder, 0o777)

    def start(self):
        self.process = subprocess.Popen(
            ["smtp-sink", "-u", "nobody", "-d", f"{self.folder}/%s.", f"127.0.0.1:{self.port}", "1000"])
        wait_for("smtp-sink listens", lambda: connects(self.port))

    def stop(self):
        self.process.terminate()
        self.process.wait()

    def messages(self):
        found = []
        for path in sorted(self.folder.iterdir()):
            data = path.read_bytes()
            # smtp-sink writes envelope and its own trace fields in front, and an empty line behind.
            found.append(data)
        return found

    def clear(self):
        for path in self.folder.iterdir():
            path.unlink()


class World:
    def __init__(self, program, keep, more=""):
        self.keep = keep
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="tamis-postfix-"))
        os.chmod(self.root, 0o755)
        self.daemon = Daemon(program, self.root, more)
        self.sink = Sink(self.root)
        self.postfix = Postfix(self.root / "postfix" if (self.root / "postfix").mkdir() is None else None,
                               f"inet:127.0.0.1:{self.daemon.port}", self.sink.port)

    def __enter__(self):
        try:
            self.sink.start()
            self.daemon.start()
            self.postfix.start()
        except BaseException:
            print("--- the daemon's log\n" + "\n".join(self.daemon.lines("")[-8:]))
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.postfix.stop()
        if self.daemon.process and self.daemon.process.poll() is None:
            self.daemon.stop()
        if self.sink.process:
            self.sink.stop()
        if not self.keep:
            shutil.rmtree(self.root)

    def send(self, subject, to=("bob@there.example",), client=None, extra="", body="Hello Bob,\n\nsee you at noon.\n",
             login=None):
        """Sends one message; gives the reply and the recipients that were refused."""
        message = (f"From: Ann <ann@here.example>\nTo: Bob <bob@there.example>\nSubject: {subject}\n"
                   f"Date: {email.utils.formatdate()}\nMessage-ID: {email.utils.make_msgid()}\n{extra}\n{body}")
        refused = {}
        with smtplib.SMTP("127.0.0.1", self.postfix.port, timeout=60) as smtp:
            smtp.ehlo("client.example")
            if client or login:
                words = [f"ADDR={client or '198.51.100.7'}", "NAME=client.example"] + ([f"LOGIN={login}"] if login else [])
                code, text = smtp.docmd("XCLIENT", " ".join(words))
                assert code == 220, text
                smtp.ehlo("client.example")
            smtp.mail("ann@here.example")
            for address in to:
                code, text = smtp.rcpt(address)
                if code != 250:
                    refused[address] = (code, text.decode())
            if len(refused) == len(to):
                return None, refused
            code, text = smtp.data(message.replace("\n", "\r\n").encode())
            return (code, text.decode()), refused

    def arrived(self, count):
        wait_for(f"{count} message(s) at the next hop", lambda: len(self.sink.messages()) >= count)
        time.sleep(0.2)
        found = self.sink.messages()
        assert len(found) == count, f"{len(found)} arrived, {count} expected"
        return [email.message_from_bytes(data) for data in found]


def test_each_action(world):
    outside = "198.51.100.7"
    (code, text), _ = world.send("lunch", client=outside)
    assert code == 250, text
    message = world.arrived(1)[0]
    assert message["X-Spam-Status"].startswith("No, score="), message["X-Spam-Status"]
    assert message["X-Tamis-Verdict"].startswith("accept; score="), message["X-Tamis-Verdict"]
    assert message["X-Spam-Flag"] is None and message["Subject"] == "lunch"
    world.sink.clear()

    (code, text), _ = world.send("please tag me", client=outside)
    assert code == 250, text
    message = world.arrived(1)[0]
    assert message["X-Spam-Flag"] == "YES" and message["Subject"] == "[SPAM] please tag me", message.items()
    assert "test-tag=7.0" in message["X-Tamis-Verdict"] and "test-tag" in message["X-Spam-Status"]
    world.sink.clear()

    (code, text), _ = world.send("please refuse me", client=outside)
    assert code == 550 and "5.7.1 No spam, please (reference " in text, (code, text)
    reference = text.split("reference ")[1].rstrip(")")
    line = wait_for("the log has the reference", lambda: world.daemon.lines(f"id={reference} "))[0]
    assert "action=reject" in line and "test-reject=" in line and "from=ann@here.example" in line, line

    (code, text), _ = world.send("please hold me", client=outside)
    assert code == 250, text
    held = wait_for("a message on hold", lambda: [line for line in world.postfix.queue() if '"hold"' in line])
    assert len(held) == 1
    assert "milter triggers HOLD action" in world.postfix.log()
    assert "test-quarantine=12.0" in world.daemon.lines("action=quarantine")[-1]
    assert world.sink.messages() == []


def test_outbound(world):
    for how in [{"client": "192.0.2.7"}, {"client": "198.51.100.7", "login": "ann"}]:
        world.sink.clear()
        # Mail that goes out is not marked, but held or refused.
        (code, text), _ = world.send("please tag me", **how)
        assert code == 250, text
        message = world.arrived(1)[0]
        assert message["X-Spam-Flag"] is None and message["Subject"] == "please tag me", message.items()
        line = world.daemon.lines("event=message")[-1]
        assert "direction=outbound" in line and ("user=ann" in line) == ("login" in how), line
        (code, text), _ = world.send("please refuse me", **how)
        assert code == 550, text


def test_forged_fields_go(world):
    extra = "X-Spam-Flag: NO\nx-spam-status: No, forged\nX-Tamis-Verdict: accept; forged\nX-Tamis-Verdict: twice\nX-Other: stays\n"
    (code, text), _ = world.send("lunch", client="198.51.100.7", extra=extra)
    assert code == 250, text
    message = world.arrived(1)[0]
    assert len(message.get_all("X-Tamis-Verdict")) == 1 and len(message.get_all("X-Spam-Status")) == 1
    assert message["X-Spam-Flag"] is None and "forged" not in str(message) and message["X-Other"] == "stays"


def test_recipients_that_differ(world):
    (code, text), refused = world.send("please refuse me", client="198.51.100.7",
                                       to=("bob@there.example", "abuse@there.example"))
    assert code == 550 and refused["abuse@there.example"][0] == 452, (code, refused)
    (code, text), refused = world.send("please refuse me", client="198.51.100.7", to=("abuse@there.example",))
    assert code == 250 and not refused
    message = world.arrived(1)[0]
    assert message["X-Spam-Flag"] == "YES"


def test_a_virus_is_refused(world):
    extra = "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n"
    body = f"--x\nContent-Type: text/plain\n\nhello\n--x\nContent-Type: application/octet-stream\nContent-Disposition: attachment; filename=a.com\n\n{EICAR}\n--x--\n"
    (code, text), _ = world.send("lunch", client="198.51.100.7", extra=extra, body=body)
    assert code == 550, text


def test_reload(world):
    rules = world.daemon.root / "rules/test.toml"
    good = rules.read_text()
    before = len(world.daemon.lines("event=reloaded"))
    rules.write_text(good.replace("tag me", "mark me"))
    wait_for("the new rules are in place", lambda: len(world.daemon.lines("event=reloaded")) > before)
    world.send("please mark me", client="198.51.100.7")
    assert world.arrived(1)[0]["X-Spam-Flag"] == "YES"
    # A broken file leaves what was there.
    rules.write_text("[rule.broken\n")
    wait_for("the mistake is told", lambda: world.daemon.lines("event=reload-failed"))
    assert "test.toml" in world.daemon.lines("event=reload-failed")[-1]
    world.sink.clear()
    world.send("please mark me", client="198.51.100.7")
    assert world.arrived(1)[0]["X-Spam-Flag"] == "YES"
    assert 'tamis_reloads_total{result="failed"}' in world.daemon.get("/metrics")
    rules.write_text(good)
    count = len(world.daemon.lines("event=reloaded"))
    world.daemon.process.send_signal(signal.SIGHUP)
    wait_for("SIGHUP reads it", lambda: len(world.daemon.lines("event=reloaded")) > count)


def test_http(world):
    assert world.daemon.get("/health") == "alive\n" and world.daemon.get("/ready") == "ready\n"
    verdict = world.daemon.get("/scan", f"Subject: x\r\n\r\n{EICAR}".encode())
    assert '"type":"verdict"' in verdict.replace(" ", ""), verdict
    world.send("lunch", client="198.51.100.7")
    metrics = world.daemon.get("/metrics")
    assert 'tamis_messages_total{action="accept",direction="inbound",why="verdict"}' in metrics, metrics


def test_the_daemon_away(world):
    """Without it mail is deferred by Postfix, never lost and never let through."""
    world.daemon.stop(signal.SIGKILL)
    with smtplib.SMTP("127.0.0.1", world.postfix.port, timeout=60) as smtp:
        code, text = smtp.ehlo("client.example") if smtp.sock else (0, b"")
        code, text = smtp.mail("ann@here.example")
        if code == 250:
            code, text = smtp.rcpt("bob@there.example")
        if code == 250:
            code, text = smtp.data(b"Subject: x\r\n\r\ny\r\n")
        assert 400 <= code < 500, (code, text)
    world.daemon.start()
    (code, text), _ = world.send("lunch", client="198.51.100.7")
    assert code == 250, text


def test_nonsense_harms_nobody(world):
    """Random bytes, half packets, silence: other sessions go on."""
    import random
    pick = random.Random(7)
    idle = []
    for number in range(300):
        it = socket.create_connection(("127.0.0.1", world.daemon.port))
        if number % 3 == 0:
            it.sendall(pick.randbytes(pick.randint(1, 4000)))
            it.close()
        elif number % 3 == 1:
            it.sendall(b"\0\0\0\x0dO\0\0\0\x06\0\0\x01\xff\0\x1f\xff\xff\0\0\xff\xffB" + b"x" * pick.randint(0, 60000))
            idle.append(it)
        else:
            idle.append(it)
    (code, text), _ = world.send("lunch", client="198.51.100.7")
    assert code == 250, text
    for it in idle:
        it.close()
    assert world.daemon.process.poll() is None
    world.arrived(1)


def real_mail(folder, count):
    paths = sorted(path for path in pathlib.Path(folder).rglob("*") if path.is_file())
    step = max(1, len(paths) // count)
    return paths[::step][:count]


def deliver(world, paths, at_once, patient=False):
    """Sends files as they are. Gives for each the code of the answer; with patience, again and again until it is final."""
    codes, lock, work = {}, threading.Lock(), list(enumerate(paths))

    def run():
        while True:
            with lock:
                if not work:
                    return
                number, path = work.pop()
            body = path.read_bytes().replace(b"\r\n", b"\n")
            if body.startswith(b"From "):
                body = body.split(b"\n", 1)[1]
            body = f"X-Test-Number: {number}\n".encode() + body
            while True:
                try:
                    with smtplib.SMTP("127.0.0.1", world.postfix.port, timeout=120) as smtp:
                        smtp.ehlo("client.example")
                        smtp.docmd("XCLIENT", "ADDR=198.51.100.7 NAME=client.example")
                        smtp.ehlo("client.example")
                        code, _ = smtp.mail("ann@here.example")
                        if code == 250:
                            code, _ = smtp.rcpt("bob@there.example")
                        if code == 250:
                            code, _ = smtp.data(body.replace(b"\n", b"\r\n"))
                except (smtplib.SMTPException, OSError):
                    code = 421
                if not patient or code < 400 or code >= 500:
                    break
                time.sleep(0.3)
            codes[number] = code

    threads = [threading.Thread(target=run) for _ in range(at_once)]
    [it.start() for it in threads]
    [it.join() for it in threads]
    return codes


def numbers(world):
    found = []
    for message in world.sink.messages():
        found += [int(line.split(b":")[1]) for line in message.splitlines() if line.startswith(b"X-Test-Number:")]
    return sorted(found)


def held(world):
    return sum('"hold"' in line for line in world.postfix.queue())


def test_real_mail_arrives_whole(world, mail, count):
    paths = real_mail(mail, count)
    codes = deliver(world, paths, 20)
    accepted = sorted(number for number, code in codes.items() if code == 250)
    wait_for("all arrive", lambda: len(world.sink.messages()) + held(world) >= len(accepted), 120)
    arrived = numbers(world)
    assert len(set(arrived)) == len(arrived), "some arrived twice"
    assert len(arrived) + held(world) == len(accepted), (len(arrived), held(world), len(accepted))
    assert not any(400 <= code < 500 for code in codes.values()), "some were deferred"
    # Bodies unchanged to the byte.
    for data in world.sink.messages():
        number = int([line for line in data.splitlines() if line.startswith(b"X-Test-Number:")][0].split(b":")[1])
        sent = paths[number].read_bytes().replace(b"\r\n", b"\n")
        if sent.startswith(b"From "):
            sent = sent.split(b"\n", 1)[1]
        # What stands behind the first empty line, but for the line ends of SMTP and the last line break.
        if b"\n\n" in sent and b"\r" not in sent:
            body = sent.split(b"\n\n", 1)[1].rstrip(b"\n")
            got = data.replace(b"\r\n", b"\n").split(b"\n\n", 1)[1].rstrip(b"\n")
            assert got == body, f"{paths[number].name}: the body was changed"
    print(f"    {len(paths)} sent, {len(accepted)} accepted, {len(arrived)} arrived, {held(world)} on hold")


def test_nothing_is_lost_when_killed(world, mail, count):
    paths = real_mail(mail, count)
    done = threading.Event()
    kills = [0]

    def killer():
        # Soon once, so that it happens in the middle of even a short run.
        while not done.wait(1.5 if kills[0] else 0.3):
            world.daemon.stop(signal.SIGKILL)
            world.daemon.start()
            kills[0] += 1

    thread = threading.Thread(target=killer)
    thread.start()
    codes = deliver(world, paths, 20, patient=True)
    done.set()
    thread.join()
    accepted = sum(code == 250 for code in codes.values())
    wait_for("all arrive", lambda: len(world.sink.messages()) + held(world) >= accepted, 120)
    arrived = numbers(world)
    assert len(set(arrived)) == len(arrived), "some arrived twice"
    assert len(arrived) + held(world) == accepted, (len(arrived), held(world), accepted)
    assert kills[0] > 0, "the daemon was never killed: send more"
    print(f"    {len(paths)} sent, {accepted} accepted, {len(arrived)} arrived, killed {kills[0]} times")


def test_nothing_is_lost_while_reloading(world, mail, count):
    paths = real_mail(mail, count)
    rules = world.daemon.root / "rules/test.toml"
    good, done = rules.read_text(), threading.Event()

    def reloader():
        turn = 0
        while not done.wait(0.1):
            turn += 1
            rules.write_text(good if turn % 2 else good + "[broken")
            world.daemon.process.send_signal(signal.SIGHUP)

    thread = threading.Thread(target=reloader)
    thread.start()
    codes = deliver(world, paths, 20)
    done.set()
    thread.join()
    rules.write_text(good)
    accepted = sum(code == 250 for code in codes.values())
    assert not any(400 <= code < 500 for code in codes.values()), "some were deferred"
    wait_for("all arrive", lambda: len(world.sink.messages()) + held(world) >= accepted, 120)
    arrived = numbers(world)
    assert len(arrived) == len(set(arrived)) and len(arrived) + held(world) == accepted
    reloads, failed = (len(world.daemon.lines(f"event={it}")) for it in ["reloaded", "reload-failed"])
    assert reloads > 0 and failed > 0 and not world.daemon.lines("event=session-broken")
    print(f"    {len(paths)} sent, {accepted} accepted, {len(arrived)} arrived, {reloads} reloads, {failed} of broken rules")


def test_stop_waits_for_answers(world):
    for _ in range(5):
        world.send("lunch", client="198.51.100.7")
    assert world.daemon.stop() == 0
    assert world.daemon.lines("event=stopped")
    assert not world.daemon.unix.exists(), "the socket is still there"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    target = os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target")
    parser.add_argument("--tamis", default=f"{target}/release/tamis", help="the program [release build]")
    parser.add_argument("--mail", default=os.path.expanduser("~/.cache/tamis-corpora/spamassassin"))
    parser.add_argument("--count", type=int, default=300, help="messages of each run of real mail [300]")
    parser.add_argument("--only", help="tests whose names have this in them")
    parser.add_argument("--keep", action="store_true", help="leaves the temporary folders")
    options = parser.parse_args()
    if os.geteuid() != 0:
        print("Postfix needs root", file=sys.stderr)
        return 2
    if not shutil.which("postfix") or not shutil.which("smtp-sink"):
        policy = pathlib.Path("/usr/sbin/policy-rc.d")
        if not policy.exists():
            policy.write_text("#!/bin/sh\nexit 101\n")
            policy.chmod(0o755)
        subprocess.run(["debconf-set-selections"], input="postfix postfix/main_mailer_type select No configuration\n",
                       text=True, check=True)
        subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", "postfix"],
                       env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, check=True, stdout=subprocess.DEVNULL)
    failed = 0
    for name, test in sorted(globals().items()):
        if not name.startswith("test_") or (options.only and options.only not in name):
            continue
        words = (options.mail, options.count) if test.__code__.co_argcount == 3 else ()
        if words and not os.path.isdir(options.mail):
            print(f"{name}: passed over, {options.mail} is not there (corpus/fetch.sh)")
            failed += os.environ.get("TAMIS_REQUIRE_CORPUS") == "1"
            continue
        begun = time.time()
        try:
            with World(options.tamis, options.keep) as world:
                try:
                    test(world, *words)
                except Exception:
                    print(f"--- {name}: the daemon's log ends with\n" + "\n".join(world.daemon.lines("")[-8:]))
                    print("--- Postfix's log ends with\n" + "\n".join(world.postfix.log().splitlines()[-8:]))
                    raise
            print(f"{name}: ok ({time.time() - begun:.1f} s)", flush=True)
        except Exception as error:
            failed += 1
            print(f"{name}: FAILED: {type(error).__name__}: {error}", flush=True)
    print("all passed" if not failed else f"{failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
