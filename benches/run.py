#!/usr/bin/env python3
"""Runs the workloads of benches/definitions/ with the release build, and holds what they counted against
benches/expected.toml: a run with a wrong count is void, and its figures are not shown.

    benches/run.py [NAME...]              runs them (all), prints a table
    benches/run.py --smoke                each once and small, for its counts: what CI runs
    benches/run.py --record SUBJECT       writes benches/records/DATE-SUBJECT/ as well: figures, summary, plots
    benches/run.py --bless [--smoke]      writes the counts into benches/expected.toml: read the difference

Exit code 0 all counted right, 1 a run is void, 2 an error. Times are CPU seconds; of each message the least of all passes.
"""

import argparse
import csv
import datetime
import os
import platform
import subprocess
import sys
import tempfile
import tomllib

import mail
import plot

HERE = os.path.dirname(os.path.abspath(__file__))
TREE = os.path.dirname(HERE)
TARGET = os.path.abspath(os.environ.get("CARGO_TARGET_DIR", os.path.join(TREE, "target")))
CORPORA = os.environ.get("TAMIS_CORPORA", os.path.expanduser("~/.cache/tamis-corpora"))
EXPECTED = os.path.join(HERE, "expected.toml")
PERCENTILES = [50, 95, 99]


class Failed(Exception):
    """What a person has to read."""


def definitions(names):
    folder = os.path.join(HERE, "definitions")
    found = {name[:-5]: os.path.join(folder, name) for name in sorted(os.listdir(folder)) if name.endswith(".toml")}
    wrong = [name for name in names if name not in found]
    if wrong:
        raise Failed(f"there is no workload {', '.join(wrong)}; there are {', '.join(found)}")
    loaded = {}
    for name in names or found:
        with open(found[name], "rb") as file:
            loaded[name] = tomllib.load(file)
    return loaded


def prepared(name, workload, small):
    """The arguments that say which mail and by what configuration. Makes the mail where it is made."""
    source = {**workload["mail"], **(workload.get("smoke", {}) if small else {})}
    folder = os.path.join(TARGET, "bench-mail", name + ("-small" if small else ""))
    if "corpus" in source:
        path = os.path.join(CORPORA, source["corpus"])
        if not os.path.isdir(path):
            raise Failed(f"{path} is not there: corpus/fetch.sh gets it")
    else:
        path = os.path.join(folder, "mail")
        mail.make(path, source["generator"], source["seed"], source["count"], source["size"])
        mail.lists(os.path.join(folder, "lists"), source["seed"])
    os.makedirs(folder, exist_ok=True)
    configuration = os.path.join(folder, "tamis.toml")
    with open(configuration, "w") as file:
        file.write(workload.get("config", ""))
    return ["--config", configuration, "--every", str(source.get("every", 1)), path]


def program(*arguments):
    """Runs the bench program; names and numbers, and the counts apart."""
    command = [os.path.join(TARGET, "release", "tamis-bench"), *map(str, arguments)]
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if run.returncode:
        raise Failed(f"{' '.join(command)}: {run.stderr.strip()}")
    counts, figures = {}, {}
    for line in run.stdout.splitlines():
        *names, number = line.split()
        if names[0] == "count":
            counts[names[1]] = int(number)
        elif names[0] == "wall_ns":
            figures["wall_ns"] = min(int(number), figures.get("wall_ns", int(number)))
        else:
            figures["-".join(names)] = int(number)
    return counts, figures


