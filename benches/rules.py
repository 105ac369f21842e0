#!/usr/bin/env python3
"""What rules cost at scale: how long thousands of them take to load, in what memory, and what they add to a message.

    benches/rules.py [--tamis target/release/tamis] [--rules N] [--runs N] [FOLDER...]

First rules in TOML that are made by chance (--rules of them, with one pattern and with two, with conditions that have much in
common, and with both): seconds by the clock, CPU seconds and peak memory of a scan of one message, beside those without any rule, the
least of several interleaved runs; patterns are read on all processors. Exit code 1 where 10,000 rules with two patterns take over 1 s
by the clock or 100 MB.

Then, with FOLDER (of messages, 1,000 of each are taken) and Debian's SpamAssassin installed: its patterns for header fields, body,
links and raw text as rules in TOML, those that the syntax of `regex` takes, and what they add to a message: CPU time by which
a scan of all messages grows with three rounds instead of one, against rules that look at the same texts for nothing. The
mean of interleaved runs, since compiling at first use is in both.

Prints lines for a record under benches/records/."""

import argparse, json, os, pathlib, random, re, subprocess, sys, tempfile, time

MOST_SECONDS, MOST_MB = 1.0, 100.0
MESSAGES = 1_000


def run(command):
    """Seconds, CPU seconds and peak memory in MB of a command."""
    began = time.monotonic()
    with open(os.devnull, "w") as nowhere:
        process = subprocess.Popen(command, stdout=nowhere, stderr=subprocess.PIPE)
        told = process.stderr.read().decode(errors="replace")
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        took = time.monotonic() - began
    if process.returncode not in (0, 1):
        sys.exit(f"{' '.join(map(str, command))}: {told[:2000]}")
    return took, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def quoted(text):
    return json.dumps(text, ensure_ascii=False)


def made(count, patterns, conditions, seed=1):
    """Rules by chance, as people write them: phrases of two or three words with a little freedom."""
    chance = random.Random(seed)
    letters = "aeiou" * 2 + "bcdfghjklmnpqrstvwxyz"
    words = ["".join(chance.choices(letters, k=chance.randint(4, 9))) for _ in range(20_000)]
    shapes = [
        lambda a, b, c: f"{a} {b}",
        lambda a, b, c: f"{a} (?:{b}|{c})",
        lambda a, b, c: rf"\b{a}.{{0,20}}{b}",
        lambda a, b, c: f"{a}[0-9]{{2,4}}{b}",
    ]
    tests = [
        'links.exists(l, l.shown_domain != "" && l.shown_domain != l.domain)',
        'subject.contains("%s")',
        "size(to) + size(cc) > %d",
        'from.domain.endsWith("%s.example")',
        '"x-%s" in header',
    ]
    for number in range(count):
        lines = [f"[rule.made-{number}]", f'what = "Something is said that rule {number} is about"']
        lines.append('why = "Senders of that kind say it"')
        if patterns:
            texts = [chance.choice(shapes)(*chance.choices(words, k=3)) for _ in range(patterns)]
            lines += ['in = "body"', f"any = [{', '.join(map(quoted, texts))}]"]
        if conditions:
            some = [test % (chance.randint(0, 30) if "%d" in test else chance.choice(words[:50])) if "%" in test else test
                    for test in chance.sample(tests, 2)]
            lines.append(f"when = '{' && '.join(some)}'")
        yield "\n".join(lines) + "\n"


MESSAGE = b"From: a@a.example\nTo: b@b.example\nSubject: x\n\nText.\n"


def loading(arguments, folder):
    mail = folder / "mail.eml"
    mail.write_bytes(MESSAGE)
    kinds = [("no rules", 0, 0), ("one pattern each", 1, 0), ("two patterns each", 2, 0), ("a condition each", 0, 1),
             ("two patterns and a condition each", 2, 1)]
    commands = {}
    for name, patterns, conditions in kinds:
        command = [arguments.tamis, "scan", "--no-stock-rules"]
        if patterns or conditions:
            file = folder / f"{patterns}-{conditions}.toml"
            file.write_text("\n".join(made(arguments.rules, patterns, conditions)))
            command += ["--rules", file]
        commands[name] = command + [mail]
    least = {name: [float("inf")] * 3 for name in commands}
    for _ in range(arguments.runs):
        for name, command in commands.items():
            least[name] = [min(pair) for pair in zip(least[name], run(command))]
    print(f"{arguments.rules:,} rules, made\n\n| rules | s to load and scan one message | CPU s | peak MB |\n|---|---|---|---|")
    for name, (seconds, cpu, memory) in least.items():
        print(f"| {name} | {seconds:.2f} | {cpu:.2f} | {memory:.0f} |")
    seconds, _, memory = least["two patterns each"]
    return arguments.rules == 10_000 and (seconds > MOST_SECONDS or memory > MOST_MB)


