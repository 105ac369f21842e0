"""Clients that mean ill or are broken: stalls, drops, floods, nonsense. Memory stays bounded, and others do not notice."""

import pathlib, random, socket, subprocess, threading, time

from world import REPOSITORY, wait_for

HELLO = b"\0\0\0\x0dO\0\0\0\x06\0\0\x01\xff\0\x1f\xff\xff"


def packet(letter, data=b""):
    return (len(data) + 1).to_bytes(4, "big") + letter + data


def session(subject=b"lunch"):
    """What a mail server sends for one message, packet by packet, without its end."""
    return [
        HELLO, packet(b"D", b"Cj\0mx.example\0"), packet(b"C", b"client.example\x004\x04\xd2198.51.100.7\0"),
        packet(b"H", b"client.example\0"), packet(b"M", b"<ann@here.example>\0"), packet(b"R", b"<bob@there.example>\0"),
        packet(b"L", b"Subject\0 " + subject + b"\0"), packet(b"N"), packet(b"B", b"Hello Bob\r\n"),
    ]


def connect(world):
    it = socket.create_connection(("127.0.0.1", world.daemon.port), 60)
    it.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return it


def replies(it):
    """Packets that come, one by one, until the other side closes."""
    data = b""
    while True:
        while len(data) >= 4 and len(data) >= 4 + int.from_bytes(data[:4], "big"):
            length = int.from_bytes(data[:4], "big")
            yield data[4:4 + length]
            data = data[4 + length:]
        more = it.recv(65536)
        if not more:
            return
        data += more


def peak_mb(world, what="VmHWM"):
    for line in pathlib.Path(f"/proc/{world.daemon.process.pid}/status").read_text().splitlines():
        if line.startswith(what):
            return int(line.split()[1]) / 1024


class Probe:
    """Honest mail through Postfix while something happens. Every message must be taken."""

    def __init__(self, world):
        self.world, self.done, self.codes = world, threading.Event(), []

    def __enter__(self):
        self.thread = threading.Thread(target=self.run)
        self.thread.start()
        return self

    def run(self):
        while not self.done.is_set():
            try:
                (code, text), _ = self.world.send("lunch", client="198.51.100.7")
            except Exception as error:
                code = repr(error)
            self.codes.append(code)
            self.done.wait(0.1)

    def __exit__(self, *_):
        self.done.set()
        self.thread.join()
        assert self.codes and set(self.codes) == {250}, f"honest mail suffered: {self.codes}"


def test_clients_that_break_off_in_each_state(world):
    whole = session() + [packet(b"E")]
    with Probe(world):
        for count in range(len(whole) + 1):
            for cut in (0, 3):
                it = connect(world)
                data = b"".join(whole[:count])
                it.sendall(data + whole[min(count, len(whole) - 1)][:cut])
                if cut == 0:
                    # Reset, not a polite end.
                    it.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                it.close()
    wait_for("their sessions are gone", lambda: "tamis_sessions 0\n" in world.daemon.get("/metrics"))


def test_five_hundred_sessions_that_stall(world):
    before, held = peak_mb(world, "VmRSS"), []
    for number in range(500):
        it = connect(world)
        whole = session()
        it.sendall(b"".join(whole[:number % (len(whole) + 1)]) + (whole[1][:5] if number % 2 else b""))
        held.append(it)
    wait_for("500 sessions", lambda: "tamis_sessions 500\n" in world.daemon.get("/metrics"))
    with Probe(world):
        # One byte a second is more than nothing, and no packet: they are closed with the rest.
        drops = held[1::50]
        for second in range(12):
            for it in drops:
                try:
                    it.sendall(b"\0")
                except OSError:
                    pass
            time.sleep(1)
    grown = peak_mb(world) - before
    assert grown < 500 * 0.2, f"500 sessions took {grown:.0f} MB"
    wait_for("all are closed", lambda: "tamis_sessions 0\n" in world.daemon.get("/metrics"))
    assert world.daemon.lines("no whole packet in 8 seconds")
    for it in held:
        it.close()
    print(f"    500 sessions took {grown:.1f} MB")


test_five_hundred_sessions_that_stall.world = {"more": "idle_seconds = 8"}


