"""What other parsers' test suites expect of their messages, and why Tamis may see it otherwise. For ambiguity/expectations.py."""

import glob
import json
import os
import re
import unicodedata
import xml.etree.ElementTree as xml

# Charsets that texts in these suites are in.
CHARSETS = (
    "utf-8 iso-8859-1 windows-1252 iso-2022-jp shift_jis euc-jp gb18030 big5 euc-kr koi8-r windows-1251 windows-1250 windows-1255 "
    "windows-1256 iso-8859-2 iso-8859-7 iso-8859-8 iso-8859-9 windows-874 utf-7 utf-16 utf-16-le utf-16-be mac-roman cp437 hz"
).split()


class Case:
    """A message and what is expected of it: (kind, value) pairs."""

    def __init__(self, name, raw, expectations):
        self.name, self.raw, self.expectations = name, raw, expectations


def lines(content):
    """A content whatever ends its lines, and whether one ends it."""
    return content.replace(b"\r\n", b"\n").replace(b"\r", b"\n").rstrip(b"\n")


def ends(content):
    bare = content.replace(b"\r\n", b"\n")
    return content, bare, bare.replace(b"\n", b"\r\n")


def readings_of(content):
    for charset in CHARSETS:
        try:
            yield content.decode(charset, "replace")
        except (LookupError, UnicodeError):
            continue


def letters(text):
    """What is left of a text when blanks, marks of byte order and lost characters are taken out."""
    text = unicodedata.normalize("NFC", text)
    return "".join(c for c in text if not c.isspace() and c not in "\ufeff\ufffd\u200e\u200f\0")


def plain(name):
    return re.sub(r"\s+", " ", str(name)).strip("\"' ").casefold()


def read(path):
    with open(path, "rb") as file:
        return file.read()


def mime4j(folder):
    """Each leaf's decoded content lies in a file that `MESSAGE_decoded.xml` names."""
    for path in sorted(glob.glob(os.path.join(folder, "james-mime4j/**/*_decoded.xml"), recursive=True)):
        message = path.replace("_decoded.xml", ".msg")
        try:
            root = xml.parse(path).getroot()
        except xml.ParseError:
            # A field holds what XML may not: the names of the files are there all the same.
            root = None
        names = [it.get("name") for it in root.iter() if it.tag in ("text-body", "binary-body")] if root is not None else []
        names = names or re.findall(r'<(?:text|binary)-body name="([^"]+)"', read(path).decode("utf-8", "replace"))
        contents = [read(os.path.join(os.path.dirname(path), name)) for name in names]
        wanted = [("content", content) for content in contents if content.strip()]
        if os.path.exists(message):
            yield Case(os.path.basename(message), read(message), wanted)


def mail_parser(folder):
    """A tree for each message, as JSON: contents of files, texts in UTF-8, names."""

    def walk(tree, wanted):
        for part in tree["parts"]:
            body = part["body"]
            kind = next(iter(body)) if isinstance(body, dict) else body
            if kind in ("Text", "Html") and body[kind].strip():
                wanted.append(("text", body[kind]))
            elif kind in ("Binary", "InlineBinary") and body[kind]:
                wanted.append(("content", bytes(body[kind])))
            elif kind == "Message":
                walk(body[kind], wanted)
            for header in part["headers"] if kind not in ("Multipart", "Message") else []:
                attributes = header["value"].get("ContentType", {}).get("attributes") if isinstance(header["value"], dict) else None
                for it in attributes or []:
                    if it["name"] in ("name", "filename") and it["value"]:
                        wanted.append(("name", it["value"]))

    for path in sorted(glob.glob(os.path.join(folder, "stalwart-mail-parser/resources/eml/*/*.json"))):
        crlf = path.endswith(".crlf.json")
        raw = read(path.replace(".crlf.json", ".eml").replace(".json", ".eml"))
        wanted = []
        walk(json.loads(read(path)), wanted)
        raw = raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") if crlf else raw
        yield Case("/".join(path.split(os.sep)[-2:]), raw, wanted)


