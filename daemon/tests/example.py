"""The C example of libtamis (capi/examples/milter.c) in the daemon's place: built against an installed library, as its first
lines say, behind the same Postfix."""

import os, subprocess, time

from world import REPOSITORY, Daemon, connects, wait_for

EXAMPLE_CONFIG = """
[rules]
paths = ["{root}/rules"]
[scan]
message_bytes = 65536
[actions.inbound]
quarantine = 10.0
reject = 15.0
incomplete = "defer"
"""


class Example(Daemon):
    def build(self):
        prefix, program = self.root / "installed", self.root / "tamis-milter"
        built = os.path.dirname(os.path.realpath(self.program))
        subprocess.run([REPOSITORY / "capi/install.sh", prefix], env={**os.environ, "TAMIS_BUILT": built}, check=True,
                       stdout=subprocess.DEVNULL)
        found = {**os.environ, "PKG_CONFIG_PATH": f"{prefix}/lib/pkgconfig"}
        flags = subprocess.run(["pkg-config", "--cflags", "--libs", "tamis"], env=found, check=True, capture_output=True,
                               text=True).stdout.split()
        subprocess.run(["cc", REPOSITORY / "capi/examples/milter.c", *flags, f"-Wl,-rpath,{prefix}/lib", "-lmilter", "-lpthread",
                        "-o", program], check=True)
        return program

    def start(self):
        self.config.write_text(EXAMPLE_CONFIG.format(root=self.root))
        program = self.build()
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([program, f"inet:{self.port}@127.0.0.1", self.config], stderr=log, stdout=log)
        wait_for("the example listens or ends", lambda: self.process.poll() is not None or connects(self.port), 60)
        assert self.process.poll() is None, "the example ended"


def test_the_example_in_c(world):
    outside = "198.51.100.7"
    (code, text), _ = world.send("lunch", client=outside, extra="X-Spam-Flag: YES\nX-Spam-Status: forged\n")
    assert code == 250, text
    message = world.arrived(1)[0]
    assert message.get_all("X-Spam-Status") == ["accept, nothing found"] or "forged" not in str(message), message.items()
    assert message["X-Spam-Flag"] is None and message["X-Spam-Status"].startswith("accept"), message.items()
    world.sink.clear()
    (code, text), _ = world.send("please tag me", client=outside)
    assert code == 250, text
    message = world.arrived(1)[0]
    assert message["X-Spam-Flag"] == "YES" and "test-tag" in message["X-Spam-Status"], message.items()
    world.sink.clear()
    (code, text), _ = world.send("please refuse me", client=outside)
    assert code == 550 and "reference " in text, (code, text)
    reference = text.split("reference ")[1].rstrip(").\n")
    assert any("reject" in line and "test-reject" in line for line in world.daemon.lines(reference)), reference
    (code, text), _ = world.send("please hold me", client=outside)
    assert code == 250, text
    wait_for("a message on hold", lambda: [line for line in world.postfix.queue() if '"hold"' in line])
    # Larger than what is read of it, and such is deferred here.
    (code, text), _ = world.send("lunch", client=outside, body="and so on\n" * 10_000)
    assert code == 451, (code, text)
    assert world.sink.messages() == []


test_the_example_in_c.world = {"daemon": Example}
