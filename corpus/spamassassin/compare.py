#!/usr/bin/env python3
"""Holds Tamis against SpamAssassin, rule by rule: both with Debian's /usr/share/spamassassin, network and Bayes off, over the same
messages.

    corpus/spamassassin/compare.py [--sample N] [--record FILE] [--most N] [--tamis PROGRAM]
                                    [--original FILE] [FOLDER...]

Without folders: the SpamAssassin corpus (corpus/fetch.sh), and `modern` beside it where that is there. Installs Debian's package
`spamassassin` where it is missing; nothing of it is started. --sample takes every so-manieth message, N in all. --record writes
what is printed as a dated record. --original keeps what SpamAssassin said in a file, and takes it from there another time: the full
run takes it an hour. Exit code 1 where a promise of docs/spamassassin.md is broken:

- of the rules that SpamAssassin compiles and that ask neither the network nor what was learned, 97 % are supported;
- for rules with five hits or more, both / either is 0.97 on the mean for scored rules, 0.95 for sub-rules (`__`); rules that hit more
  than half of the messages are left out;
- the scores of 92 % of the messages agree within 0.1;
- Tamis's own scores and reasons are the same where only rules are tried that a score hangs on, which is what it does without
  --findings.

It also prints the CPU time of both. SpamAssassin's is that of its checks alone, without start and compilation.
"""

import argparse
import collections
import datetime
import json
import os
import resource
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
RULES = "/usr/share/spamassassin"
SUPPORTED, SCORED, SUB, TOTALS, WITHIN = 0.97, 0.97, 0.95, 0.92, 0.1


def install(*packages):
    """Debian packages, those of them that are missing."""
    installed = lambda name: subprocess.run(["dpkg-query", "-W", "-f", "${Status}", name], capture_output=True).stdout
    packages = [name for name in packages if not installed(name).endswith(b" installed")]
    if not packages:
        return
    # Their packages would start a daemon.
    policy = "/usr/sbin/policy-rc.d"
    made = not os.path.exists(policy)
    if made:
        with open(policy, "w") as file:
            file.write("#!/bin/sh\nexit 101\n")
        os.chmod(policy, 0o755)
    try:
        environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
        subprocess.run(["apt-get", "update", "-qq"], check=True, env=environment)
        command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
        subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)
    finally:
        if made:
            os.remove(policy)


def corpora(folders):
    if folders:
        return folders
    base = os.environ.get("TAMIS_CORPORA", os.path.expanduser("~/.cache/tamis-corpora"))
    return [os.path.join(base, name) for name in ("spamassassin", "modern") if os.path.isdir(os.path.join(base, name))]


def messages(folders):
    found = []
    for folder in folders:
        for path, _, names in os.walk(folder):
            found += [os.path.join(path, name) for name in names]
    return sorted(found)


def original(paths, kept):
    """Each message by its path, and the rules."""
    driver = ["perl", os.path.join(HERE, "original.pl")]
    rules = subprocess.run([*driver, "--rules"], check=True, capture_output=True).stdout.decode("latin-1")
    if kept and os.path.exists(kept):
        said = open(kept, encoding="latin-1").read()
    else:
        run = subprocess.run(driver, check=True, input="\n".join(paths).encode(), stdout=subprocess.PIPE)
        said = run.stdout.decode("latin-1")
        if kept:
            open(kept, "w", encoding="latin-1").write(said)
    lines = [json.loads(line) for line in said.splitlines()]
    return {it["path"]: it for it in lines}, {it["rule"]: it for it in map(json.loads, rules.splitlines())}


