"""What the judges and Tamis show, side by side."""

from collections import Counter, defaultdict

from tricks import ALL

MARK = "<!-- written by ambiguity/run.py --bless -->"
# They make names of their own.
NAMELESS = ("ripmime", "munpack", "reformime")


class Report:
    def __init__(self, made, shown, seen, wanted):
        self.made, self.shown, self.seen = made, shown, seen
        self.found = {judge: {file for file in shown[judge] if self.shows(judge, file, wanted)} for judge in shown}
        self.ours = {file for file in made if seen[file][0] & wanted}
        anybody = set().union(*self.found.values())
        self.missed = sorted(anybody - self.ours)
        self.unnamed = {}
        for file in made:
            names = {name for judge in shown if judge not in NAMELESS for _, name in shown[judge].get(file, ()) if name}
            ours = {comparable(it) for it in seen[file][1]}
            lost = {name for name in names if comparable(name) and comparable(name) not in ours and not explained(name)}
            if lost:
                self.unnamed[file] = lost
        self.worse = sorted(set(self.missed) | set(self.unnamed))
        self.asked = len(next(iter(shown.values()), ()))

    def plus(self, other):
        """Of more messages. What each judge shows of those that are well is forgotten."""
        for mine, more in [(self.made, other.made), (self.seen, other.seen), (self.unnamed, other.unnamed)]:
            mine.update(more)
        for judge, shown in self.shown.items():
            shown.update({file: parts for file, parts in other.shown[judge].items() if file in other.unnamed})
            self.found[judge] |= other.found[judge]
        self.ours |= other.ours
        self.missed += other.missed
        self.worse += other.worse
        self.asked += other.asked
        return self

    def shows(self, judge, file, wanted):
        return any(digest in wanted for digest, _ in self.shown[judge][file])

    def title(self, file):
        applied, depth, encoding = self.made[file]
        return f"{' + '.join(it.name for it in applied)} (depth {depth}, {encoding.decode()})"

    def text(self):
        total = len(self.made)
        asked = "" if self.asked == total else f"; the judges were asked about {self.asked}"
        out = [f"{total} messages{asked}; the attachment is found in:"]
        for judge, files in [*self.found.items(), ("Tamis", self.ours)]:
            missed = len(files - self.ours)
            out.append(f"  {judge:16} {len(files):6}  {len(files) / total:6.1%}" + (f"  Tamis misses {missed}" if missed else ""))
        for file in self.missed[:200]:
            who = ", ".join(judge for judge, files in self.found.items() if file in files)
            out.append(f"missed: {self.title(file)}: {who}")
        if self.missed:
            counts = Counter(it.name for file in self.missed for it in self.made[file][0])
            out.append(f"missed in all {len(self.missed)}, of tricks: {counts.most_common(40)}")
        for file, names in list(self.unnamed.items())[:200]:
            who = {judge for judge in self.shown for _, name in self.shown[judge].get(file, ()) if name in names}
            ours = sorted(self.seen[file][1])
            out.append(f"no fact: {self.title(file)}: {sorted(names)} ({', '.join(sorted(who))}); Tamis: {ours}")
        if self.unnamed:
            counts = Counter(it.name for file in self.unnamed for it in self.made[file][0])
            out.append(f"names missing in {len(self.unnamed)}, of tricks: {counts.most_common(40)}")
        readings = Counter(seen[2] for seen in self.seen.values())
        out.append(f"readings: {sorted(readings.items())}")
        return "\n".join(out)

    def table(self):
        """A row for each trick alone: in how many of its eight messages each shows the attachment."""
        files = defaultdict(list)
        for file, (applied, _, _) in self.made.items():
            if len(applied) == 1:
                files[applied[0].name].append(file)
        columns = [*self.found.items(), ("Tamis", self.ours)]
        out = ["| trick | " + " | ".join(name for name, _ in columns) + " | defects |", "|---" * (len(columns) + 2) + "|"]
        for kind in dict.fromkeys(trick.kind for trick in ALL):
            out.append(f"| **{kind}** |" + " |" * (len(columns) + 1))
            for trick in (it for it in ALL if it.kind == kind):
                mine = files[trick.name]
                counts = [sum(file in found for file in mine) for _, found in columns]
                cells = [{0: "-", len(mine): "all"}.get(count, str(count)) for count in counts]
                defects = sorted(set.intersection(*[set(self.seen[file][3]) for file in mine]))
                out.append(f"| {trick.name} | " + " | ".join(cells) + f" | {', '.join(defects)} |")
        return "\n".join(out)

    def bless(self, path):
        with open(path) as file:
            head, mark, _ = file.read().partition(MARK)
        if not mark:
            raise SystemExit(f"{path}: no line {MARK!r}")
        with open(path, "w") as file:
            file.write(f"{head}{MARK}\n\n{self.table()}\n")


def explained(name):
    """Names that are no other name: encoded words as they stand, and bytes that a judge writes as escapes."""
    return "=?" in name or "\\x" in name


def comparable(name):
    """A name without what only printing changes: which blanks it has, and bytes that are no text."""
    return "".join(c for c in " ".join(name.split()) if " " <= c < "\x7f")
