"""The filters that bayes.py holds Tamis against: each learns a folder `ham` and a folder `spam` and gives a score for each file."""

import contextlib, http.client, json, pathlib, socket, subprocess, sys, tempfile, time

from rspamd import start as start_rspamd

HERE = pathlib.Path(__file__).resolve().parent
# The programs that each needs, and the score above which a message is taken for spam (LAM).
PEERS = {
    "bogofilter": (["bogofilter"], 0.5),
    "spamprobe": (["spamprobe"], 0.6),
    "spamassassin": (["spamassassin"], 0.5),
    "rspamd": (["rspamd", "redis-server"], 0.0),
}


def run(*command, **more):
    return subprocess.run([str(it) for it in command], check=True, capture_output=True, text=True, errors="replace", **more).stdout


def bogofilter(work, learned, scored):
    base = work / "bogofilter"
    base.mkdir()
    for flag, label in (("-n", "ham"), ("-s", "spam")):
        files = "\n".join(str(it) for it in sorted((work / learned / label).iterdir()))
        subprocess.run(["bogofilter", "-C", "-d", base, flag, "-b"], input=files, text=True, check=True)
    files = "\n".join(str(it) for label in ("ham", "spam") for it in sorted((work / scored / label).iterdir()))
    done = subprocess.run(["bogofilter", "-C", "-d", base, "-TT", "-b"], input=files, text=True, capture_output=True)
    return {"bogofilter": {line.rsplit(" ", 2)[0]: float(line.rsplit(" ", 1)[1]) for line in done.stdout.splitlines()}}


def spamprobe(work, learned, scored):
    base = work / "spamprobe"
    base.mkdir()
    run("spamprobe", "-d", base, "create-db")
    for word, label in (("good", "ham"), ("spam", "spam")):
        files = sorted((work / learned / label).iterdir())
        for at in range(0, len(files), 500):
            run("spamprobe", "-d", base, word, *files[at:at + 500])
    found = {}
    for label in ("ham", "spam"):
        files = sorted((work / scored / label).iterdir())
        for at in range(0, len(files), 500):
            part = files[at:at + 500]
            rows = run("spamprobe", "-d", base, "-l", "0.6", "score", *part).splitlines()
            for file, row in zip(part, rows):
                found[str(file)] = float(row.split()[1])
    return {"spamprobe": found}


def spamassassin(work, learned, scored):
    base = work / "spamassassin"
    base.mkdir()
    lines = [f"{label} {it}" for label in ("ham", "spam") for it in sorted((work / learned / label).iterdir())]
    lines += [f"score {it}" for label in ("ham", "spam") for it in sorted((work / scored / label).iterdir())]
    rows = run("perl", HERE / "spamassassin.pl", base, input="\n".join(lines) + "\n").splitlines()
    return {"spamassassin": {row.rsplit(" ", 1)[0]: float(row.rsplit(" ", 1)[1]) for row in rows}}


def ask(port, path, raw, **headers):
    """One request to rspamd, which closes the connection after each; gives the status and what it answers."""
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        connection.request("POST", path, raw, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()


def free_port():
    with socket.socket() as it:
        it.bind(("127.0.0.1", 0))
        return it.getsockname()[1]


@contextlib.contextmanager
def private_rspamd():
    """rspamd and a Redis for its Bayes, both empty, in a folder of their own; gives the port of its controller."""
    with tempfile.TemporaryDirectory() as root, contextlib.ExitStack() as stack:
        root, redis, port = pathlib.Path(root), free_port(), free_port()
        # rspamd's user has to get in.
        root.chmod(0o755)
        server = subprocess.Popen(["redis-server", "--bind", "127.0.0.1", "--port", str(redis), "--dir", str(root), "--save", ""],
                                  stdout=subprocess.DEVNULL)
        stack.callback(lambda: (server.terminate(), server.wait()))
        daemon = start_rspamd(root, {
            "worker-controller.inc": f'bind_socket = "127.0.0.1:{port}";\n',
            "redis.conf": f'servers = "127.0.0.1:{redis}";\n',
            "classifier-bayes.conf": "min_learns = 1;\n",
        })
        stack.callback(lambda: (daemon.terminate(), daemon.wait()))
        # It compiles its patterns first.
        for _ in range(1800):
            if daemon.poll() is not None:
                sys.exit(f"rspamd ended as it started: {(root / 'rspamd.out').read_text(errors='replace')[-1000:]}")
            with contextlib.suppress(OSError):
                if ask(port, "/ping", b"")[0] == 200:
                    break
            time.sleep(0.1)
        else:
            sys.exit("rspamd does not answer within three minutes")
        yield port


def rspamd(work, learned, scored):
    found = {}
    with private_rspamd() as port:
        for label in ("ham", "spam"):
            for path in sorted((work / learned / label).iterdir()):
                status, answer = ask(port, f"/learn{label}", path.read_bytes(), **{"Learn-Type": "bulk"})
                # What it has too few words of, or has learned already, it says, and leaves.
                if status not in (200, 204, 208):
                    sys.exit(f"rspamd does not learn {path.name}: {status} {answer.decode(errors='replace')}")
        for label in ("ham", "spam"):
            for path in sorted((work / scored / label).iterdir()):
                status, answer = ask(port, "/checkv2", path.read_bytes())
                if status != 200:
                    sys.exit(f"rspamd does not score {path.name}: {status} {answer.decode(errors='replace')}")
                symbols = json.loads(answer)["symbols"]
                # Ham is below 0, and neither is 0: it is not sure, or has too few words.
                found[str(path)] = sum(symbols[it]["score"] for it in ("BAYES_SPAM", "BAYES_HAM") if it in symbols)
    return {"rspamd": found}


def online_bogofilter(work, files):
    base, found = work / "base", {}
    base.mkdir()
    for label, path, _ in files:
        with open(path, "rb") as file:
            done = subprocess.run(["bogofilter", "-C", "-d", base, "-TT"], stdin=file, capture_output=True, text=True)
        # Before anything was learned there is no answer.
        words = done.stdout.split()
        found[str(path)] = float(words[-1]) if words else 0.5
        with open(path, "rb") as file:
            subprocess.run(["bogofilter", "-C", "-d", base, "-s" if label == "spam" else "-n"], stdin=file, check=True)
    return {"bogofilter": found}


