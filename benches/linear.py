#!/usr/bin/env python3
"""Shows that no message makes reading it quadratic: counts the instructions of n pieces of each kind and of 2n, and fails where the
second takes more than 2.3 times as many. YARA is left out. Needs valgrind.

    benches/linear.py               all shapes
    benches/linear.py NAME...       these
    benches/linear.py --list        their names
    benches/linear.py --record      writes the table into benches/records/linear.md as well

The instructions are those of all stages from bytes to verdict; of `mime` apart, since a quadratic walk can hide behind a linear
rest. Limits are set so high that none is met, since one that ends
the work would make anything look linear; but for depth, of which there are 40 levels at most, and a shape beyond them. Exit code 1 where a shape is
not linear, 2 is an error.
"""

import argparse
import os
import sys

import instructions as counts
import run as bench

MOST = 2.3
# Stages that together take less than this many instructions are noise.
LEAST = 200_000
CONFIG = """
[scan]
headers = 1_000_000
header_bytes = 100_000_000
parts = 1_000_000
items = 1_000_000
links = 1_000_000
unpacked_bytes = 1_000_000_000
text_bytes = 100_000_000
steps = 1_000_000_000_000
[yara]
enabled = false
[bayes]
model = false
[rules]
stock = false
paths = ["rules.toml"]
"""
# One rule that wants every fact: what nobody wants is not made. The stock rules would take longer to load than all shapes take.
RULES = """
[rule.all]
what = "Everything"
why = "So that all is looked at"
when = 'size(files) + size(links) + size(images) + size(parts) + size(defects) + size(hops) + size(headers) + size(to) + size(cc) + body.words + html.elements > 100000000 || subject_folded == "x" || body.folded == "x" || body.script == "x"'
"""

HEAD = b"From: a@a.example\r\nTo: b@b.example\r\nSubject: %s\r\nMIME-Version: 1.0\r\n"


def message(fields=b"", body=b"text\r\n", subject=b"x"):
    return HEAD % subject + fields + b"\r\n" + body


def multipart(boundary, body):
    return message(b"Content-Type: multipart/mixed; boundary=%s\r\n" % boundary, body)


def nested(n):
    opened = b"".join(b"--b%d\r\nContent-Type: multipart/mixed; boundary=b%d\r\n\r\n" % (k, k + 1) for k in range(n))
    closed = b"".join(b"--b%d--\r\n" % k for k in range(n, -1, -1))
    return multipart(b"b0", opened + b"--b%d\r\n\r\nx\r\n" % n + closed)


def messages_within(n):
    return message(b"Content-Type: message/rfc822\r\n", b"Content-Type: message/rfc822\r\n\r\n" * n + b"Subject: x\r\n\r\ntext\r\n")


def parts(n):
    return multipart(b"b", b"--b\r\nContent-Type: text/plain; name=a.txt\r\n\r\ntext\r\n" * n + b"--b--\r\n")


def files(n):
    part = b"--b\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERi0xLjQK\r\n"
    return multipart(b"b", part * n + b"--b--\r\n")


def prefixes(n):
    """Forty multiparts, each with a boundary that the next one's begins with, and lines that might be delimiters of all."""
    names = [b"x" * (k + 1) for k in range(40)]
    opened = b"".join(b"--%s\r\nContent-Type: multipart/mixed; boundary=%s\r\n\r\n" % it for it in zip(names, names[1:]))
    return multipart(names[0], opened + b"--%s\r\n\r\n" % names[-1] + b"".join(b"--%sy\r\n" % names[k % 40] for k in range(n)))


def candidates(n):
    return multipart(b"b", b"--b\r\n\r\n" + b"".join(b"--c%d\r\n" % k for k in range(n)) + b"--b--\r\n")


def candidates_with_fields(n):
    """Delimiters that no field names, each with fields behind it."""
    return message(
        b"Content-Type: multipart/mixed\r\n",
        b"".join(b"--c%d\r\nContent-Type: text/plain\r\n\r\ntext\r\n" % k for k in range(n)),
    )


def continuations(n):
    pieces = b"".join(b";\r\n name*%d=abcdefgh" % k for k in range(n))
    return multipart(b"b", b"--b\r\nContent-Type: text/plain%s\r\n\r\nx\r\n--b--\r\n" % pieces)


def continuations_in_many(n):
    """As many as a field may have, in n fields."""
    pieces = b"".join(b";\r\n name*%d=abcdefgh" % k for k in range(400))
    return multipart(b"b", b"--b\r\nContent-Type: text/plain%s\r\n\r\nx\r\n" % pieces * n + b"--b--\r\n")


def comments(n):
    return message(b"Content-Type: text/plain %s\r\n" % (b"(" * n + b"a" + b")" * n))


def comments_open(n):
    return multipart(b"b", b"--b\r\nContent-Type: text/plain; %s\r\n\r\nx\r\n" % (b"(" * 500) * n + b"--b--\r\n")


def encoded_words(n):
    return message(subject=b"\r\n ".join([b"=?utf-8?q?a=C3=A4b?="] * n))


def encoded_words_broken(n):
    return message(subject=b"\r\n ".join([b"=?utf-8?q?a=C3"] * n))


def headers(n):
    return message(b"".join(b"X-Field-%d: value %d\r\n" % (k, k) for k in range(n)))


def headers_same(n):
    return message(b"Content-Type: text/plain; name=a\r\n" * n)


def headers_received(n):
    return message(b"Received: from a.example (a.example [192.0.2.1]) by b.example; Tue, 24 Nov 2026 10:00:00 +0000\r\n" * n)


