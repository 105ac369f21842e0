"""What single settings promise: the log without addresses, watching only, whom to believe, a full queue, the deadline, a folder
that cannot be written to; and none at all. Each with its opposite."""

import base64, io, json, shutil, subprocess, threading, time, zipfile

from loss import sendmail
from world import Daemon, connects, wait_for

OUTSIDE = "198.51.100.7"


def config(*changes):
    """Changes the configuration before the daemon reads it."""
    def prepare(world):
        text = world.daemon.config.read_text()
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new, 1)
        world.daemon.config.write_text(text)
    return prepare


class Bare(Daemon):
    """Without a configuration: `tamis serve --milter ...` and no more."""

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([self.program, "serve", "--milter", f"inet:127.0.0.1:{self.port}"], stderr=log,
                                            stdout=log, cwd=self.root, env={"HOME": str(self.root), "PATH": "/usr/bin:/bin"})
        wait_for("the daemon listens or ends", lambda: self.process.poll() is not None or connects(self.port), 60)
        assert self.process.poll() is None, "the daemon ended"


def test_no_configuration_at_all(world):
    (code, text), _ = world.send("lunch", client=OUTSIDE)
    assert code == 250, text
    message = world.arrived(1)[0]
    assert message["X-Tamis-Verdict"].startswith("accept; score="), message.items()
    line = wait_for("its log line", lambda: world.daemon.lines("event=message"))[0]
    assert "action=accept" in line and "from=ann@here.example" in line and "to=bob@there.example" in line, line
    # Stock rules count; those of a file that nobody named do not.
    (code, text), _ = world.send("please refuse me", client=OUTSIDE)
    assert code == 250, text
    # Nothing but the socket that was named.
    assert not connects(world.daemon.http)


test_no_configuration_at_all.world = {"daemon": Bare}

PRIVATE = ["ann@here.example", "bob@there.example", "ann@", "bob@", OUTSIDE, "harvest"]


def lines_of_some_mail(world):
    world.send("please tag me, harvest", client=OUTSIDE)
    world.send("please refuse me, harvest", client=OUTSIDE)
    world.send("harvest", client=OUTSIDE, login="ann@login.example")
    wait_for("three log lines", lambda: len(world.daemon.lines("event=message")) == 3)
    return "\n".join(world.daemon.lines(""))


def test_the_log_without_addresses(world):
    log = lines_of_some_mail(world)
    assert not [word for word in PRIVATE + ["login.example"] if word in log], log
    assert "action=reject" in log and "test-tag=7.0" in log and "recipients=1" in log and "queue_id=" in log, log


test_the_log_without_addresses.world = {"state": "[log]\nwithout_addresses = true"}


def test_the_log_with_addresses(world):
    log = lines_of_some_mail(world)
    assert all(word in log for word in ["from=ann@here.example", "to=bob@there.example", f"client={OUTSIDE}",
                                        "user=ann@login.example"]), log
    # What a message says is never there.
    assert "harvest" not in log, log


def test_monitor_only(world):
    for subject, action in [("please refuse me", "reject"), ("please hold me", "quarantine")]:
        world.sink.clear()
        (code, text), _ = world.send(subject, client=OUTSIDE)
        assert code == 250, text
        message = world.arrived(1)[0]
        assert message["X-Spam-Flag"] == "YES", message.items()
        line = world.daemon.lines("event=message")[-1]
        assert "action=tag" in line and f"unmonitored={action}" in line, line
    assert not world.postfix.queue()
    # The other direction is as it was.
    (code, text), _ = world.send("please refuse me", client="192.0.2.7")
    assert code == 550, text


test_monitor_only.world = {"prepare": config(("[actions.inbound]\n", "[actions.inbound]\nmonitor_only = true\n"))}


def reasons(world, server):
    world.sink.clear()
    (code, text), _ = world.send("lunch", client=OUTSIDE,
                                 extra=f"Authentication-Results: {server}; dmarc=fail header.from=here.example\n")
    assert code == 250, text
    return world.arrived(1)[0]["X-Tamis-Verdict"]


