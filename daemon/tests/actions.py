"""Each action, inbound and outbound: swaks hands a message to Postfix, and what it is told, what arrives at smtp-sink, what Postfix
holds and what the log says are held against the table."""

import email, re, subprocess, time

from world import wait_for

OUTSIDE, INSIDE = "198.51.100.7", "192.0.2.7"

# The subject's last words, the action, the reply to the end of the message, and where it ends.
ACTIONS = [
    ("lunch", "accept", "250", "arrives"),
    ("tag me", "tag", "250", "arrives"),
    ("hold me", "quarantine", "250", "is held"),
    ("refuse me", "reject", "550 5.7.1", "is gone"),
    ("drop me", "discard", "250", "is gone"),
    ("come later", "defer", "451 4.7.1", "is gone"),
]


def prepare(world):
    rules = world.daemon.root / "rules"
    with open(rules / "test.toml", "a") as file:
        file.write('[rule.test-discard]\nwhat = "A test asks for it"\nwhy = "To see each action"\nin = "subject"\nany = ["drop me"]\n'
                   'hit = ["text: Subject: drop me"]\nmiss = ["text: Subject: hello"]\n')
    text = (rules / "scores.toml").read_text()
    (rules / "scores.toml").write_text(text.replace("cap = 100.0", "cap = 500.0") + "test-discard = 200.0\n")
    (world.daemon.root / "later.txt").write_text("later@here.example # asks for it\n")
    config = world.daemon.config.read_text()
    inbound = "[actions.inbound]\n"
    assert inbound in config
    limits = 'tag = 5.0\nquarantine = 10.0\nreject = 15.0\ndiscard = 100.0\nblock = "defer"\n'
    config = config.replace(inbound + "quarantine = 10.0\nreject = 15.0\n", inbound + limits + "[actions.outbound]\n" + limits)
    config += f'[lists.later]\nkind = "addresses"\neffect = "block"\npath = ["{world.daemon.root}/later.txt"]\n'
    world.daemon.config.write_text(config)


def swaks(world, subject, sender, client):
    """The last reply that the client saw before it said goodbye."""
    ran = subprocess.run(
        ["swaks", "--server", "127.0.0.1", "--port", str(world.postfix.port), "--ehlo", "client.example", "--from", sender,
         "--to", "bob@there.example", "--xclient", f"ADDR={client} NAME=client.example", "--header", f"Subject: {subject}",
         "--body", "Hello Bob,\nsee you at noon.\n", "--timeout", "60"],
        capture_output=True, text=True, timeout=90)
    replies = re.findall(r"^<(?:-|\*\*) +(\d\d\d[ -].*)$", ran.stdout, re.M)
    assert len(replies) > 5, ran.stdout + ran.stderr
    return replies[-2] if replies[-1].startswith("221") else replies[-1]


def test_every_action_both_ways(world):
    for client, direction in ((OUTSIDE, "inbound"), (INSIDE, "outbound")):
        for words, action, reply, ends in ACTIONS:
            world.sink.clear()
            on_hold = sum('"hold"' in line for line in world.postfix.queue())
            sender = "later@here.example" if action == "defer" else "ann@here.example"
            said = swaks(world, f"please {words}", sender, client)
            assert said.startswith(reply), (direction, action, said)
            line = wait_for("its log line", lambda: [line for line in world.daemon.lines(f"action={action} ")
                                                     if f"direction={direction} " in line])[-1]
            if action in ("reject", "defer"):
                # What the client is told leads to the log.
                reference = re.search(r"\(reference ([\w-]+)\)", said).group(1)
                assert f"id={reference} " in line, (said, line)
            if ends == "arrives":
                message = world.arrived(1)[0]
                is_tagged = action == "tag"
                assert message["X-Tamis-Verdict"].startswith(f"{action}; score="), message.items()
                assert message["X-Spam-Status"].startswith("Yes, score=" if is_tagged else "No, score="), message.items()
                assert (message["X-Spam-Flag"] == "YES") == is_tagged, message.items()
                assert message["Subject"] == ("[SPAM] " if is_tagged else "") + f"please {words}", message.items()
                assert "see you at noon." in message.get_payload()
            else:
                time.sleep(0.5)
                assert world.sink.messages() == [], (direction, action)
            held = sum('"hold"' in line for line in world.postfix.queue()) - on_hold
            assert held == (ends == "is held"), (direction, action, held)


test_every_action_both_ways.world = {"prepare": prepare}
