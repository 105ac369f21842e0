#!/usr/bin/env python3
"""Compares what Tamis finds in real mail with Python's `email` and the crate `mail-parser`: every content that either shows is to be
an item of Tamis, byte for byte, and every file name a name. A difference is explained by a rule below, or told.

    ambiguity/differential.py FOLDER...      folders of messages; exit code 1 where a difference is not explained
    ambiguity/differential.py --all FOLDER   every difference, explained or not

The judge `mail-parser` is built as for ambiguity/run.py.
"""

import argparse
import base64
import collections
import email
import email.policy
import hashlib
import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TREE = os.path.dirname(HERE)
sys.path.insert(0, HERE)

import judges  # noqa: E402

TAMIS = os.environ.get("TAMIS") or os.path.join(os.environ.get("CARGO_TARGET_DIR", os.path.join(TREE, "target")), "release/tamis")
# What may stand at a text's end: the line end before a delimiter belongs to it or to the text.
ENDS = (b"", b"\n", b"\r\n", b"\r", b"\n\n", b"\r\n\r\n")


def digests(content):
    bare = content.rstrip(b"\r\n")
    return {hashlib.sha256(it).hexdigest() for it in [content, *(bare + end for end in ENDS)]}


def name_of(part):
    try:
        return part.get_filename()
    except Exception:
        return None


def python_parts(raw):
    """(what it is called, digests of its content, name) of each leaf as Python's email shows it."""
    try:
        message = email.message_from_bytes(raw, policy=email.policy.compat32)
        leaves = [part for part in message.walk() if not part.is_multipart()]
    except Exception:
        return
    for part in leaves:
        try:
            content = part.get_payload(decode=True)
        except Exception:
            content = None
        if isinstance(content, bytes):
            yield part, content, name_of(part)


def crate_parts(files):
    """{file: [(exact digest, name, is text)]} as mail-parser shows them."""
    program = os.path.join(judges.PLACE, "crates", "release", "judge-crates")
    found = {}
    for at in range(0, len(files), 250):
        ran = subprocess.run([program, "mail-parser-exact", *files[at : at + 250]], stdout=subprocess.PIPE, text=True, errors="replace")
        for line in ran.stdout.splitlines():
            it = json.loads(line)
            found[it["file"]] = [tuple(part) for part in it["parts"]]
    return found


def tamis(files):
    found = {}
    for at in range(0, len(files), 1000):
        ran = subprocess.run([TAMIS, "parts", "--json", *files[at : at + 1000]], stdout=subprocess.PIPE, text=True, errors="replace")
        for line in ran.stdout.splitlines():
            it = json.loads(line)
            found[it["path"]] = it
    return found


def plain(name):
    """A name without what programs differ in and no system shows: encoded words decoded, which Python and mail-parser leave in some
    places, no blanks, no quotes; of bytes without a charset nothing."""
    text = re.sub(r"\?=\s+=\?", "?==?", str(name))
    text = re.sub(r"=\?([^?*]+)(?:\*[^?]*)?\?([BbQq])\?([^?]*)\?=", word, text)
    return "".join(c for c in text if not c.isspace() and c != "\ufffd" and c != "\\").strip("\"'").casefold()


def word(found):
    charset, way, text = found.groups()
    try:
        if way in "Bb":
            data = base64.b64decode(text + "=" * (-len(text) % 4))
        else:
            data = re.sub(rb"=([0-9A-Fa-f]{2})", lambda it: bytes([int(it[1], 16)]), text.encode().replace(b"_", b" "))
        return data.decode(charset, "replace")
    except (LookupError, ValueError):
        return found[0]


def shown(name, names):
    """Whether a name is among others, as far as its bytes have a charset."""
    if "\ufffd" not in str(name):
        return plain(name) in names
    pieces = [plain(piece) for piece in str(name).split("\ufffd")]
    return any(all(piece in known for piece in pieces) for known in names)