def dmarc_rule(world):
    config(("deadline_seconds", 'authserv_ids = ["mx.example"]\ndeadline_seconds'))(world)
    (world.root / "rules/auth.toml").write_text(
        '[rule.test-dmarc]\nwhat = "A server that is believed says so"\nwhy = "To see who is believed"\n'
        """when = 'auth.exists(a, a.method == "dmarc" && a.result == "fail")'\n""")
    with open(world.root / "rules/scores.toml", "a") as scores:
        scores.write("test-dmarc = 7.0\n")


def test_whom_to_believe(world):
    assert "test-dmarc" in reasons(world, "mx.example")
    for server in ["evil.example", "mx.example.evil.example", "evil.example (mx.example)"]:
        assert "test-dmarc" not in reasons(world, server), server


test_whom_to_believe.world = {"prepare": dmarc_rule}

LARGE = "All work and no play makes Jack a dull boy at http://site{n}.example/ today.\n"


def burst(world, count=24):
    """Many messages at once that take a while. Gives the codes they got, when what was accepted has arrived."""
    body = "".join(LARGE.format(n=n) for n in range(40_000))
    codes = []

    def run():
        (code, _), _ = world.send("lunch", client=OUTSIDE, body=body)
        codes.append(code)

    threads = [threading.Thread(target=run) for _ in range(count)]
    [it.start() for it in threads]
    [it.join() for it in threads]
    assert len(codes) == count
    wait_for("what was accepted arrives", lambda: len(world.sink.messages()) == codes.count(250), 60)
    time.sleep(0.5)
    assert len(world.sink.messages()) == codes.count(250)
    return codes


def test_a_full_queue_defers(world):
    codes = burst(world)
    deferred = len(world.daemon.lines("why=overload"))
    assert deferred == codes.count(451) > 0 and set(codes) == {250, 451}, (deferred, codes)
    assert all("action=defer" in line for line in world.daemon.lines("why=overload"))
    # Nobody gets past it without having been judged.
    assert all(b"X-Tamis-Verdict: accept; score=" in message for message in world.sink.messages())
    print(f"    {deferred} of {len(codes)} deferred")


test_a_full_queue_defers.world = {"more": "queue = 1", "prepare": config(("[milter]", "[scan]\nthreads = 1\n[milter]"))}


def test_a_queue_with_room_does_not(world):
    assert set(burst(world)) == {250} and not world.daemon.lines("why=overload")


test_a_queue_with_room_does_not.world = {"prepare": config(("[milter]", "[scan]\nthreads = 1\n[milter]"))}