def test_messages_of_200_mb(world):
    """Four at once: what is kept of all of them stays within milter.memory_bytes; who gets no room is told to come again."""
    before = peak_mb(world)
    ready, answers, chunk = threading.Barrier(4), [], packet(b"B", b"All work and no play makes Jack a dull boy. " * 1480 + b"\r\n")

    def send():
        it = connect(world)
        for piece in session()[:-1]:
            it.sendall(piece)
        # Rude: goes on after having been told that the rest is not wanted.
        got = []
        reader = threading.Thread(target=lambda: got.extend(replies(it)))
        reader.start()
        for _ in range(200_000_000 // len(chunk)):
            it.sendall(chunk)
        ready.wait()
        it.sendall(packet(b"E"))
        time.sleep(0.1)
        wait_for("an answer", lambda: got and got[-1][:1] in b"acdrty" and (got[-1][:1] == b"y" or any(it[:1] == b"h" for it in got)), 120)
        answers.append(got[-1])
        it.sendall(packet(b"Q"))
        reader.join()
        it.close()

    with Probe(world):
        threads = [threading.Thread(target=send) for _ in range(4)]
        [it.start() for it in threads]
        [it.join() for it in threads]
    grown = peak_mb(world) - before
    refused = sum(it.startswith(b"y451") for it in answers)
    assert len(answers) == 4 and refused >= 3, answers
    assert grown < 350, f"{grown:.0f} MB for messages, of which 80 may be kept"
    assert world.daemon.lines("why=overload")
    print(f"    {refused} of 4 deferred; {grown:.0f} MB more at its peak")


test_messages_of_200_mb.world = {"more": "memory_bytes = 80000000"}


def test_packets_of_random_bytes(world):
    pick = random.Random(7)
    before = peak_mb(world)
    with Probe(world):
        for number in range(1500):
            it = connect(world)
            it.settimeout(0.001)
            try:
                if number % 3 == 0:
                    it.sendall(pick.randbytes(pick.randint(1, 4000)))
                else:
                    # Packets that are well formed, in any order, with any content; or a session with bytes changed.
                    pieces = [packet(bytes([pick.choice(b"OCDHMRTLNBEAKQU?")]), pick.randbytes(pick.randint(0, 80)))
                              for _ in range(20)] if number % 3 == 1 else session() + [packet(b"E")]
                    data = bytearray(HELLO + b"".join(pieces))
                    for _ in range(0 if number % 3 == 1 else 5):
                        data[pick.randrange(17, len(data))] = pick.randrange(256)
                    it.sendall(data)
                it.recv(65536)
            except OSError:
                pass
            it.close()
    assert world.daemon.process.poll() is None
    grown = peak_mb(world) - before
    assert grown < 150, f"{grown:.0f} MB"
    broken = world.daemon.lines("event=session-broken")
    assert 0 < len(broken) <= 120, f"{len(broken)} warnings"


def test_http_takes_one_way_of_writing_a_request(world):
    def ask(*pieces, pause=0.0):
        with socket.create_connection(("127.0.0.1", world.daemon.http), 60) as it:
            for piece in pieces:
                it.sendall(piece)
                time.sleep(pause)
            data = b""
            while more := it.recv(65536):
                data += more
        return data

    get = b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n"
    assert ask(get).startswith(b"HTTP/1.1 200") and ask(*[get[at:at + 1] for at in range(len(get))], pause=0.01).startswith(b"HTTP/1.1 200")
    # A second request in the same connection is not served: nothing can hide behind the first.
    assert ask(get + get).count(b"HTTP/1.1") == 1
    post = b"POST /scan HTTP/1.1\r\nHost: a\r\n"
    message = b"Subject: x\r\n\r\ny\r\n"
    assert ask(post + b"Content-Length: %d\r\nExpect: 100-continue\r\n\r\n" % len(message), message, pause=0.2).startswith(b"HTTP/1.1 100")
    for fields, status in [
        (b"Content-Length: 4\r\nContent-Length: 5", b"400"), (b"Content-Length: +4", b"400"), (b"Content-Length : 4", b"400"),
        (b"Transfer-Encoding: chunked", b"411"), (b"Content-Length: 4\r\nTransfer-Encoding: chunked", b"411"),
        (b"Content-Length: 99999999999", b"413"), (b"X: " + b"y" * 17000, b"431"), (b"X\x00: y", b"400"),
    ]:
        assert ask(post + fields + b"\r\n\r\nabcd").split()[1] == status, fields
    # Slow ones do not keep others out.
    slow = [socket.create_connection(("127.0.0.1", world.daemon.http), 60) for _ in range(40)]
    assert ask(get).startswith(b"HTTP/1.1 200")
    [it.close() for it in slow]


def test_protocol_corners(world):
    """Scripts for miltertest: what Postfix never says, and older servers do."""
    scripts = sorted((REPOSITORY / "daemon/tests/milter").glob("*.lua"))
    assert len(scripts) >= 5
    for script in scripts:
        ran = subprocess.run(["miltertest", "-D", f"socket=inet:{world.daemon.port}@127.0.0.1", "-s", script],
                             capture_output=True, text=True, timeout=60)
        assert ran.returncode == 0, f"{script.name}: {ran.stdout}{ran.stderr}"
    print(f"    {len(scripts)} scripts")