def addresses(n):
    return message(b"Cc: " + b",\r\n ".join(b"Ann %d <ann%d@a.example>" % (k, k) for k in range(n)) + b"\r\n")


def one_line(n):
    return message(body=b"abcdefgh " * n + b"\r\n")


def one_line_of_hyphens(n):
    return multipart(b"b", b"--b\r\n\r\n" + b"--" * n + b"\r\n--b--\r\n")


def one_line_of_digits(n):
    return message(b"Content-Transfer-Encoding: base64\r\n", b"QUJD" * n + b"\r\n")


def base64_junk(n):
    return message(b"Content-Transfer-Encoding: base64\r\n", b"QU!JD=" * n + b"\r\n")


def quoted_broken(n):
    return message(b"Content-Transfer-Encoding: quoted-printable\r\n", b"=ZZ=4=\r\n" * n)


def carriage_returns(n):
    return message(body=b"a\r" * n)


def broken_lines(n):
    return message(b"no field\r\n" * n)


def preamble(n):
    return multipart(b"b", b"Content-Type: text/plain\r\n" * n + b"--b\r\n\r\nx\r\n--b--\r\n")


def closers(n):
    return multipart(b"b", b"--b\r\n\r\nx\r\n--b--\r\n" * n)


# Name, what makes it, and n. Where a limit on one field bounds the work, n stays below it.
SHAPES = [
    ("nested", nested, 18),
    ("nested-beyond-the-limit", nested, 400),
    ("messages-within", messages_within, 18),
    ("messages-within-beyond-the-limit", messages_within, 2_000),
    ("parts", parts, 2_000),
    ("files", files, 1_000),
    ("boundary-prefixes", prefixes, 10_000),
    ("boundary-candidates", candidates, 10_000),
    ("boundary-candidates-with-fields", candidates_with_fields, 3_000),
    ("continuation-segments", continuations, 350),
    ("continuation-segments-in-many", continuations_in_many, 40),
    ("comments", comments, 4_000),
    ("comments-open", comments_open, 200),
    ("encoded-words", encoded_words, 2_000),
    ("encoded-words-broken", encoded_words_broken, 2_000),
    ("headers", headers, 5_000),
    ("headers-same", headers_same, 5_000),
    ("headers-received", headers_received, 2_000),
    ("addresses", addresses, 2_000),
    ("one-line", one_line, 200_000),
    # 25 MB, and 50 MB: takes minutes.
    ("one-line-of-50-mb", one_line, 2_780_000),
    ("one-line-of-hyphens", one_line_of_hyphens, 100_000),
    ("one-line-of-digits", one_line_of_digits, 100_000),
    ("base64-junk", base64_junk, 20_000),
    ("quoted-printable-broken", quoted_broken, 20_000),
    ("carriage-returns", carriage_returns, 20_000),
    ("broken-lines", broken_lines, 5_000),
    ("preamble", preamble, 5_000),
    ("closers", closers, 5_000),
]


def counted(program, folder, name, raw):
    """Instructions: of `mime`, and of all stages."""
    path = os.path.join(folder, f"{name}.eml")
    with open(path, "wb") as file:
        file.write(raw)
    stages = counts.instructions(program, ["--config", os.path.join(folder, "tamis.toml"), path], ["mime"])
    return stages["mime"], sum(stages.values()), len(raw)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--list", action="store_true", help="prints the names")
    parser.add_argument("--program", help="a tamis-bench without YARA, in place of one that is built now")
    parser.add_argument("--record", action="store_true", help="writes benches/records/linear.md as well")
    given = parser.parse_args()
    if given.list:
        print("\n".join(name for name, _, _ in SHAPES))
        return 0
    unknown = [name for name in given.names if name not in [it for it, _, _ in SHAPES]]
    if unknown:
        raise bench.Failed(f"there is no shape {', '.join(unknown)}; --list names them")
    folder = os.path.join(bench.TARGET, "bench-mail", "linear")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "tamis.toml"), "w") as file:
        file.write(CONFIG)
    with open(os.path.join(folder, "rules.toml"), "w") as file:
        file.write(RULES)
    program = given.program or counts.build()
    lines, failed = ["| shape | n | bytes | instructions | at 2n | ratio | of `mime` |", "|---|---|---|---|---|---|---|"], []
    print("\n".join(lines))
    for name, make, n in SHAPES:
        if given.names and name not in given.names:
            continue
        mime, total, size = counted(program, folder, name, make(n))
        twice_mime, twice, _ = counted(program, folder, name, make(2 * n))
        ratios = [twice / total, twice_mime / mime]
        lines.append(f"| {name} | {n:,} | {size:,} | {total:,} | {twice:,} | {ratios[0]:.2f} | {ratios[1]:.2f} |")
        print(lines[-1], flush=True)
        if total > LEAST and ratios[0] > MOST or mime > LEAST and ratios[1] > MOST:
            failed.append(name)
    if given.record and not given.names:
        with open(os.path.join(bench.HERE, "records", "linear.md"), "w") as file:
            file.write(f"# Instructions at n and 2n\n\nBy `benches/linear.py --record`, {counts.compiler()}.\n\n" + "\n".join(lines) + "\n")
    if failed:
        print(f"\nmore than {MOST} times as much for twice as much: {', '.join(failed)}")
        return 1
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except bench.Failed as failure:
        print(f"benches/linear.py: {failure}", file=sys.stderr)
        sys.exit(2)