def slow(world):
    """A message for which a scan takes long: with the limits that follow, seconds."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(40):
            archive.writestr(f"{number}.txt", f"{number} " + "All work and no play makes Jack a dull boy.\n" * 500_000)
    data = base64.encodebytes(file.getvalue()).decode()
    world.sink.clear()
    (code, text), _ = world.send(
        "lunch", client=OUTSIDE, extra="MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n",
        body=f"--x\nContent-Type: text/plain\n\nhello\n--x\nContent-Type: application/zip\n"
             f"Content-Disposition: attachment; filename=a.zip\nContent-Transfer-Encoding: base64\n\n{data}\n--x--\n")
    assert code == 250, text
    message = world.arrived(1)[0]
    return message, world.daemon.lines("event=message")[-1]


PATIENT = ("[milter]", "[scan]\nsteps = 200000000000\nunpacked_bytes = 4000000000\nratio = 1000000\n[milter]")
STRICT = ("[actions.inbound]\n", '[actions.inbound]\nincomplete = "tag"\n')


def test_the_deadline(world):
    message, line = slow(world)
    assert "why=verdict" in line and "deadline" in line.split("incomplete=")[1].split()[0], line
    assert "action=tag" in line and message["X-Spam-Flag"] == "YES", line
    print(f"    scan_ms={line.split('scan_ms=')[1].split()[0]}")
    # The next one has its own.
    world.sink.clear()
    world.send("lunch", client=OUTSIDE)
    assert world.arrived(1)[0]["X-Spam-Flag"] is None and "incomplete=" not in world.daemon.lines("event=message")[-1]


test_the_deadline.world = {"prepare": config(PATIENT, STRICT, ("deadline_seconds = 20", "deadline_seconds = 1"))}


def test_the_deadline_far_away(world):
    _, line = slow(world)
    assert "deadline" not in line, line


test_the_deadline_far_away.world = {"prepare": config(PATIENT, STRICT, ("deadline_seconds = 20", "deadline_seconds = 120"))}


def test_a_quarantine_folder_that_cannot_be_written_to(world):
    """Who is to be kept apart stays a recipient until the copy is there."""
    folder = world.root / "kept"
    aside = world.root / "aside"
    # Root may write anywhere: a file in the folder's place stops everybody.
    folder.rename(aside)
    folder.write_text("")
    (code, text), _ = world.send("please hold me", client=OUTSIDE)
    assert code == 451, (code, text)
    assert world.daemon.lines("event=quarantine-failed") and "action=defer" in world.daemon.lines("event=message")[-1]
    assert "kept=" not in world.daemon.lines("event=message")[-1]
    assert not world.sink.messages() and not world.postfix.queue()
    # Others do not notice.
    (code, text), _ = world.send("lunch", client=OUTSIDE)
    assert code == 250, text
    world.arrived(1)
    folder.unlink()
    aside.rename(folder)
    (code, text), _ = world.send("please hold me", client=OUTSIDE)
    assert code == 250 and "kept=1" in world.daemon.lines("event=message")[-1], text
    assert len(list(folder.glob("*.eml"))) == 1 and not world.postfix.queue() and len(world.sink.messages()) == 1


test_a_quarantine_folder_that_cannot_be_written_to.world = {"state": 'quarantine = "kept"'}


def test_recipients_that_differ_and_no_copy_can_be_written(world):
    """Mail of a local program: it waits, for all of them, until the copy for the one is there; then each gets what is due."""
    world.postfix.set(f"non_smtpd_milters = inet:127.0.0.1:{world.daemon.port}")
    folder, aside = world.root / "kept", world.root / "aside"
    folder.rename(aside)
    folder.write_text("")
    sendmail(world, "please hold me", "bob@there.example", "abuse@there.example")
    wait_for("a copy fails", lambda: world.daemon.lines("event=quarantine-failed"))
    time.sleep(1)
    assert not world.sink.messages()
    folder.unlink()
    aside.rename(folder)
    world.postfix.command("flush")
    wait_for("one arrives", lambda: world.sink.messages(), 60)
    time.sleep(1)
    messages = world.sink.messages()
    assert len(messages) == 1 and b"abuse@there.example" in messages[0] and b"<bob@there.example>" not in messages[0], messages
    assert [json.loads(it.read_text())["to"] for it in folder.glob("*.json")] == [["bob@there.example"]]


test_recipients_that_differ_and_no_copy_can_be_written.world = {"state": 'quarantine = "kept"'}


def test_users_with_models_of_their_own(world):
    """What Bob has to say counts for mail to Bob alone; mail to him and others is judged by the site's model."""
    def score(*to):
        world.sink.clear()
        (code, text), _ = world.send("weekly figures", to=to, client=OUTSIDE)
        assert code == 250, text
        return float(world.arrived(1)[0]["X-Spam-Score"])

    bob, carol = "bob@there.example", "carol@there.example"
    before = score(bob)
    raw = world.sink.messages()[0]
    raw = raw if isinstance(raw, bytes) else raw.as_bytes()
    learn = lambda word: json.loads(world.daemon.get(f"/learn?as={word}&user=Bob%2Bnews@there.example", raw))["result"]
    assert learn("spam") == "learned" and learn("spam") == "unchanged"
    assert score(bob) > before + 0.3, before
    assert abs(score(carol) - before) < 0.11 and abs(score(bob, carol) - before) < 0.11
    by = lambda user: json.loads(world.daemon.get(f"/scan?user={user}", raw))["bayes_score"]
    assert by(bob) > by(carol)
    assert learn("unknown") == "forgotten"
    assert abs(score(bob) - before) < 0.4
    # What cannot be read is said, and the site's model judges.
    (world.daemon.root / "users" / bob / "state").write_text("something")
    score(bob)
    wait_for("a warning", lambda: world.daemon.lines("event=user-model-failed"))


test_users_with_models_of_their_own.world = {"prepare": config(('learned = "learned"', 'learned = "learned"\nusers = "users"'))}