def perl(text):
    """A string of Perl as what it stands for."""
    text = re.sub(r"^qq\{(.*)\}$", r"\1", text)
    text = re.sub(r"\\x\{([0-9a-fA-F]+)\}", lambda it: chr(int(it[1], 16)), text)
    return re.sub(r"\\(.)", r"\1", text)


def mime_tools(folder):
    """A hash of Perl for each message: type, size and name of each part."""
    base = os.path.join(folder, "mime-tools")
    for path in sorted(glob.glob(os.path.join(base, "testmsgs/*.ref"))):
        text = read(path).decode("latin-1")
        parts, part = {}, None
        for line in text.splitlines():
            if it := re.match(r'  "?(\w+)"? => \{', line):
                part = parts.setdefault(it[1], {})
            elif (it := re.match(r'    "?(\w+)"? => (?:"(.*)"|(\S+?)),?$', line)) and part is not None:
                part[it[1]] = perl(it[2] if it[2] is not None else it[3])
        message = parts.get("Parser", {}).get("Message", os.path.basename(path).replace(".ref", ".msg"))
        message = os.path.join(base, message) if "/" in message else os.path.join(base, "testmsgs", message)
        wanted = []
        for name, part in parts.items():
            kind = part.get("Type", "").lower()
            if name == "Parser" or kind.startswith(("multipart/", "message/rfc822")):
                continue
            if int(part.get("Size", 0)):
                wanted.append(("size", int(part["Size"])))
            if kind and name.startswith(("Part", "Msg")):
                wanted.append(("type", kind))
            if part.get("Filename"):
                wanted.append(("name", part["Filename"]))
        if os.path.exists(message):
            yield Case(os.path.basename(path), read(message), wanted)


def mailcore2(folder):
    """A tree for each message: types and names of its leaves; and texts in a charset that is not declared."""

    def walk(it, wanted):
        if isinstance(it, list):
            for one in it:
                walk(one, wanted)
        elif isinstance(it, dict):
            if it.get("partType") == "single" and it.get("mimeType"):
                wanted.append(("type", it["mimeType"].lower()))
                if it.get("filename"):
                    wanted.append(("name", it["filename"]))
            for value in it.values():
                walk(value, wanted)

    base = os.path.join(folder, "mailcore2/unittest/data")
    for path in sorted(glob.glob(os.path.join(base, "parser/output/**/*"), recursive=True)):
        message = path.replace("/output/", "/input/")
        if os.path.isfile(path) and os.path.isfile(message):
            wanted = []
            walk(json.loads(read(path).decode("utf-8", "replace")), wanted)
            yield Case(os.path.relpath(message, os.path.join(base, "parser/input")), read(message), wanted)
    for path in sorted(glob.glob(os.path.join(base, "charset-detection/input/*"))):
        content = read(path)
        charset = os.path.basename(path).removesuffix(".txt")
        text = content.decode(charset, "replace")
        yield Case("charset-detection/" + charset, b"MIME-Version: 1.0\nContent-Type: text/plain\n\n" + content, [("shown", text)])


def mimekit(folder):
    """Files as they are, and encoded."""
    base = os.path.join(folder, "mimekit/UnitTests/TestData")

    def file(name):
        return read(os.path.join(base, name))

    if not os.path.isdir(base):
        return
    head = b"MIME-Version: 1.0\nContent-Type: application/octet-stream\nContent-Transfer-Encoding: "
    for encoded, plain_file, encoding in [
        ("encoders/photo.b64", "encoders/photo.jpg", b"base64"),
        ("encoders/photo.uu", "encoders/photo.jpg", b"x-uuencode"),
        ("encoders/wikipedia.qp", "encoders/wikipedia.txt", b"quoted-printable"),
    ]:
        yield Case(encoded, head + encoding + b"\n\n" + file(encoded), [("content", file(plain_file))])
    yield Case("yenc/simple.msg", file("yenc/simple.msg"), [("size", 584), ("name", "testfile.txt")])
    for name in sorted(glob.glob(os.path.join(base, "tnef/*.list"))):
        tnef = os.path.join(base, "tnef", os.path.basename(name).replace(".list", ".tnef"))
        raw = b"MIME-Version: 1.0\nContent-Type: application/ms-tnef; name=winmail.dat\nContent-Transfer-Encoding: binary\n\n" + read(tnef)
        wanted = [("name", line.strip()) for line in read(name).decode("utf-8", "replace").splitlines() if line.strip()]
        yield Case("tnef/" + os.path.basename(tnef), raw, wanted)


