"""What tests of the daemon stand in: the daemon, a Postfix of its own in front of it, smtp-sink as the next hop. All of it in
one temporary folder and on free ports of 127.0.0.1."""

import email, os, pathlib, pwd, shutil, signal, smtplib, socket, subprocess, tempfile, time, urllib.request

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]

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
[bayes]
learned = "learned"
[state]
watch_seconds = 1
{state}
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
    def __init__(self, program, root, more="", state=""):
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
                                             http=self.http, more=more, state=state)
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
    def __init__(self, program, keep, more="", state="", daemon=Daemon, prepare=None):
        self.keep, self.mounts = keep, []
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="tamis-postfix-"))
        os.chmod(self.root, 0o755)
        self.daemon = daemon(program, self.root, more, state)
        self.sink = Sink(self.root)
        self.postfix = Postfix(self.root / "postfix" if (self.root / "postfix").mkdir() is None else None,
                               f"inet:127.0.0.1:{self.daemon.port}", self.sink.port)

        if prepare:
            prepare(self)

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
        for folder in self.mounts:
            subprocess.run(["umount", folder], check=True)
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