def report_addresses(world):
    """The transports of docs/learning.md."""
    learned = world.root / "learned"
    learned.mkdir()
    shutil.chown(learned, "nobody")
    # Where the program was built, nobody but its owner may have to be let in.
    program = shutil.copy(world.daemon.program, world.root / "tamis-of-all")
    with open(world.postfix.conf / "master.cf", "a") as file:
        for label in ("spam", "ham"):
            file.write(f"learn-{label} unix - n n - 1 pipe\n  flags=Rq user=nobody argv={program} learn {label} - "
                       f"--attached --source ${{sender}} --config {world.daemon.config}\n")
    with open(world.postfix.conf / "main.cf", "a") as file:
        file.write("transport_maps = inline:{report-spam@there.example=learn-spam: report-ham@there.example=learn-ham:}\n")


def test_users_report_by_mail(world):
    """What a user forwards as an attachment to an address is learned under his name, changed and taken back."""
    missed = "From: x@y.example\nSubject: cheap pills\n\nA free offer of cheap pills, today.\n"
    report = lambda to: world.send("Fwd: spam", to=(f"{to}@there.example",), client=OUTSIDE, extra="MIME-Version: 1.0\n"
                                   "Content-Type: multipart/mixed; boundary=b\n", body="--b\nContent-Type: text/plain\n\nPlease block this."
                                   f"\n--b\nContent-Type: message/rfc822\n\n{missed}\n--b--\n")
    command = lambda *words: subprocess.run([world.daemon.program, "learn", "--config", world.daemon.config, *words],
                                            capture_output=True, text=True).stdout
    (code, text), _ = report("report-spam")
    assert code == 250, text
    wait_for("it is learned", lambda: " spam " in command("--list"))
    listed = command("--list").split()
    assert len(listed) == 4 and listed[3] == "ann@here.example", listed
    report("report-ham")
    wait_for("it is learned as the other", lambda: " ham " in command("--list"))
    assert len(command("--list").splitlines()) == 1 and not world.sink.messages()
    assert "forgotten" in command("--forget-id", listed[0]) and command("--list") == ""


test_users_report_by_mail.world = {"prepare": report_addresses}


def test_learning_by_use(world):
    """Learned is what is clear without the model and what something speaks for; nothing that the model is sure is the opposite,
    and of one domain not much. All of it can be taken back at once."""
    command = lambda *words: subprocess.run([world.daemon.program, "learn", "--config", world.daemon.config, *words],
                                            capture_output=True, text=True).stdout
    words = lambda: sorted(line.split()[1] for line in command("--list").splitlines() if line.endswith(" use"))
    own = "192.0.2.7"
    world.send("lunch", client=own)
    wait_for("it is learned", lambda: words() == ["ham"])
    # Unlike the other: one that looks like ham is not learned as spam.
    pills = "Content-Type: text/html\nX-Mailer: Bulk 1.0\nReply-To: orders@pills.example\n"
    world.send("please refuse me, cheap pills", client=OUTSIDE, extra=pills, body="<h1>CHEAP PILLS</h1>order now, free offer\n")
    wait_for("both are learned", lambda: words() == ["ham", "spam"])
    # Nothing speaks for it, or against it.
    world.send("nothing clear", client=OUTSIDE)
    # One of ours whose account was taken over teaches nothing.
    offer = ("<html><body><font color=red size=5>FREE! Click here to make $5000 a week, guaranteed. Viagra, no prescription, order "
             "now! 100% risk free. To be removed from our mailing list click here.</font> <a href=\"http://203.0.113.4/order\">"
             "CLICK HERE</a></body></html>\n")
    world.send("Make money fast, FREE!!! Guaranteed", client=own, extra="MIME-Version: 1.0\nContent-Type: text/html\n", body=offer)
    # Sixty an hour are three of one domain.
    for number in range(5):
        world.send(f"lunch {number}", client=own)
    wait_for("three of one domain", lambda: words() == ["ham"] * 2 + ["spam"], 10)
    time.sleep(2)
    assert words() == ["ham"] * 2 + ["spam"], command("--list")
    ids = [word for line in command("--list").splitlines() for word in ("--forget-id", line.split()[0])]
    command(*ids)
    assert command("--list") == ""


test_learning_by_use.world = {"prepare": config(('learned = "learned"', 'learned = "learned"\nlearn_by_use = true'))}
