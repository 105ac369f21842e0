#!/usr/bin/env python3
"""What it costs the model when a spammer writes against it: attacks on the spam of the half of the SpamAssassin corpus that is
not learned.

    benches/attacks.py [--record]

For each attack: 1-ROCA %, how much of the spam is found (log-odds above 0), of naive Bayes alone and of both experts, and how
much is taken for ham (below -0.85); the rest is not sure. The ham stays as it is. Good words are those of twenty learned ham
messages or more that are eight times as often in ham as in spam; a learned letter is the beginning of a ham message. `flood` learns as well: mail of ham's words that a
user was made to call spam, a fiftieth of all that is learned.
"""
import pathlib, random, re, sys, tempfile, time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import bayes

random.seed(5)


def parts(raw):
    head, _, body = raw.partition(b"\n\n")
    return head, body


def plain(head):
    """The header without what says that the body is encoded, or of several parts."""
    out, keep = [], True
    for line in head.split(b"\n"):
        if line[:1] not in b" \t":
            keep = not line.lower().startswith((b"content-", b"mime-version"))
        if keep:
            out.append(line)
    return b"\n".join(out)


def text_of(body):
    return re.sub(rb"<[^>]*>", b" ", body).strip()


def html(head, body, more):
    shown = b"<br>".join(text_of(body).split(b"\n"))
    return plain(head) + b"\nMIME-Version: 1.0\nContent-Type: text/html\n\n<html><body>" + shown + more + b"</body></html>\n"


def attacks(good, letters):
    words = lambda count: b" ".join(random.choices(good, k=count))
    noise = lambda count: b" ".join(bytes(random.choices(b"abcdefghijklmnopqrstuvwxyz", k=random.randint(3, 9))) for _ in range(count))
    twins = {"a": "\u0430", "e": "\u0435", "o": "\u043e", "c": "\u0441", "p": "\u0440", "i": "\u0456"}
    latin = lambda body: text_of(body).decode("latin-1")
    utf8 = lambda head, text: plain(head) + b"\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n" + text.encode() + b"\n"
    imitate = lambda text: "".join(twins.get(it, it) if random.random() < 0.5 else it for it in text)
    split = lambda text: re.sub(r"(\w{2})(?=\w)", "\\1\u200b", text)
    between = lambda body: b" ".join(it for word in text_of(body).split() for it in (word, random.choice(good)))
    return {
        "none": lambda head, body: head + b"\n\n" + body,
        "as plain HTML": lambda head, body: html(head, body, b""),
        "200 good words, hidden": lambda head, body: html(head, body, b"<div style=\"display:none\">" + words(200) + b"</div>"),
        "200 good words, visible at the end": lambda head, body: html(head, body, b"<p>" + words(200) + b"</p>"),
        "1000 good words, visible in front": lambda head, body: plain(head) + b"\n\n" + words(1000) + b"\n\n" + text_of(body) + b"\n",
        "1000 good words, visible at the end": lambda head, body: plain(head) + b"\n\n" + text_of(body) + b"\n\n" + words(1000) + b"\n",
        "1000 good words in front, 1000 at the end": lambda head, body: plain(head) + b"\n\n" + words(1000) + b"\n\n" + text_of(body) + b"\n\n" + words(1000) + b"\n",
        "a good word behind each word": lambda head, body: plain(head) + b"\n\n" + between(body) + b"\n",
        "a learned letter below": lambda head, body: plain(head) + b"\n\n" + text_of(body) + b"\n\n" + random.choice(letters) + b"\n",
        "1000 random words at the end": lambda head, body: plain(head) + b"\n\n" + text_of(body) + b"\n\n" + noise(1000) + b"\n",
        "no text": lambda head, body: plain(head) + b"\n\n\n",
        "an image alone": lambda head, body: plain(head) + b"\nMIME-Version: 1.0\nContent-Type: text/html\n\n<html><body><img src=\"http://img.example/%d.png\"></body></html>\n" % random.randint(1, 10**6),
        "plain text (for the next two)": lambda head, body: utf8(head, latin(body)),
        "words split by zero-width spaces": lambda head, body: utf8(head, split(latin(body))),
        "letters of other alphabets": lambda head, body: utf8(head, imitate(latin(body))),
    }


def main():
    learned, scored = bayes.halves()
    ham_words, letters = {}, []
    for label, path in learned:
        text = text_of(parts(bayes.read(path))[1])
        if label == "ham":
            letters.append(text[:2000])
        for word in set(re.findall(rb"[a-z]{4,12}", text.lower())):
            ham_words.setdefault(word, [0, 0])[label == "spam"] += 1
    good = [word for word, (ham, spam) in ham_words.items() if ham >= 20 and ham > 8 * spam]
    rows = ["| attack | naive Bayes: 1-ROCA % | spam found, % | both: 1-ROCA % | spam found, % | spam taken for ham, % |", "|---|---|---|---|---|---|"]
    print("\n".join(rows), flush=True)
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        bayes.place(work, "learned", learned, False)
        flood = work / "flood"
        bayes.place(work, "flood", learned, False)
        for number in range(len(learned) // 50):
            text = b"From: x%d@y.example\nSubject: %s\n\n%s\n" % (number, b" ".join(random.choices(good, k=4)), b" ".join(random.choices(good, k=400)))
            (flood / "spam" / f"flood-{number}.eml").write_bytes(text)
        cases = [(name, "learned", attack) for name, attack in attacks(good, letters).items()]
        cases.append(("flood: ham's words learned as spam", "flood", lambda head, body: head + b"\n\n" + body))
        for number, (name, model, attack) in enumerate(cases):
            folder = f"scored{number}"
            files = bayes.place(work, folder, scored, False)
            for label, path, _ in files:
                if label == "spam":
                    path.write_bytes(attack(*parts(path.read_bytes())))
            results = bayes.tamis(work, model, folder)
            lists = {who: [(scores[str(path)], label) for label, path, _ in files] for who, scores in results.items()}
            share = lambda who, test: 100 * sum(1 for score, label in lists[who] if label == "spam" and test(score)) / sum(1 for _, label in lists[who] if label == "spam")
            rows.append(f"| {name} | {bayes.order(lists['naive-bayes'])():.3f} | {share('naive-bayes', lambda it: it > 0):.1f} | "
                        f"{bayes.order(lists['bayes'])():.3f} | {share('bayes', lambda it: it > 0):.1f} | {share('bayes', lambda it: it < -0.85):.1f} |")
            print(rows[-1], flush=True)
    if "--record" in sys.argv:
        day = time.strftime("%Y-%m-%d")
        text = [f"# Attacks on the model, {day}", "", "By `benches/attacks.py`, whose top says what is measured.", "", *rows]
        (bayes.HERE / f"records/{day}-attacks.md").write_text("\n".join(text) + "\n")


if __name__ == "__main__":
    main()
