#!/usr/bin/env python3
"""Fills the corpora that fuzzing starts from: seed.py FOLDER writes FOLDER/TARGET/seed-* out of the repository's messages,
rules, lists, model and documents. What is there already stays: the same content has the same name."""

import base64
import binascii
import gzip
import hashlib
import io
import os
import quopri
import re
import sys
import tarfile
import tomllib
import zipfile
from email.parser import BytesParser
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OUT = Path(sys.argv[1])


def seed(target: str, data: bytes | str, most: int = 1 << 16) -> None:
    data = data.encode() if isinstance(data, str) else data
    folder = OUT / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"seed-{hashlib.sha256(data).hexdigest()[:16]}").write_bytes(data[:most])


def zipped(*members: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name), data)
    return out.getvalue()


def tarred(form: int, *members: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for name, data in members:
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return out.getvalue()


def uuencoded(data: bytes) -> bytes:
    lines = [binascii.b2a_uu(data[at : at + 45]) for at in range(0, len(data), 45)]
    return b"begin 644 a.txt\n" + b"".join(lines) + b"`\nend\n"


def messages() -> None:
    for path in sorted((ROOT / "corpus").rglob("*.eml")):
        raw = path.read_bytes()
        for target in ("mime", "scan", "cf-message"):
            seed(target, raw)
        seed("message", b"\0" + raw)
        if b"--" in raw:
            seed("message", b"\1" + re.split(rb"\r?\n\r?\n", raw, maxsplit=1)[-1])
        header = re.split(rb"\r?\n\r?\n", raw, maxsplit=1)[0]
        for field in re.split(rb"\r?\n(?![ \t])", header):
            seed("headers", field.split(b":", 1)[-1].strip())
        for part in BytesParser().parsebytes(raw).walk():
            if part.is_multipart():
                continue
            body = part.get_payload()
            body = body.encode("utf-8", "surrogateescape") if isinstance(body, str) else b""
            encoding = str(part.get("Content-Transfer-Encoding", "")).strip().lower()
            if encoding in ("base64", "quoted-printable"):
                seed(encoding, body)
            for target, word in (("uuencode", b"begin "), ("yenc", b"=ybegin "), ("binhex", b"converted with BinHex")):
                if word in body:
                    seed(target, body)
            if part.get_content_type() == "text/html":
                seed("html", part.get_payload(decode=True) or b"")
            seed("charsets", str(part.get_content_charset("utf-8")).encode("utf-8", "replace") + b"\n" + body)


def made() -> None:
    text = b"A text of some words, with =3D and +AGE- and \xc3\xa9 in it.\r\n" * 3
    seed("base64", base64.encodebytes(text))
    seed("base64", b"QUJD=RA==!Rg")
    seed("quoted-printable", quopri.encodestring(text))
    seed("uuencode", uuencoded(text))
    seed("uuencode", b"prose\n" + uuencoded(text) + b"more\n" + uuencoded(b"b"))
    seed("yenc", b"=ybegin part=1 line=128 size=9 name=a b.txt\r\n=ypart begin=1 end=9\r\n\x8c\x8b=J\r\n=yend size=9\r\n" * 2)
    # A header that says "a.txt", a run of one byte, and bytes that stand for themselves.
    plain = b"\x05a.txt\0TEXTttxt\0\0" + (30).to_bytes(4, "big") + bytes(6) + b"b\x90\x14" + b"c\x90\x00" + b"d" * 8 + bytes(2)
    letters = b"!\"#$%&'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr"
    bits = "".join(f"{byte:08b}" for byte in plain)
    data = bytes(letters[int(bits[at : at + 6].ljust(6, "0"), 2)] for at in range(0, len(bits), 6))
    seed("binhex", b"(This file must be converted with BinHex 4.0)\r\n\r\n:" + data + b":\r\n")
    seed("utf-7", b"a+AOk-b+2D3eAA-c+-")
    for label in "utf-8 utf-7 utf-16 utf-16be iso-2022-jp gb18030 big5 euc-kr euc-jp shift_jis koi8-r windows-1252 x".split():
        seed("charsets", label.encode() + b"\n" + text)
        seed("charsets", label.encode() + b"\n\x1b$B\xc3\xa9\x82\xa0+AOk-\xff\xfe\x00a")
    for html in (
        "<html><head><meta charset=utf-8><style>.x{display:none} #a,p b{color:#fff;font-size:0}</style></head><body>"
        "<p class=x>a<b id=a>b</b><a href='http://a.example/?q=1&amp;b'>c &eacute;</a><br><table><tr><td>d</table>",
        "<base href=http://b.example/><form action=x><input type=password></form><script>1</script><img src=//c/d.gif>"
        "<iframe src=e></iframe><!-- f --><meta http-equiv=refresh content='0;url=g'><p style='visibility:hidden'>h",
        "<p>late<style>p{display:none}</style><svg><a xlink:href=i>j</a></svg><textarea><b></textarea><![CDATA[k]]>",
    ):
        seed("html", html)
    inner = zipped(("b.exe", b"MZ" + bytes(30)), ("../c.txt", text))
    archives = {
        "gzip": [gzip.compress(text, mtime=0), gzip.compress(b"", mtime=0) + gzip.compress(inner, mtime=0)],
        "zip": [inner, zipped(("a/", b""), ("a.txt", b""), ("inner.zip", inner)), b"MZ" + inner],
        "tar": [
            tarred(form, ("a.txt", text), ("../b", b"b"), ("long/" * 40 + "name", b"c"))
            for form in (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT)
            if form != tarfile.USTAR_FORMAT
        ],
    }
    documents = os.path.join(os.path.expanduser(os.environ.get("TAMIS_CORPORA", "~/.cache/tamis-corpora")), "scanner")
    for folder, _, names in os.walk(documents):
        for name in names:
            with open(os.path.join(folder, name), "rb") as file:
                data = file.read(100_000)
            if data.startswith(b"\xd0\xcf\x11\xe0"):
                seed("ole", data)
    for target, files in archives.items():
        for data in files:
            seed(target, data)
            head = b"Content-Type: application/octet-stream; name=a\r\nContent-Transfer-Encoding: base64\r\n\r\n"
            seed("message", b"\0" + head + base64.encodebytes(data))
            seed("scan", head + base64.encodebytes(data))


def authored() -> None:
    rules = [path.read_text() for path in sorted((ROOT / "rules").glob("*.toml"))]
    documents = {path.stem: path.read_text() for path in sorted((ROOT / "docs").glob("*.md"))}
    blocks = lambda name: re.findall(r"^```.*?\n(.*?)^```", documents.get(name, ""), re.S | re.M)
    for text in rules + blocks("rules"):
        for rule in re.split(r"(?m)^(?=\[)", text):
            seed("rules", rule)
        for line in text.splitlines():
            if line.strip().startswith("when"):
                value = line.split("=", 1)[-1].strip().strip("'\"")
                seed("cel", value)
            elif "==" in line or "(" in line:
                seed("cel", line.strip())
        for rule in tomllib.loads(text).get("rule", {}).values() if text in rules else ():
            if isinstance(rule.get("when"), str):
                seed("cel", rule["when"])
    every = (ROOT / "engine/src/detect/spamassassin/every.cf").read_text()
    seed("cf", every)
    settings = every.split("\n\n")[0]
    for line in every.splitlines():
        if line and not line.startswith("#"):
            seed("cf", f"{settings}\n{line}\n")
    for condition in (
        "links.exists(l, l.host.endsWith('.example') && l.shown != '') && size(files) > 0",
        "subject.matches('(?i)invoice|rechnung') ? date < timestamp('2026-11-24T00:00:00Z') : hit('a') || true",
        "[1, 2.0, 'a', b'b', null][0] == 1 && 0x1F in [31u, -5 % 3] && has(from.address)",
        "received.map(r, r.by).filter(x, x.contains('mx')).size() >= 1 && duration('1h') > duration('5m')",
    ):
        seed("cel", condition)
    entries = "a.example\n*.b.example\n!c.b.example\n# a note\nanna@a.example\n@b.example\nhttp://c.example/d?e\n"
    entries += "192.0.2.0/24\n2001:db8::/32\n192.0.2.7\n" + "ab" * 32 + "\n" + "0" * 32 + "\n"
    for text in [entries, *entries.splitlines(), *blocks("lists")]:
        for kind in range(5):
            seed("lists", bytes([kind]) + text.encode())
    for model in sorted((ROOT / "models/stock").glob("*.model")):
        data = model.read_bytes()
        body = bytearray(data[8:400])
        body[48:52] = (2).to_bytes(4, "little")
        seed("model", bytes(body[:52]) + b"\x05\x01\x02\x07\x00\x03")
        seed("model", data[:300])
    for text in blocks("configuration"):
        seed("config", text)
        for section in re.split(r"(?m)^(?=\[)", text):
            seed("config", section)
    lists = "[lists.a]\nkind = 'domains'\neffect = 'block'\npath = ['a.txt']\n[[recipients]]\nname = 'b'\nfor = ['@b.example']\n"
    seed("config", lists + "lists = ['a']\ntag = 3.0\n[rules]\ndisable = ['x']\n[rules.scores]\ny = 1.5\n")


def doors() -> None:
    """What mail servers and HTTP clients say to the daemon."""

    def packet(letter: bytes, data: bytes = b"") -> bytes:
        return (len(data) + 1).to_bytes(4, "big") + letter + data

    hello = packet(b"O", b"\0\0\0\6\0\0\1\xff\0\x1f\xff\xff")
    client = packet(b"D", b"Cj\0mx.example\0{daemon_name}\0smtpd\0") + packet(b"C", b"a.example\x004\4\xd2192.0.2.1\0")
    client += packet(b"H", b"a.example\0") + packet(b"D", b"M{auth_authen}\0anna\0i\0004F1\0")
    envelope = packet(b"M", b"<a@b.example>\0SIZE=7\0") + packet(b"R", b"<c@d.example>\0") + packet(b"R", b"<cc@d.example>\0")
    head = packet(b"L", b"Subject\0 a\n\tb\0") + packet(b"L", b"Authentication-Results\0 mx.example; spf=pass\0") + packet(b"N")
    body = packet(b"B", b"x" * 1200 + b"\r\n") * 2
    end = packet(b"E", b"y")
    for step in (1, 2, 7, 255):
        for rest in (end, packet(b"A") + envelope + head + end, packet(b"K") + client + envelope + end, packet(b"U", b"z")):
            seed("milter", bytes([step]) + hello + client + envelope + head + body + rest + packet(b"Q"))
    seed("milter", b"\x40" + packet(b"O", b"\0\0\0\2\0\0\0\x3f\0\0\0\0") + packet(b"C", b"b\x006\0\0IPv6:2001:db8::1\0") + packet(b"T"))
    for value in (
        " mx.example 1; spf=pass (a (b) \\) c) smtp.mailfrom=a@b.example;\n dkim=fail header.d=c.example; arc=none",
        ' "mx.example"; dmarc=pass header.from="d.example"', " mx.example; none", " other.example; dkim/1=pass",
    ):
        seed("authres", value)
    for text in (
        "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /scan HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello",
        "POST /scan HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ):
        for cut in (1, 20):
            seed("http", bytes([cut]) + text.encode())


def words() -> None:
    """Dictionaries: words that a mutation may put in."""
    names = sorted(set(re.findall(r"`([a-z_.]+)`", (ROOT / "docs/facts.md").read_text())))
    cel = "exists all map filter exists_one contains startsWith endsWith matches size has hit in true false null".split()
    rule = ["[rule.a]", "what = 'a'", "why = 'b'", "in = 'body'", "any = ['c']", "all = ['d']", "when = 'e'", "hit = ['f']"]
    keys = sorted(set(re.findall(r"(?m)^#? ?([a-z_.\[\]]+)(?: =|$)", (ROOT / "docs/configuration.md").read_text())))
    mail = """Content-Type: Content-Transfer-Encoding: Content-Disposition: multipart/mixed message/rfc822 text/html text/plain
        boundary= charset= name= filename*0*= attachment base64 quoted-printable x-uuencode --b --b-- =?utf-8?B? ?= From:
        Received: Date: Subject: begin\\x20644\\x20 \\x0d\\x0a\\x0d\\x0a \\x0d\\x0a multipart/digest multipart/alternative""".split()
    html = "<style> </style> <script <a\\x20href= <p\\x20style= display:none <!-- --> <base\\x20href= <table <svg <meta &amp; &#".split()
    kept = {
        "yenc": ["=ybegin\\x20", "\\x20size=", "\\x20name=", "=ypart\\x20", "\\x0a=yend"],
        "binhex": ["(This\\x20file\\x20must\\x20be\\x20converted\\x20with\\x20BinHex", "\\x0a:", ":"],
        "cel": names + cel, "rules": names + cel + rule, "config": keys, "mime": mail, "message": mail, "scan": mail + html,
        "cf-message": mail + html, "cf": "header body rawbody uri full meta mimeheader score tflags multiple eval: exists: =~ !~ (?: (?= (?<! (?> \\\\1 *+ {2,} [^ \\\\b".split(),
        "headers": mail + "(Mon, Nov +0100 <a@b> from by with helo= [192.0.2.1] utf-8''".split(), "html": html,
        "zip": ["PK\\x03\\x04", "PK\\x01\\x02", "PK\\x05\\x06", "PK\\x07\\x08", "PK\\x06\\x06"], "tar": ["ustar", "path=", "size="],
    }  # fmt: skip
    folder = OUT / "words"
    folder.mkdir(parents=True, exist_ok=True)
    for target, entries in kept.items():
        lines = ['"' + entry.replace('"', '\\"') + '"\n' for entry in dict.fromkeys(entries)]
        (folder / target).write_text("".join(lines))


messages()
made()
authored()
doors()
words()
