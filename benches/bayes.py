#!/usr/bin/env python3
"""How well the model tells spam from ham, beside bogofilter, spamprobe, SpamAssassin's Bayes and rspamd's, on the same messages.

    benches/bayes.py [--peers | --PEER...] [--keep FOLDER [--as-kept]] [--only-peers] [--record] [CELL...]

Cells: half (SpamAssassin corpus, one half learned, the other scored), half-new (the same without near-duplicates of learned
messages), online (trec07-early, each message scored, then learned), s2t, t2s (one of the two collections learned, the other
scored), both (both learned, `modern` scored), stock (SpamAssassin learned, `modern` scored); where it is named, later (of trec07-early the first 1,000
learned, those from the 8,000th on scored: what MARGIN in logistic.rs was fixed by, inside one collection). Each on whole messages and on
messages reduced to the header fields of `kept-headers.txt`. Figures are 1-ROCA % and LAM %, in brackets the 95 % interval of
1-ROCA; of a peer also the interval of its 1-ROCA less ours, by drawing the same messages again for both.

Needs the collections in $TAMIS_CORPORA (default ~/.cache/tamis-corpora); those that are missing are left out, and said. With
--peers the Debian packages bogofilter, spamprobe, spamassassin, rspamd and redis-server; a peer's name as an option (--bogofilter,
--rspamd) takes that one alone, and can be given for several. rspamd needs root; it and its Redis run with a configuration of their
own, on free ports of 127.0.0.1, and ask no network. As it goes (online) only bogofilter runs beside: the others would take hours.
What the peers say does not change with us: with --keep their scores are kept in a folder and not made anew; --as-kept leaves out
those that are not kept yet, and --only-peers does nothing but make them. Set TMPDIR to a file system in memory: spamprobe writes
its database to disk all the time. Nothing here but `later` was used to choose a setting.
"""
import hashlib, json, math, os, pathlib, random, shutil, subprocess, sys, tempfile, time

import peers as programs
from peers import PEERS, run

HERE = pathlib.Path(__file__).resolve().parent
TAMIS = pathlib.Path(os.environ.get("TAMIS", HERE.parent / "target/release/tamis"))
CORPORA = pathlib.Path(os.environ.get("TAMIS_CORPORA", pathlib.Path.home() / ".cache/tamis-corpora"))
KEPT = ["from", "reply-to", "subject", "mime-version", "content-"]
DRAWS = 300


def read(path):
    raw = path.read_bytes()
    return raw.split(b"\n", 1)[1] if raw.startswith(b"From ") else raw


def reduce(raw):
    """The message with only the header fields of KEPT: what `--keep-headers` does."""
    out, keep, rest = [], False, raw
    while rest:
        line, end, rest = rest.partition(b"\n")
        if line in (b"", b"\r"):
            return b"".join(out) + line + end + rest
        if line[:1] not in b" \t":
            name = line.split(b":", 1)[0].strip().lower().decode("latin-1")
            keep = any(name == it or (it.endswith("-") and name.startswith(it)) for it in KEPT)
        if keep:
            out.append(line + end)
    return b"".join(out)


def collection(name):
    folder = CORPORA / name
    if not folder.is_dir():
        return None
    if (folder / "index").exists():
        lines = (folder / "index").read_text().split("\n")
        return [(line.split(" ", 1)[0], folder / line.split(" ", 1)[1]) for line in lines if line]
    return [(label, path) for label in ("ham", "spam") for path in sorted((folder / label).iterdir())]


def place(work, name, messages, reduced):
    """The messages as files work/name/LABEL/NUMBER.eml; gives label and path of each."""
    found = []
    for label in ("ham", "spam"):
        (work / name / label).mkdir(parents=True, exist_ok=True)
    for number, (label, path) in enumerate(messages):
        raw = read(path)
        target = work / name / label / f"{number:05}.eml"
        target.write_bytes(reduce(raw) if reduced else raw)
        found.append((label, target, path))
    return found


# --- Tamis as peers.py has the others: it learns two folders and gives a score for each file ---