def ours(tamis, paths):
    """Each message by its path, the CPU seconds of the program, what it says of the rules, and the messages of which it judges otherwise
    where only rules are tried that a score hangs on."""
    with tempfile.TemporaryDirectory() as home:
        config = os.path.join(home, "tamis.toml")
        # Without a model, so that SpamAssassin's first set of scores counts.
        with open(config, "w") as file:
            file.write(f'[rules]\nstock = false\npaths = ["{RULES}"]\n[bayes]\nmodel = false\n')
        found, needed, used = {}, {}, 0.0
        for start in range(0, len(paths), 2000):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            command = [tamis, "scan", "--config", config, "--json", "--findings", "--threads", "1", *paths[start : start + 2000]]
            run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            used += after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            if run.returncode > 1:
                sys.exit(run.stderr.decode())
            for line in run.stdout.splitlines():
                it = json.loads(line)
                if it["type"] == "verdict":
                    found[it["path"]] = it
            run = subprocess.run([it for it in command if it != "--findings"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            needed.update((it["path"], it) for it in map(json.loads, run.stdout.splitlines()) if it["type"] == "verdict")
        check = subprocess.run([tamis, "rules", "check", "--config", config], capture_output=True).stderr.decode(errors="replace")
        judged = lambda it: (it["action"], it["score"], it["reasons"])
        otherwise = [path for path in found if path not in needed or judged(needed[path]) != judged(found[path])]
        return found, used, check, otherwise


def unsupported(check):
    """The rules that `tamis rules check` says it cannot do."""
    names = set()
    for line in check.splitlines():
        if line.startswith(("unsupported: ", "mistake: ")) and ": rule " in line:
            names.add(line.split(": rule ", 1)[1].split(":", 1)[0].split()[0])
    return names


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    target = os.environ.get("CARGO_TARGET_DIR", os.path.join(HERE, "../../target"))
    parser.add_argument("--sample", type=int)
    parser.add_argument("--record")
    parser.add_argument("--original")
    parser.add_argument("--most", type=int, default=40, help="how many rules that differ are listed")
    parser.add_argument("--tamis", default=os.path.join(target, "release/tamis"))
    parser.add_argument("folders", nargs="*")
    wanted = parser.parse_args()
    install("spamassassin")
    folders = corpora(wanted.folders)
    paths = messages(folders)
    if wanted.sample and len(paths) > wanted.sample:
        paths = [paths[number * len(paths) // wanted.sample] for number in range(wanted.sample)]
    if not paths:
        sys.exit("no messages: corpus/fetch.sh gets some")
    theirs, rules = original(paths, wanted.original)
    found, used, check, otherwise = ours(wanted.tamis, paths)

    asks = {rule for rule, it in rules.items() if {"net", "learn"} & set(it["flags"].split())}
    counted = set(rules) - asks
    missing = counted & unsupported(check)
    both, only_theirs, only_ours = collections.Counter(), collections.Counter(), collections.Counter()
    agree, compared, cpu = 0, 0, 0.0
    for path in paths:
        if path not in theirs or path not in found:
            continue
        compared += 1
        cpu += theirs[path]["cpu"]
        agree += abs(theirs[path]["score"] - found[path]["score"]) <= WITHIN
        one, other = set(theirs[path]["hits"]) & counted, set(found[path]["findings"]) & counted
        both.update(one & other)
        only_theirs.update(one - other)
        only_ours.update(other - one)

    def mean(is_wanted):
        shares = []
        for rule in counted:
            hits = both[rule] + only_theirs[rule]
            if is_wanted(rule) and 5 <= hits <= compared / 2:
                shares.append(both[rule] / (hits + only_ours[rule]))
        return (sum(shares) / len(shares) if shares else 1.0), len(shares)

    scored, scored_rules = mean(lambda rule: not rule.startswith("__"))
    sub, sub_rules = mean(lambda rule: rule.startswith("__"))
    support = 1 - len(missing) / len(counted)
    rows = [
        ("rules supported", support, SUPPORTED, f"{len(counted) - len(missing)} of {len(counted)}; {len(asks)} more ask the network or what was learned"),
        ("scored rules, both / either", scored, SCORED, f"mean of {scored_rules} rules with five hits or more"),
        ("sub-rules, both / either", sub, SUB, f"mean of {sub_rules} rules with five hits or more"),
        ("scores that agree within 0.1", agree / max(compared, 1), TOTALS, f"{agree} of {compared} messages"),
    ]
    lines = ["| | measured | promised | |", "|---|---|---|---|"]
    lines += [f"| {name} | {value:.4f} | {least:.2f} | {note} |" for name, value, least, note in rows]
    rate, our_rate = compared / max(cpu, 1e-9), compared / max(used, 1e-9)
    lines += [
        "",
        f"CPU: SpamAssassin {cpu:.1f} s, its checks alone ({rate:.1f} messages a second); Tamis {used:.2f} s, the whole program with its",
        f"starts ({our_rate:.0f} messages a second): {our_rate / rate:.0f} times as many.",
        "",
        "Rules that differ, by how many messages:",
        "",
        "| rule | kind | both | SpamAssassin alone | Tamis alone |",
        "|---|---|---|---|---|",
    ]
    differing = sorted(set(only_theirs) | set(only_ours), key=lambda rule: (-only_theirs[rule] - only_ours[rule], rule))
    for rule in differing[: wanted.most]:
        lines.append(f"| {rule} | {rules[rule]['kind']} | {both[rule]} | {only_theirs[rule]} | {only_ours[rule]} |")
    if missing:
        lines += ["", "Not supported: " + ", ".join(sorted(missing)) + "."]
    text = "\n".join(lines) + "\n"
    print(text)
    if wanted.record:
        version = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", "spamassassin"], capture_output=True, text=True).stdout
        commit = subprocess.run(["git", "-C", HERE, "describe", "--always", "--dirty", "--exclude", "*"], capture_output=True, text=True).stdout.strip()
        load = open("/proc/loadavg").read().split()[0]
        with open(wanted.record, "w") as file:
            file.write(
                f"# {datetime.date.today()}: SpamAssassin's rules, held against SpamAssassin\n\n"
                f"Command: `corpus/spamassassin/compare.py`; Debian's spamassassin {version}; commit {commit}; load {load}. "
                f"{compared} messages of {', '.join(os.path.basename(folder) for folder in folders)}.\n\n{text}"
            )
    broken = [name for name, value, least, _ in rows if value < least]
    if otherwise:
        broken.append(f"{len(otherwise)} verdicts that are otherwise by need, of {otherwise[0]} the first")
    if broken:
        print("broken: " + ", ".join(broken))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
