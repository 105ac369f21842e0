#!/usr/bin/env python3
"""Runs `tamis serve` behind a real Postfix, with smtp-sink as the next hop, and checks what arrives.

    daemon/tests/postfix.py [--tamis PROGRAM] [--mail FOLDER] [--only NAME] [--keep]

Needs root, since Postfix does; installs Postfix by apt-get where it is missing. Everything lives in one temporary folder and
on free ports of 127.0.0.1. Exit: 0 all passed, 1 something failed, 2 it cannot run here.
"""

import argparse, json, os, pathlib, shutil, signal, smtplib, subprocess, sys, time, urllib.error, urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import actions, clients, example, loss, settings
from world import REPOSITORY, World, wait_for

EICAR = "X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


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
    # As filters of users look for it.
    assert all(line in world.sink.messages()[0] for line in [b"\nX-Spam-Flag: YES\n", b"\nSubject: [SPAM] please"]), world.sink.messages()
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


def test_learning_over_http(world):
    """What is taught counts within a second or two, for mail as well, and can be taken back."""
    mail = b"From: a@one.example\r\nSubject: weekly figures\r\n\r\nThe weekly figures are in the usual folder.\r\n"
    score = lambda: json.loads(world.daemon.get("/scan", mail))["bayes_score"]
    learn = lambda word: json.loads(world.daemon.get(f"/learn?as={word}", mail))["result"]
    before = score()
    assert learn("spam") == "learned" and learn("spam") == "unchanged"
    wait_for("what was learned counts", lambda: score() > before + 0.1, 20)
    assert learn("ham") == "relabelled"
    wait_for("it counts the other way round", lambda: score() < before, 20)
    assert learn("unknown") == "forgotten"
    wait_for("it is forgotten", lambda: abs(score() - before) < 0.5, 20)
    assert 'tamis_learned_total{result="learned"} 1' in world.daemon.get("/metrics")
    for path, status in (("/learn", 400), ("/learn?as=junk", 400)):
        try:
            world.daemon.get(path, mail)
            raise AssertionError(path)
        except urllib.error.HTTPError as error:
            assert error.code == status


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


def test_stop_waits_for_answers(world):
    for _ in range(5):
        world.send("lunch", client="198.51.100.7")
    assert world.daemon.stop() == 0
    assert world.daemon.lines("event=stopped")
    assert not world.daemon.unix.exists(), "the socket is still there"


# Programs that tests need, and Debian's packages with them.
NEEDED = {"postfix": "postfix", "swaks": "swaks", "smtp-sink": "postfix", "miltertest": "miltertest", "cc": "gcc", "pkg-config": "pkg-config",
          "/usr/include/libmilter/mfapi.h": "libmilter-dev"}


def install():
    missing = {package for program, package in NEEDED.items() if not shutil.which(program) and not os.path.exists(program)}
    if not missing:
        return
    policy = pathlib.Path("/usr/sbin/policy-rc.d")
    if not policy.exists():
        policy.write_text("#!/bin/sh\nexit 101\n")
        policy.chmod(0o755)
    subprocess.run(["debconf-set-selections"], input="postfix postfix/main_mailer_type select No configuration\n",
                   text=True, check=True)
    subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *sorted(missing)],
                   env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, check=True, stdout=subprocess.DEVNULL)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    target = os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target")
    parser.add_argument("--tamis", default=f"{target}/release/tamis", help="the program [release build]")
    parser.add_argument("--mail", default=os.path.expanduser("~/.cache/tamis-corpora/spamassassin"))
    parser.add_argument("--count", type=int, default=300, help="messages of each run of real mail [300]")
    parser.add_argument("--only", help="tests whose names have one of these words, with commas between, in them")
    parser.add_argument("--keep", action="store_true", help="leaves the temporary folders")
    options = parser.parse_args()
    if os.geteuid() != 0:
        print("Postfix needs root", file=sys.stderr)
        return 2
    install()
    failed = 0
    tests = {**globals(), **vars(actions), **vars(example), **vars(loss), **vars(clients), **vars(settings)}
    for name, test in sorted(tests.items()):
        if not name.startswith("test_") or (options.only and not any(word in name for word in options.only.split(","))):
            continue
        words = (options.mail, options.count) if test.__code__.co_argcount == 3 else ()
        if words and not os.path.isdir(options.mail):
            print(f"{name}: passed over, {options.mail} is not there (corpus/fetch.sh)")
            failed += os.environ.get("TAMIS_REQUIRE_CORPUS") == "1"
            continue
        begun = time.time()
        try:
            with World(options.tamis, options.keep, **getattr(test, "world", {})) as world:
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