RULE = re.compile(r"^\s*(header|body|rawbody|uri|full)\s+(\w+)\s+(.*)$")
PATTERN = re.compile(r"^(?:m\{(.*)\}|m!(.*)!|m,(.*),|m;(.*);|m#(.*)#|m\|(.*)\||/(.*)/)([a-z]*)$")


def of_spamassassin(path):
    """Rules of .cf files as TOML: place, pattern. Tags that are to be replaced stay out."""
    found = {}
    tagged = set()
    for file in sorted(pathlib.Path(path).glob("*.cf")):
        for line in file.read_text(encoding="latin-1").splitlines():
            words = line.split()
            if words[:1] == ["replace_rules"]:
                tagged.update(words[1:])
            match = RULE.match(re.sub(r"(?<!\\)#.*", "", line).rstrip())
            if not match:
                continue
            kind, name, test = match.groups()
            where = {"body": "body", "rawbody": "body.source", "uri": "link", "full": "raw"}.get(kind)
            if kind == "header":
                header = re.match(r"^([\w-]+)\s*=~\s*(.*?)(?:\s*\[if-unset:.*)?$", test)
                if not header or header[1] in ("ALL", "ToCc", "MESSAGEID", "EnvelopeFrom") or header[1].startswith("X-Spam"):
                    continue
                where, test = f"header:{header[1].lower()}", header[2]
            pattern = PATTERN.match(test.strip())
            if pattern:
                text = next(it for it in pattern.groups()[:-1] if it is not None)
                flags = pattern[8]
                turned = "".join(it for it in flags if it in "msx")
                turned += "" if "i" in flags else "-i"
                found[name] = (where, (f"(?{turned})" if turned else "") + text.replace("\\#", "#").replace("\\/", "/"))
    return [rule for name, rule in found.items() if name not in tagged]


def rule(number, where, pattern):
    return (f"[rule.sa-{number}]\nwhat = 'x'\nwhy = 'x'\nin = '{where}'\nany = [{quoted(pattern)}]\n")


def scale(arguments, folder):
    rules = of_spamassassin("/usr/share/spamassassin")
    asked = len(rules)
    file = folder / "sa.toml"
    # What cannot be taken is named with its line, five lines a rule.
    for _ in range(5):
        file.write_text("".join(rule(number, *it) for number, it in enumerate(rules)))
        told = subprocess.run([arguments.tamis, "rules", "check", "--no-stock-rules", "--rules", file], capture_output=True,
                              text=True, errors="replace")
        if told.returncode == 0:
            break
        wrong = {(int(line) - 1) // 5 for line in re.findall(rf"{re.escape(str(file))}:(\d+):\d+: (?!rule )", told.stderr)}
        rules = [it for number, it in enumerate(rules) if number not in wrong]
    literalless = told.stderr.count("this pattern is searched in each message")
    nothing = folder / "nothing.toml"
    places = sorted({where for where, _ in rules})
    nothing.write_text("".join(rule(number, where, "qzxjqzxjqzxj") for number, where in enumerate(places)))
    print(f"\n{len(rules):,} of {asked:,} patterns of Debian's SpamAssassin as TOML, {literalless} without a literal\n")
    print(f"| {MESSAGES:,} messages of | CPU us a message with the patterns | without | the patterns' |\n|---|---|---|---|")
    for source in arguments.folders:
        files = sorted(it for it in pathlib.Path(source).expanduser().rglob("*") if it.is_file())
        # Evenly over the folder.
        files = files[:: max(1, len(files) // MESSAGES)][:MESSAGES]
        sums = {file: 0.0, nothing: 0.0}
        lists = {times: folder / f"mail-{times}" for times in (1, 3)}
        for times, into in lists.items():
            for number in range(times):
                (into / str(number)).mkdir(parents=True, exist_ok=True)
                for it in files:
                    link = into / str(number) / it.name
                    link.unlink(missing_ok=True)
                    link.write_bytes(it.read_bytes())
        base = [arguments.tamis, "scan", "--no-stock-rules", "--threads", "1", "--rules"]
        for _ in range(arguments.runs):
            for rules_file in sums:
                once, thrice = (run(base + [rules_file, lists[times]])[1] for times in (1, 3))
                sums[rules_file] += thrice - once
        each = {name: total / arguments.runs / 2 / len(files) * 1e6 for name, total in sums.items()}
        name = "/".join(pathlib.Path(source).parts[-2:])
        print(f"| {name} | {each[file]:.0f} | {each[nothing]:.0f} | {each[file] - each[nothing]:.0f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tamis", default="target/release/tamis")
    parser.add_argument("--rules", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("folders", nargs="*", metavar="FOLDER")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        failed = loading(arguments, pathlib.Path(folder))
        if arguments.folders:
            scale(arguments, pathlib.Path(folder))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