def mailparse(folder):
    """A message and the file that is attached to it."""
    base = os.path.join(folder, "mailparse")
    if os.path.isdir(base):
        wanted = [("content", read(os.path.join(base, "test_email_01_sample.pdf")))]
        yield Case("test_email_01.txt", read(os.path.join(base, "test_email_01.txt")), wanted)


PROJECTS = [
    ("james-mime4j", mime4j),
    ("mail-parser", mail_parser),
    ("mime-tools", mime_tools),
    ("mailcore2", mailcore2),
    ("mimekit", mimekit),
    ("mailparse", mailparse),
]


def why(project, case, kind, value, found):
    """Why Tamis does not have what is expected, each about what it does instead; `None` where no rule says so."""
    raw = case.raw.lower()
    if case.name.startswith("tnef/"):
        # What no opener is there for is told.
        return "TNEF, which is not opened yet, and that is told (unsupported)" if "unsupported" in found.gaps else None
    if kind == "name" and "\ufffd" in value:
        pieces = [plain(piece) for piece in value.split("\ufffd")]
        known = any(all(piece in plain(name) for piece in pieces) for name in found.names)
        return "a name in bytes without a charset, which the suite loses and Tamis reads" if known else None
    if kind in ("content", "text"):
        encoded = value if isinstance(value, bytes) else value.encode()
        if encoded.lstrip().startswith(b"begin "):
            return "uuencode, which the suite leaves as it is, and Tamis decodes" if b"uuencode" in raw else None
        if b"x-gzip64" in raw and encoded.startswith(b"H4sI"):
            return "x-gzip64, which the suite leaves as it is, and Tamis decodes and opens"
        if b"boundary=" in raw and re.search(rb"boundary=\"[^\"]*[ \t]+\"", raw):
            return "a boundary that ends in blanks, which may not be (RFC 2046) and which the suite takes to the letter"
        if "header-malformed" in found.defects and project == "james-mime4j":
            return "where a header ends with a line that is no field: the suite loses a line, Tamis has it in one of its readings"
        short = isinstance(value, bytes) and any(len(it) - 3 < len(value) < len(it) and it.startswith(value) for it in found.contents)
        if short and "base64-padding" in found.defects:
            return "a last group of base64 that is not whole, which the suite drops and Tamis decodes"
    if kind == "name" and b"message/rfc822" in raw:
        return "the name of an attached message, whose parts are items in its place (a fact of `parts`)"
    if kind == "type":
        if value.startswith("multipart/"):
            return "a multipart without parts, which the suite lists as a leaf, and of which Tamis has the text"
        if "/" not in value or value.endswith("/unknown"):
            return "a type without a slash, which the suite completes, and Tamis takes for text/plain (type-malformed)"
        if any(item["kind"] == value.split("/")[1] for item in found.items):
            return "a type that the suite takes from the name of a uuencoded file, and Tamis from its content (`kind`)"
        if b"content-type: message/rfc822" in raw:
            return "a message within, which the suite lists as a text, and Tamis takes apart"
    if kind == "size" and b"\nbegin " in raw:
        return "text around uuencoded files, which the suite makes parts of its own, and Tamis keeps whole"
    return None