# Why a content may differ: a name, and whether it holds. Each is about what the other program does.
def why_content(part, content, seen, raw):
    defects = {it["defect"] for it in seen["defects"]}
    gaps = {it["limit"] for it in seen["incomplete"]}
    encoding = str(part.get("Content-Transfer-Encoding", "")).strip().lower()
    if not content.strip():
        return "nothing but blanks"
    if gaps & {"depth", "parts", "items", "bytes", "message-size", "headers"}:
        return "a limit of Tamis ended the search, which it says"
    if part.defects:
        kinds = {type(it).__name__ for it in part.defects}
        if kinds & {"InvalidBase64PaddingDefect", "InvalidBase64CharactersDefect", "InvalidBase64LengthDefect"}:
            return "broken base64, which Python leaves as it is or cuts (base64-junk, base64-padding)"
        if kinds & {"NoBoundaryInMultipartDefect", "StartBoundaryNotFoundDefect", "CloseBoundaryNotFoundDefect", "MultipartInvariantViolationDefect"}:
            return "a multipart without its delimiters, which Python shows as one text (boundary-*)"
        if kinds & {"MissingHeaderBodySeparatorDefect", "FirstHeaderLineIsContinuationDefect", "MisplacedEnvelopeHeaderDefect"}:
            return "a header that does not end well (header-malformed, mbox-from)"
    if encoding in ("x-gzip64", "gzip64"):
        return "an encoding that Python does not know"
    if "epilogue" in defects or re.search(rb"\n(--[^\r\n]+)\r?\n\1--", raw):
        return "a multipart without parts, of which Python shows what stands behind it (epilogue)"
    if encoding in ("x-uuencode", "uuencode", "uue", "x-uue"):
        return "uuencode, in which Python has the blanks otherwise"
    if encoding == "quoted-printable" and b"\r" in raw:
        return "quoted-printable, of which Python drops blanks and bare carriage returns at line ends"
    if encoding == "quoted-printable":
        return "quoted-printable, of which Python drops blanks at line ends"
    if b"\r" in content.replace(b"\r\n", b"") or b"\x0b" in content or b"\x0c" in content or b"\x1c" in content or b"\x85" in content:
        return "a line end that is one for Python alone (bare CR, VT, FF, FS, NEL)"
    if any(byte > 127 for byte in content) and part.get_content_maintype() == "text" and encoding not in ("base64", "quoted-printable"):
        return "eight-bit text, which Python encodes anew by the declared charset"
    if defects & {"bare-cr", "nul-byte", "header-malformed", "duplicate-boundary", "boundary-unclosed", "boundary-missing", "epilogue", "header-unterminated", "mbox-from"} - {"epilogue"}:
        return "where a part ends differs, and Tamis names what is malformed there"
    return None


def why_file(digest, seen, raw):
    defects = {it["defect"] for it in seen["defects"]}
    if digest == hashlib.sha256(b"").hexdigest():
        return "nothing"
    if defects & {"base64-padding", "base64-junk"}:
        return "broken base64, which mail-parser cuts (base64-padding, base64-junk)"
    if re.search(rb"\n(?:begin \d{3} |content-transfer-encoding: *x?-?uu)", raw, re.I):
        return "uuencode, which mail-parser leaves as it is"
    if any(item["declared_type"].startswith("text/") and item["kind"] not in ("text", "html") for item in seen["items"]):
        return "a text type that holds a file, which mail-parser converts to UTF-8"
    if defects & {"boundary-missing", "boundary-unclosed", "header-malformed"}:
        return "where a part ends differs, and Tamis names what is malformed there"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+")
    parser.add_argument("--all", action="store_true")
    given = parser.parse_args()
    failed = False
    for folder in given.folders:
        files = sorted(os.path.join(at, name) for at, _, names in os.walk(folder) for name in names if name.endswith((".eml", ".msg", ".txt")))
        # One message a file: mailboxes are another matter.
        seen = tamis(files)
        files = [file for file in files if file in seen]
        exact = crate_parts(files)
        equal, why, told = collections.Counter(), collections.Counter(), []
        for file in files:
            with open(file, "rb") as source:
                raw = source.read()
            it = seen[file]
            have = {item["sha256"] for item in it["items"]}
            names = {plain(name) for item in it["items"] for name in item["names"]}
            for part, content, name in python_parts(raw):
                if not content.strip() or digests(content) & have:
                    equal["contents"] += 1
                else:
                    reason = why_content(part, content, it, raw)
                    why[f"content: {reason}"] += 1
                    if reason is None or given.all:
                        told.append(f"{file}: a content of {len(content)} bytes that Python shows ({part.get_content_type()}): {reason}")
                if name and shown(name, names):
                    equal["names"] += 1
                elif name:
                    why["name"] += 1
                    told.append(f"{file}: the name {name!r} that Python shows, and not {sorted(names)[:5]}")
            for digest, name, is_text in exact.get(file, []):
                if digest in have:
                    equal["contents of mail-parser"] += 1
                elif is_text:
                    why["mail-parser: a text, which it converts to UTF-8"] += 1
                else:
                    reason = why_file(digest, it, raw)
                    why[f"mail-parser: {reason}"] += 1
                    if reason is None or given.all:
                        told.append(f"{file}: a file that mail-parser shows, {name!r}: {reason}")
                if name and shown(name, names):
                    equal["names of mail-parser"] += 1
                elif name and re.search(rb"content-type: *message/", raw, re.I) and name.endswith(".eml"):
                    why["mail-parser: the name of an attached message, whose parts Tamis has in its place"] += 1
                elif name:
                    why["mail-parser: a name"] += 1
                    told.append(f"{file}: the name {name!r} that mail-parser shows, and not {sorted(names)[:5]}")
        print(f"{folder}: {len(files)} messages; equal: {', '.join(f'{n} {what}' for what, n in equal.items())}")
        for reason, count in why.most_common():
            print(f"  {count:6} {reason}")
        print("\n".join(f"  {line}" for line in told))
        failed |= bool(told) and not given.all
    return failed


if __name__ == "__main__":
    sys.exit(main())