def percentiles(path):
    with open(path) as file:
        taken = sorted(int(row["cpu_ns"]) for row in csv.DictReader(file))
    return [taken[min(len(taken) - 1, len(taken) * n // 100)] for n in range(101)]


def run(name, workload, small):
    """All runs of a workload: a list of (threads, counts, figures, percentiles)."""
    if workload["command"] == "lists":
        of = {**workload, **(workload.get("smoke", {}) if small else {})}
        counts, figures = program(
            "lists", "--kind", of["kind"], "--entries", of["entries"], "--lookups", of["lookups"], "--seed", of["seed"]
        )
        for what in ("hits", "misses"):
            figures[what + "_ns_each"] = figures[what + "_ns"] // of["lookups"]
        return [(1, counts, figures, None)]
    arguments = prepared(name, workload, small)
    done = []
    for threads in [1] if small else workload["threads"]:
        raw = os.path.join(TARGET, "bench-mail", f"{name}-{threads}.csv")
        passes = 1 if small else workload.get("passes", 3)
        counts, figures = program("scan", "--threads", threads, "--passes", passes, "--raw", raw, *arguments)
        if threads == 1 and workload.get("stages"):
            figures |= program("stages", *arguments)[1]
        done.append((threads, counts, figures, percentiles(raw)))
    return done


def differences(expected, counts):
    names = sorted({*expected, *counts})
    return [f"{it} {counts.get(it, 0)}, not {expected.get(it, 0)}" for it in names if counts.get(it) != expected.get(it)]


def bless(expected):
    with open(EXPECTED, "w") as file:
        file.write("# What the workloads count. Written by benches/run.py --bless; a change of it is a change of what is found.\n")
        for name in sorted(expected):
            for size in sorted(expected[name]):
                file.write(f"\n[{name}.{size}]\n")
                file.writelines(f"{what} = {count}\n" for what, count in sorted(expected[name][size].items()))


def rows(results):
    """The table of scans and the table of lists, in Markdown."""
    scans = [
        "| workload | threads | messages | MB | messages a CPU s | MB a CPU s | p50 ms | p95 ms | p99 ms | peak MB |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    lists = [
        "| list | entries | built in CPU s | bytes an entry | text, bytes an entry | found ns | not found ns | peak MB |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for name, threads, counts, figures, curve in results:
        if curve:
            cpu = figures["cpu_ns"] / 1e9
            shown = " | ".join(f"{curve[n] / 1e6:.2f}" for n in PERCENTILES)
            scans.append(
                f"| {name} | {threads} | {counts['messages']} | {counts['bytes'] / 1e6:.1f} | {counts['messages'] / cpu:.0f} "
                f"| {counts['bytes'] / 1e6 / cpu:.1f} | {shown} | {figures['peak_bytes'] / 1e6:.0f} |"
            )
        else:
            entries = counts["entries"]
            lists.append(
                f"| {name.removeprefix('lists-')} | {entries} | {figures['build_ns'] / 1e9:.2f} "
                f"| {figures['list_bytes'] / entries:.1f} | {figures['text_bytes'] / entries:.1f} | {figures['hits_ns_each']} "
                f"| {figures['misses_ns_each']} | {figures['peak_bytes'] / 1e6:.0f} |"
            )
    return [*(scans if len(scans) > 2 else []), "", *(lists if len(lists) > 2 else [])]


def output(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, cwd=TREE).stdout.strip()


def record(folder, subject, results, command, load):
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "runs.csv"), "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["workload", "threads", "what", "value"])
        for name, threads, counts, figures, _ in results:
            writer.writerows([name, threads, what, value] for what, value in [*counts.items(), *figures.items()])
    curves = [(name, threads, curve) for name, threads, _, _, curve in results if curve]
    with open(os.path.join(folder, "percentiles.csv"), "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["percent"] + [f"{name} {threads} thread(s), cpu_ns" for name, threads, _ in curves])
        writer.writerows([n, *(curve[n] for _, _, curve in curves)] for n in range(101))
    staged = [
        (name, {it.removeprefix("stage-"): ns for it, ns in figures.items() if it.startswith("stage-")})
        for name, threads, _, figures, _ in results
        if threads == 1 and any(it.startswith("stage-") for it in figures)
    ]
    pictures = []
    scans = [(f"{n}, {t} thread{'s' * (t > 1)}", c, f) for n, t, c, f, curve in results if curve]
    if scans:
        cpu = lambda figures: figures["cpu_ns"] / 1e9
        rates = [(name, counts["messages"] / cpu(figures)) for name, counts, figures in scans]
        speeds = [(name, counts["bytes"] / 1e6 / cpu(figures)) for name, counts, figures in scans]
        peaks = [(name, figures["peak_bytes"] / 1e6) for name, _, figures in scans]
        pictures += [
            ("rates.svg", "Messages a CPU second", plot.bars(rates, "messages a CPU second")),
            ("speed.svg", "MB a CPU second", plot.bars(speeds, "MB a CPU second", 1)),
            ("messages.svg", "CPU time of a message", plot.curves([it for it in curves if it[1] == 1])),
            ("memory.svg", "Peak memory", plot.bars(peaks, "peak memory, MB")),
        ]
    if staged:
        pictures.append(("stages.svg", "Where the time goes", plot.stacks(staged, "share of the time of a scan, %")))
    for name, _, picture in pictures:
        with open(os.path.join(folder, name), "w") as file:
            file.write(picture)
    model = next((it.split(":")[1].strip() for it in open("/proc/cpuinfo") if it.startswith("model name")), platform.machine())
    text = [
        f"# {datetime.date.today()}: {subject}",
        "",
        f"By `{command}`, commit {output('git', 'describe', '--always', '--dirty', '--exclude', '*')}. Machine: {os.cpu_count()} "
        f"cores, {model}, {os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 1e9:.0f} GB, {platform.system()} "
        f"{platform.release()}; {output('rustc', '-V')}; Python {platform.python_version()}. Load {load[0]:.1f} before, "
        f"{os.getloadavg()[0]:.1f} after: the machine is shared, so figures are CPU time of the scan alone, of each message the least "
        "of all passes; look-ups are through the public `Engine::listed`, by subjects that were read before.",
        "Every run counted what benches/expected.toml says. benches/definitions/ has the workloads, `runs.csv` all figures.",
        "",
        *rows(results),
    ]
    for name, title, _ in pictures:
        text += ["", f"![{title}]({name})"]
    if staged:
        names = list(staged[0][1])
        text += ["", "Microseconds a message by stage, wall time, one pass:", "", "| workload | " + " | ".join(names) + " |"]
        text.append("|---|" + "---:|" * len(names))
        messages = {name: counts["messages"] for name, _, counts, _, curve in results if curve}
        text += [f"| {n} | " + " | ".join(f"{of[it] / 1e3 / messages[n]:.1f}" for it in names) + " |" for n, of in staged]
    with open(os.path.join(folder, "README.md"), "w") as file:
        file.write("\n".join(text) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true", help="each once and small, for its counts")
    parser.add_argument("--bless", action="store_true", help="writes the counts into benches/expected.toml")
    parser.add_argument("--record", metavar="SUBJECT", help="writes benches/records/DATE-SUBJECT/")
    parser.add_argument("names", nargs="*", metavar="NAME", help="which workloads; all unless told otherwise")
    given = parser.parse_args()
    if given.smoke and given.record:
        raise Failed("small runs are for their counts: --smoke and --record do not go together")
    chosen = definitions(given.names)
    # All members: with fewer, Cargo would choose other features and compile YARA anew.
    subprocess.run(["cargo", "build", "--quiet", "--release", "--workspace"], cwd=TREE, check=True)
    with open(EXPECTED, "rb") as file:
        expected = tomllib.load(file)
    size, load = "small" if given.smoke else "full", os.getloadavg()
    results, void = [], 0
    for name, workload in chosen.items():
        for threads, counts, figures, curve in run(name, workload, given.smoke):
            if given.bless:
                expected.setdefault(name, {})[size] = counts
            wrong = differences(expected.get(name, {}).get(size, {}), counts)
            if wrong:
                void += 1
                print(f"{name}, {threads} thread(s): void: {'; '.join(wrong)}", flush=True)
                continue
            print(f"{name}, {threads} thread(s): {', '.join(f'{n} {what}' for what, n in counts.items())}", flush=True)
            results.append((name, threads, counts, figures, curve))
    if given.bless:
        bless(expected)
    if not given.smoke:
        print("\n" + "\n".join(rows(results)))
    if void:
        print(f"\n{void} run(s) void. Where the change is meant: benches/run.py --bless{' --smoke' * given.smoke}, and read the difference")
    elif given.smoke:
        # That it can be written is seen now, and not at the end of the next long run.
        with tempfile.TemporaryDirectory() as folder:
            record(folder, "smoke", results, "benches/run.py --smoke", load)
    elif given.record:
        folder = os.path.join(HERE, "records", f"{datetime.date.today()}-{given.record}")
        record(folder, given.record, results, " ".join(["benches/run.py", *sys.argv[1:]]), load)
        print(f"\nwritten: {os.path.relpath(folder)}")
    return 1 if void else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (Failed, OSError, subprocess.CalledProcessError) as error:
        print(f"benches/run.py: {error}", file=sys.stderr)
        sys.exit(2)