def tamis(work, learned, scored):
    model = work / f"{learned}.model"
    if not model.exists():
        run(TAMIS, "train", "--ham", work / learned / "ham", "--spam", work / learned / "spam", "--out", model)
    result = {"bayes": {}, "naive-bayes": {}, "logistic": {}}
    # Exit code 1 is that spam was found.
    done = subprocess.run([TAMIS, "scan", "--json", "--stable", "--no-stock-rules", "--model", model, work / scored / "ham",
                           work / scored / "spam"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    if done.returncode not in (0, 1):
        sys.exit(f"tamis scan ended with {done.returncode}")
    for line in done.stdout.splitlines():
        verdict = json.loads(line)
        if verdict["type"] == "verdict":
            result["bayes"][verdict["path"]] = verdict["bayes_score"]
            result["naive-bayes"][verdict["path"]] = verdict["experts"]["naive_bayes"]
            result["logistic"][verdict["path"]] = verdict["experts"]["logistic"]
    return result


def scores_of(peer, cell, work, files, kept, make):
    """What a peer says of the files of a cell: made anew by `make`, or as it was kept, by the places in the collections."""
    place = kept and kept / f"{cell.replace(' ', '-')}-{peer.__name__}.json"
    names = {str(path): str(origin.relative_to(CORPORA)) for _, path, origin in files}
    if place and place.exists():
        before = json.loads(place.read_text())
        if set(names.values()) <= set(before):
            return {peer.__name__: {path: before[name] for path, name in names.items()}}
    if kept and "--as-kept" in sys.argv:
        return {}
    found = make()[peer.__name__]
    if place:
        kept.mkdir(parents=True, exist_ok=True)
        place.write_text(json.dumps({names[path]: score for path, score in found.items()}))
    return {peer.__name__: found}


# --- measures ---

def order(scores):
    """Weighted 1-ROCA over messages in the order of their scores: what is drawn again changes weights alone."""
    ranked = sorted(range(len(scores)), key=lambda it: scores[it][0])
    groups, before = [], None
    for at in ranked:
        if scores[at][0] != before:
            groups.append([])
            before = scores[at][0]
        groups[-1].append(at)
    labels = [label == "spam" for _, label in scores]

    def measure(weights=None):
        wrong = below = ham = 0.0
        for group in groups:
            spam = sum(1 if weights is None else weights[it] for it in group if labels[it])
            good = sum(1 if weights is None else weights[it] for it in group if not labels[it])
            wrong += good * (below + spam / 2)
            below += spam
            ham += good
        return 100 * wrong / (below * ham) if below and ham else 0.0
    return measure


def lam(scores, threshold):
    shares = []
    for label, bad in (("ham", lambda it: it > threshold), ("spam", lambda it: it <= threshold)):
        values = [score for score, it in scores if it == label]
        share = (sum(map(bad, values)) + 0.5) / (len(values) + 1)
        shares.append(math.log(share / (1 - share)))
    return 100 / (1 + math.exp(-sum(shares) / 2))


def draws(labels):
    random.seed(7)
    places = {label: [at for at, it in enumerate(labels) if it == label] for label in ("ham", "spam")}
    for _ in range(DRAWS):
        weights = [0] * len(labels)
        for at in places.values():
            for it in random.choices(at, k=len(at)):
                weights[it] += 1
        yield weights


def interval(values):
    values = sorted(values)
    return values[len(values) // 40], values[-1 - len(values) // 40]


def table(name, files, results):
    """Rows of one cell; `results` maps program -> path -> score."""
    labels = [label for label, _, _ in files]
    lists = {who: [(scores[str(path)], label) for label, path, _ in files] for who, scores in results.items()}
    measures = {who: order(scores) for who, scores in lists.items()}
    drawn = {who: [] for who in lists}
    for weights in draws(labels):
        for who, measure in measures.items():
            drawn[who].append(measure(weights))
    rows = []
    for who, scores in lists.items():
        low, high = interval(drawn[who])
        less = ""
        if who in PEERS:
            a, b = interval([it - ours for it, ours in zip(drawn[who], drawn["bayes"])])
            less = f"{a:+.3f} to {b:+.3f}"
        threshold = PEERS[who][1] if who in PEERS else 0.0
        ham = [it for it, label in scores if label == "ham"]
        spam = [it for it, label in scores if label == "spam"]
        band = ""
        if who == "bayes":
            share = lambda values, test: f"{100 * sum(map(test, values)) / len(values):.2f}"
            band = (f"{share(ham, lambda it: it >= 5)} / {share(spam, lambda it: it < -0.85)}; "
                    f"{share(ham, lambda it: -0.85 <= it < 5)} / {share(spam, lambda it: -0.85 <= it < 5)}")
        rows.append(f"| {name} | {who} | {measures[who]():.4f} [{low:.4f}, {high:.4f}] | {lam(scores, threshold):.2f} | {less} | {band} |")
    ours = lists["bayes"]
    worst = sorted(range(len(ours)), key=lambda it: ours[it][0] if ours[it][1] == "spam" else -ours[it][0])
    costly = [f"{ours[it][1]} {ours[it][0]:+.1f} {files[it][2].relative_to(CORPORA)}" for it in worst[:10]]
    return rows, costly


# --- cells ---

def lines(raw):
    body = raw.split(b"\n\n", 1)[-1]
    return {hash(it.strip().lower()) for it in body.split(b"\n") if len(it.strip()) > 20}


def new_ones(learned, scored):
    """Of `scored` what is no near-duplicate: fewer than seven in ten of its longer lines stand in one learned message."""
    where = {}
    for number, (_, path) in enumerate(learned):
        for line in lines(read(path)):
            where.setdefault(line, []).append(number)
    kept = []
    for label, path in scored:
        mine, counts = lines(read(path)), {}
        for line in mine:
            for number in where.get(line, ())[:500]:
                counts[number] = counts.get(number, 0) + 1
        if not mine or max(counts.values(), default=0) < 0.7 * len(mine):
            kept.append((label, path))
    return kept


def halves():
    messages = collection("spamassassin")
    learns = lambda path: hashlib.sha256(path.read_bytes()).hexdigest()[0] in "01234567"
    return [it for it in messages if learns(it[1])], [it for it in messages if not learns(it[1])]


def split(cell):
    sa, on, modern = collection("spamassassin"), collection("trec07-early"), collection("modern")
    if cell == "half":
        return halves()
    if cell == "half-new":
        learned, scored = halves()
        return learned, new_ones(learned, scored)
    if cell == "later":
        return (on[:1_000], on[8_000:]) if on else None
    learned, scored = {"s2t": (sa, on), "t2s": (on, sa), "both": (sa and on and sa + on, modern), "stock": (sa, modern)}[cell]
    return (learned, scored) if learned and scored else None


def batch(cell, reduced, peers, kept=None, ours=True):
    parts = split(cell)
    if parts is None:
        return None
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        place(work, "learned", parts[0], reduced)
        files = place(work, "scored", parts[1], reduced)
        name = f"{cell} {'reduced' if reduced else 'whole'}"
        results = tamis(work, "learned", "scored") if ours else {}
        for peer in peers:
            results |= scores_of(peer, name, work, files, kept, lambda: peer(work, "learned", "scored"))
        return table(name, files, results) if ours else ([f"{name}: the peers' scores are kept"], [])


def online(reduced, peers, kept=None, ours=True):
    messages = collection("trec07-early")
    if messages is None:
        return None
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        files = place(work, "run", messages, reduced)
        (work / "index").write_text("".join(f"{label} {path}\n" for label, path, _ in files))
        name = f"online {'reduced' if reduced else 'whole'}"
        results = {}
        for by in ("bayes", "naive-bayes", "logistic") if ours else ():
            rows = run(TAMIS, "replay", work / "index", "--by", by).splitlines()
            results[by] = {row.split(" ", 2)[2]: float(row.split(" ", 2)[1]) for row in rows}
        # One process a message, and spamprobe opens its database for each: hours, so it is left out.
        if programs.bogofilter in peers:
            results |= scores_of(programs.bogofilter, name, work, files, kept, lambda: programs.online_bogofilter(work, files))
        return table(name, files, results) if ours else ([f"{name}: the peers' scores are kept"], [])


def main():
    arguments = sys.argv[1:]
    names = [it for it in PEERS if "--peers" in arguments or f"--{it}" in arguments]
    missing = sorted({program for it in names for program in PEERS[it][0] if not shutil.which(program)})
    if missing:
        sys.exit(f"missing: {' '.join(missing)}; apt-get install {' '.join(missing)}")
    if "rspamd" in names and os.geteuid() != 0:
        sys.exit("rspamd changes to its own user, which only root can: run as root, or name the other peers")
    peers = [getattr(programs, it) for it in names]
    kept = None
    if "--keep" in arguments:
        at = arguments.index("--keep")
        kept = pathlib.Path(arguments.pop(at + 1))
        arguments.pop(at)
    ours = "--only-peers" not in arguments
    if kept is None and not ours:
        sys.exit("--only-peers needs --keep FOLDER")
    cells = [it for it in arguments if not it.startswith("--")] or ["half", "half-new", "online", "s2t", "t2s", "both", "stock"]
    head = ["| messages | by | 1-ROCA % | LAM % | 1-ROCA less ours | ham over 5 / spam under -0.85, %; ham / spam between |",
            "|---|---|---|---|---|---|"]
    print("\n".join(head), flush=True)
    rows, costly = [], []
    for cell in cells:
        for reduced in (False, True):
            done = (online if cell == "online" else lambda *it: batch(cell, *it))(reduced, peers, kept, ours)
            if done is None:
                print(f"| {cell} | left out: a collection is not there | | | | |")
                continue
            print("\n".join(done[0]), flush=True)
            rows += done[0]
            costly.append((f"{cell} {'reduced' if reduced else 'whole'}", done[1]))
    if "--record" in arguments:
        day = time.strftime("%Y-%m-%d")
        versions = run(TAMIS, "--version").strip()
        text = [f"# How well the model tells spam from ham, {day}", "",
                f"By `benches/bayes.py {' '.join(it for it in arguments if it not in ('--record', '--as-kept'))}`; {versions}. What the columns are stands "
                "at the top of that file.", "", *head, *rows, "", "The ten costliest messages of each:", ""]
        for name, list_ in costly:
            text += [f"- {name}: " + "; ".join(list_)]
        (HERE / f"records/{day}-bayes.md").write_text("\n".join(text) + "\n")


if __name__ == "__main__":
    main()
