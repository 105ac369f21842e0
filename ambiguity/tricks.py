"""The tricks: each changes a message so that some program reads it otherwise. By class, as in docs/readings.md."""

import base64
import binascii
import gzip
import re

from grammar import MARKER, NAME, Part, base64_lines, quoted_lines

ALL = []


class Trick:
    def __init__(self, kind, name, apply):
        self.kind, self.name, self.apply = kind, name, apply


def trick(kind, name):
    def add(function):
        ALL.append(Trick(kind, name, function))
        return function

    return add


def each(kind, table, change):
    for name, given in table:
        ALL.append(Trick(kind, name, lambda message, given=given: change(message, given)))


CTE, CT, CD = b"Content-Transfer-Encoding", b"Content-Type", b"Content-Disposition"

# --- headers: the field of the transfer encoding


def cte_value(message, form):
    field = message.leaf.first(CTE)
    field[1] = form(field[1])


def utf16_word(v):
    return b"=?utf-16be?b?" + base64.b64encode(v.decode("latin-1").encode("utf-16-be")) + b"?="


each(
    "headers",
    [
        ("cte-two-blank-first", lambda v: v + b" 7bit"),
        ("cte-two-blank-last", lambda v: b"7bit " + v),
        ("cte-two-comma-first", lambda v: v + b", 7bit"),
        ("cte-two-comma-last", lambda v: b"7bit, " + v),
        ("cte-two-semicolon-first", lambda v: v + b"; 7bit"),
        ("cte-quoted", lambda v: b'"' + v + b'"'),
        ("cte-half-quoted", lambda v: b'"' + v),
        ("cte-single-quoted", lambda v: b"'" + v + b"'"),
        ("cte-comment-before", lambda v: b"(x) " + v),
        ("cte-comment-after", lambda v: v + b" (x)"),
        ("cte-comment-touching", lambda v: v + b"(7bit)"),
        ("cte-comment-inside", lambda v: v[:4] + b"(x)" + v[4:]),
        ("cte-comment-open", lambda v: v + b" (x"),
        ("cte-comment-open-before", lambda v: b"(x " + v),
        ("cte-comment-nested", lambda v: b"(a(b)c)" + v),
        ("cte-doubled", lambda v: v + v),
        ("cte-digit-behind", lambda v: v + b"5"),
        ("cte-hyphen", lambda v: {b"base64": b"base-64"}.get(v, b"quotedprintable")),
        ("cte-x", lambda v: b"x-" + v),
        ("cte-blank-inside", lambda v: v[:4] + b" " + v[4:]),
        ("cte-odd-case", lambda v: v.swapcase()),
        ("cte-encoded-word", lambda v: b"=?utf-8?q?" + v + b"?="),
        ("cte-encoded-word-part", lambda v: v[:4] + b"=?utf-8?q?" + v[4:] + b"?="),
        ("cte-encoded-word-utf16", utf16_word),
        ("cte-folded-before", lambda v: b"\r\n " + v),
        ("cte-folded-twice", lambda v: b"\r\n \r\n " + v),
        ("cte-folded-inside", lambda v: v[:4] + b"\r\n " + v[4:]),
        ("cte-folded-blank-after", lambda v: v + b"\r\n "),
        ("cte-nul-after", lambda v: v + b"\0"),
        ("cte-nul-before", lambda v: b"\0" + v),
        ("cte-vt-before", lambda v: b"\x0b" + v),
        ("cte-tab-before", lambda v: b"\t" + v),
        ("cte-cr-inside", lambda v: v[:4] + b"\r" + v[4:]),
        ("cte-cr-after", lambda v: v + b"\r"),
        ("cte-escape", lambda v: v[:1] + b"\\" + v[1:]),
        ("cte-dot", lambda v: v + b"."),
        ("cte-eight-bit", lambda v: v + b"\xe9"),
        ("cte-unknown", lambda v: b"x-unknown-encoding"),
        ("cte-wrong-7bit", lambda v: b"7bit"),
        ("cte-wrong-8bit", lambda v: b"8bit"),
        ("cte-wrong-binary", lambda v: b"binary"),
        ("cte-wrong-other", lambda v: b"quoted-printable" if v == b"base64" else b"base64"),
        ("cte-empty", lambda v: b""),
        ("cte-equals", lambda v: v + b"=yes"),
        ("cte-angle", lambda v: b"<" + v + b">"),
    ],
    cte_value,
)


def cte_name(message, form):
    for field in message.leaf.find(CTE):
        field[0] = form(field[0])


each(
    "headers",
    [
        ("cte-name-blank-behind", lambda n: n + b" "),
        ("cte-name-tab-behind", lambda n: n + b"\t"),
        ("cte-name-blank-before", lambda n: b" " + n),
        ("cte-name-tab-before", lambda n: b"\t" + n),
        ("cte-name-vt-before", lambda n: b"\x0b" + n),
        ("cte-name-nul-before", lambda n: b"\0" + n),
        ("cte-name-nul-behind", lambda n: n + b"\0"),
        ("cte-name-cr-before", lambda n: b"X: y\r" + n),
        ("cte-name-lf-before", lambda n: b"X: y\n" + n),
        ("cte-name-case", lambda n: n.swapcase()),
        ("cte-name-comment", lambda n: n + b"(x)"),
        ("cte-name-eight-bit", lambda n: n + b"\xa0"),
    ],
    cte_name,
)


def another(message, given):
    part, at, field = given
    fields = getattr(message, part).fields
    fields.insert(at if at >= 0 else len(fields), list(field))


each(
    "headers",
    [
        ("cte-twice-last", ("leaf", 0, (CTE, b"7bit"))),
        ("cte-twice-first", ("leaf", -1, (CTE, b"7bit"))),
        ("cte-twice-unknown", ("leaf", 0, (CTE, b"nonsense"))),
        ("cte-twice-quoted-first", ("leaf", 0, (CTE, b"quoted-printable"))),
        ("cte-twice-base64-first", ("leaf", 0, (CTE, b"base64"))),
        ("line-is-none", ("leaf", 1, (b"", b"this is no field"))),
        ("line-is-none-before-encoding", ("leaf", 2, (b"", b"no colon here"))),
        ("line-without-name", ("leaf", 1, (b"", b": no name"))),
        ("mbox-from-in-part", ("leaf", 0, (b"", b"From ann@example.org Mon Mar  2 10:00:00 2026"))),
        ("blank-line-before-header", ("leaf", 0, (b"", b""))),
        ("type-twice-last", ("inner", 0, (CT, b"text/plain"))),
        ("type-twice-first", ("inner", -1, (CT, b"text/plain"))),
        ("boundary-two-types-last", ("inner", 0, (CT, b'multipart/mixed; boundary="other"'))),
        ("boundary-two-types-first", ("inner", -1, (CT, b'multipart/mixed; boundary="other"'))),
    ],
    another,
)


def without(message, given):
    part, name = given
    getattr(message, part).drop(name)


each(
    "headers",
    [
        ("cte-missing", ("leaf", CTE)),
        ("disposition-missing", ("leaf", CD)),
        ("type-missing", ("leaf", CT)),
        ("mime-version-missing", ("root", b"MIME-Version")),
    ],
    without,
)


# --- headers: the multipart's type


def container_type(message, form):
    for field in message.inner.find(CT):
        field[1] = form(field[1])


each(
    "headers",
    [
        ("type-two-comma-last", lambda v: b"text/plain, " + v),
        ("type-two-blank-last", lambda v: b"text/plain " + v),
        ("type-two-semicolon-last", lambda v: b"text/plain; " + v),
        ("type-no-slash", lambda v: v.replace(b"multipart/mixed", b"multipart")),
        ("type-no-subtype", lambda v: v.replace(b"multipart/mixed", b"multipart/")),
        ("type-text", lambda v: v.replace(b"multipart/mixed", b"text/plain")),
        ("type-octets", lambda v: v.replace(b"multipart/mixed", b"application/octet-stream")),
        ("type-unknown-subtype", lambda v: v.replace(b"/mixed", b"/x-unknown")),
        ("type-x-multipart", lambda v: v.replace(b"multipart/", b"x-multipart/")),
        ("type-digest", lambda v: v.replace(b"/mixed", b"/digest")),
        ("type-alternative", lambda v: v.replace(b"/mixed", b"/alternative")),
        ("type-case", lambda v: v.replace(b"multipart/mixed", b"MultiPart/MIXED")),
        ("type-comment-inside", lambda v: v.replace(b"multipart/", b"multipart(x)/")),
        ("type-comment-behind", lambda v: v.replace(b"/mixed", b"/mixed(x)")),
        ("type-comment-before", lambda v: b"(text/plain) " + v),
        ("type-comment-open", lambda v: v.replace(b"/mixed;", b"/mixed (x;")),
        ("type-encoded-word", lambda v: v.replace(b"multipart/mixed", b"=?utf-8?q?multipart/mixed?=")),
        ("type-blank-around-slash", lambda v: v.replace(b"multipart/", b"multipart / ")),
        ("type-quoted", lambda v: v.replace(b"multipart/mixed", b'"multipart/mixed"')),
        ("type-folded-before", lambda v: b"\r\n " + v),
        ("type-folded-inside", lambda v: v.replace(b"multipart/", b"multipart\r\n /")),
        ("type-no-semicolon", lambda v: v.replace(b";", b"")),
        ("type-comma-for-semicolon", lambda v: v.replace(b";", b",")),
        ("type-two-semicolons", lambda v: v.replace(b";", b";;")),
        ("type-nul-before", lambda v: b"\0" + v),
        ("type-vt-before", lambda v: b"\x0b" + v),
    ],
    container_type,
)


def container_name(message, form):
    for field in message.inner.find(CT):
        field[0] = form(field[0])


each(
    "headers",
    [
        ("type-name-blank-behind", lambda n: n + b" "),
        ("type-name-tab-behind", lambda n: n + b"\t"),
        ("type-name-blank-before", lambda n: b" " + n),
        ("type-name-cr-before", lambda n: b"X: y\r" + n),
        ("type-name-nul-behind", lambda n: n + b"\0"),
    ],
    container_name,
)

# --- boundaries


def boundary_parameter(message, form):
    """Puts `form(boundary)` in place of the boundary parameter."""
    for field in message.inner.find(CT):
        field[1] = re.sub(rb'boundary="[^"]*"', lambda _: form(message.inner.boundary), field[1], count=1)


def percent(b):
    return b.replace(b"=", b"%3D")


each(
    "boundaries",
    [
        ("boundary-twice-first", lambda b: b'boundary="' + b + b'"; boundary="other"'),
        ("boundary-twice-last", lambda b: b'boundary="other"; boundary="' + b + b'"'),
        ("boundary-extended-right", lambda b: b"boundary=\"other\"; boundary*=us-ascii''" + percent(b)),
        ("boundary-extended-wrong", lambda b: b'boundary="' + b + b"\"; boundary*=us-ascii''other"),
        ("boundary-extended-first", lambda b: b"boundary*=us-ascii''other; boundary=\"" + b + b'"'),
        ("boundary-extended-alone", lambda b: b"boundary*=us-ascii''" + percent(b)),
        ("boundary-pieces", lambda b: b'boundary*0="' + b[:5] + b'"; boundary*1="' + b[5:] + b'"'),
        ("boundary-pieces-reversed", lambda b: b'boundary*1="' + b[5:] + b'"; boundary*0="' + b[:5] + b'"'),
        ("boundary-pieces-from-one", lambda b: b'boundary*1="' + b[:5] + b'"; boundary*2="' + b[5:] + b'"'),
        ("boundary-pieces-gap", lambda b: b'boundary*0="' + b[:5] + b'"; boundary*2="' + b[5:] + b'"'),
        ("boundary-pieces-gap-whole", lambda b: b'boundary*0="' + b + b'"; boundary*2="x"'),
        ("boundary-pieces-doubled", lambda b: b'boundary*0="' + b[:5] + b'"; boundary*0="no"; boundary*1="' + b[5:] + b'"'),
        ("boundary-pieces-encoded", lambda b: b"boundary*0*=''" + percent(b[:5]) + b'; boundary*1="' + b[5:] + b'"'),
        ("boundary-pieces-and-plain", lambda b: b'boundary="other"; boundary*0="' + b[:5] + b'"; boundary*1="' + b[5:] + b'"'),
        ("boundary-unquoted", lambda b: b"boundary=" + b),
        ("boundary-quote-open", lambda b: b'boundary="' + b),
        ("boundary-quote-behind", lambda b: b"boundary=" + b + b'"'),
        ("boundary-single-quotes", lambda b: b"boundary='" + b + b"'"),
        ("boundary-escapes", lambda b: b'boundary="' + b[:3] + b"\\" + b[3:] + b'"'),
        ("boundary-quoted-junk", lambda b: b'boundary="' + b + b'"junk'),
        ("boundary-quoted-twice", lambda b: b'boundary=""' + b + b'""'),
        ("boundary-quote-part", lambda b: b'boundary="' + b[:4] + b'"' + b[4:]),
        ("boundary-blank-around", lambda b: b'boundary = "' + b + b'"'),
        ("boundary-folded-around", lambda b: b'boundary\r\n =\r\n "' + b + b'"'),
        ("boundary-folded-inside", lambda b: b'boundary="' + b[:5] + b"\r\n " + b[5:] + b'"'),
        ("boundary-comment-before", lambda b: b'boundary=(x)"' + b + b'"'),
        ("boundary-comment-behind", lambda b: b"boundary=" + b + b"(x)"),
        ("boundary-comment-name", lambda b: b'boundary(x)="' + b + b'"'),
        ("boundary-blank-end", lambda b: b'boundary="' + b + b'  "'),
        ("boundary-blank-begin", lambda b: b'boundary=" ' + b + b'"'),
        ("boundary-nul-behind", lambda b: b'boundary="' + b + b'\0x"'),
        ("boundary-semicolon-open", lambda b: b"boundary=" + b + b";x"),
        ("boundary-comma-open", lambda b: b"boundary=" + b + b",x"),
        ("boundary-encoded-word", lambda b: b'boundary="=?utf-8?q?' + b.replace(b"=", b"=3D").replace(b"_", b"=5F") + b'?="'),
        ("boundary-empty", lambda b: b'boundary=""'),
        ("boundary-absent", lambda b: b"x=y"),
        ("boundary-wrong", lambda b: b'boundary="other"'),
        ("boundary-case", lambda b: b'boundary="' + b.swapcase() + b'"'),
        ("boundary-name-case", lambda b: b'BOUNDARY="' + b + b'"'),
        ("boundary-longer", lambda b: b'boundary="' + b + b'-more"'),
        ("boundary-shorter", lambda b: b'boundary="' + b[:-2] + b'"'),
        ("boundary-in-value", lambda b: b'x="boundary=other"; boundary="' + b + b'"'),
        ("boundary-in-value-only", lambda b: b'x="; boundary=' + b + b'"'),
    ],
    boundary_parameter,
)


def new_boundary(message, part, boundary, quoted=True):
    old = part.boundary
    part.boundary = boundary
    form = b'boundary="' + boundary + b'"' if quoted else b"boundary=" + boundary
    for field in part.find(CT):
        field[1] = field[1].replace(b'boundary="' + old + b'"', form)


each(
    "boundaries",
    [
        ("boundary-with-comma", (b"ab,cd", True)),
        ("boundary-with-comma-open", (b"ab,cd", False)),
        ("boundary-with-semicolon", (b"ab;cd", True)),
        ("boundary-with-semicolon-open", (b"ab;cd", False)),
        ("boundary-with-blank", (b"ab cd", True)),
        ("boundary-with-blank-open", (b"ab cd", False)),
        ("boundary-with-quote-open", (b'ab"cd', False)),
        ("boundary-with-parenthesis", (b"ab(cd", False)),
        ("boundary-with-nul", (b"ab\0cd", True)),
        ("boundary-with-slash", (b"ab/c=d?:e", False)),
        ("boundary-eight-bit", (b"ab\xe9cd", True)),
        ("boundary-long", (b"b" * 100, True)),
        ("boundary-very-long", (b"b" * 700, True)),
        ("boundary-hyphens", (b"--", True)),
        ("boundary-ends-hyphens", (b"abcd--", True)),
        ("boundary-one-letter", (b"a", True)),
    ],
    lambda message, given: new_boundary(message, message.inner, *given),
)


def from_outer(message, form):
    if message.outer:
        new_boundary(message, message.inner, form(message.outer.boundary))


each(
    "boundaries",
    [
        ("boundary-inner-longer", lambda b: b + b"x"),
        ("boundary-inner-shorter", lambda b: b[:-1]),
        ("boundary-inner-equals-outer", lambda b: b),
    ],
    from_outer,
)


@trick("boundaries", "boundary-of-single-part")
def _(message):
    field = message.leaf.first(CT)
    field[1] = field[1] + b'; boundary="' + message.inner.boundary + b'"'


@trick("boundaries", "boundary-inner-absent-uses-outer")
def _(message):
    if message.outer:
        message.inner.boundary = message.outer.boundary
        for field in message.inner.find(CT):
            field[1] = b"multipart/mixed"


def outer_inside(message, given):
    outer = message.outer or message.inner
    lines = [b"Before.", b"--" + outer.boundary + given, b"", b"Behind."]
    message.inner.children.insert(1, Part([[CT, b"text/plain"]], lines))


each("boundaries", [("outer-close-inside", b"--"), ("outer-delimiter-inside", b"")], outer_inside)


def delimiter(message, given):
    for name, value in given.items():
        setattr(message.inner, name, value)


each(
    "boundaries",
    [
        ("delimiter-blank-before", {"before_delimiter": b" "}),
        ("delimiter-tab-before", {"before_delimiter": b"\t"}),
        ("delimiter-blank-behind", {"after_delimiter": b" \t "}),
        ("delimiter-junk-behind", {"after_delimiter": b"junk"}),
        ("delimiter-junk-after-blank", {"after_delimiter": b" junk"}),
        ("delimiter-nul-behind", {"after_delimiter": b"\0"}),
        ("delimiter-third-hyphen", {"before_delimiter": b"-"}),
        ("delimiter-after-cr", {"line_before": b"\r"}),
        ("delimiter-after-lf", {"line_before": b"\n"}),
        ("delimiter-after-nothing", {"line_before": b""}),
        ("delimiter-ends-cr", {"delimiter_end": b"\r"}),
        ("delimiter-ends-lf", {"delimiter_end": b"\n"}),
        ("delimiter-ends-crcrlf", {"delimiter_end": b"\r\r\n"}),
        ("close-missing", {"close": b""}),
        ("close-without-hyphens", {"close": b"--%s"}),
        ("close-one-hyphen", {"close": b"--%s-"}),
        ("close-blank", {"close": b"--%s --"}),
        ("close-junk", {"close": b"--%s--junk"}),
    ],
    delimiter,
)

# --- structure


def elsewhere(message, given):
    where, form = given
    setattr(message.inner, where, form(message))
    message.inner.children = message.inner.children[:1]


def behind_close(message):
    line = b"--" + message.inner.boundary
    return line + b"\r\n" + message.leaf.written() + b"\r\n" + line + b"--\r\n"


each(
    "structure",
    [
        ("payload-in-preamble", ("preamble", lambda message: message.leaf.written())),
        ("payload-in-epilogue", ("epilogue", lambda message: message.leaf.written())),
        ("part-behind-close", ("epilogue", behind_close)),
        ("uuencode-in-preamble", ("preamble", lambda _: uuencoded())),
        ("uuencode-in-epilogue", ("epilogue", lambda _: b"\r\n" + uuencoded())),
    ],
    elsewhere,
)


def separator(message, given):
    part, value = given
    getattr(message, part).separator = value


each(
    "structure",
    [
        (f"separator-{name}{'' if part == 'leaf' else '-' + part}", (part, value))
        for part in ("leaf", "root")
        for name, value in [
            ("crcrlf", b"\r\r\n"),
            ("lfcr", b"\n\r"),
            ("cr", b"\r"),
            ("lf", b"\n"),
            ("blank", b" \r\n"),
            ("tab", b"\t\r\n"),
            ("nul", b"\0\r\n"),
            ("vt", b"\x0b\r\n"),
            ("letter", b"x\r\n"),
            ("blank-then-empty", b" \r\n\r\n"),
            ("two", b"\r\n\r\n"),
            ("none", b""),
        ]
    ],
    separator,
)


@trick("structure", "header-behind-separator")
def _(message):
    encoding = message.leaf.find(CTE)
    message.leaf.fields = [field for field in message.leaf.fields if field not in encoding]
    more = b"".join(name + b": " + value + b"\r\n" for name, value in encoding)
    message.leaf.separator += more + b"\r\n"


def in_front(message, given):
    message.raw.append(lambda out: given + out)


each(
    "structure",
    [
        ("mbox-from-before", b"From ann@example.org Mon Mar  2 10:00:00 2026\r\n"),
        ("blank-line-before-message", b"\r\n"),
        ("byte-order-mark-first", b"\xef\xbb\xbf"),
    ],
    in_front,
)


@trick("structure", "byte-order-mark-in-part")
def _(message):
    message.leaf.fields[0][0] = b"\xef\xbb\xbf" + message.leaf.fields[0][0]


def wrapped(message, given):
    name, encode = given
    message.inner.fields.append([CTE, name])
    message.inner.wrap = encode


def as_base64(body):
    return b"\r\n".join(base64_lines(body))


def as_quoted(body):
    return b"\r\n".join(quoted_lines(body))


def as_it_is(body):
    return body


each(
    "structure",
    [
        ("container-base64", (b"base64", as_base64)),
        ("container-quoted", (b"quoted-printable", as_quoted)),
        ("container-declares-base64", (b"base64", as_it_is)),
        ("container-declares-quoted", (b"quoted-printable", as_it_is)),
    ],
    wrapped,
)


def in_message(message, given):
    media_type, encoding, encode = given
    leaf = message.leaf
    inner = Part([[b"Subject", b"Within"], [b"MIME-Version", b"1.0"]] + leaf.fields, leaf.lines)
    inner.separator = leaf.separator
    holder = Part([[CT, media_type]] + ([[CTE, encoding]] if encoding else []), [])
    holder.body = lambda: encode(inner.written())
    message.inner.children[-1] = holder


each(
    "structure",
    [
        ("message-within", (b"message/rfc822", b"", as_it_is)),
        ("message-base64", (b"message/rfc822", b"base64", as_base64)),
        ("message-quoted", (b"message/rfc822", b"quoted-printable", as_quoted)),
        ("message-declares-base64", (b"message/rfc822", b"base64", as_it_is)),
        ("message-global", (b"message/global", b"", as_it_is)),
        ("message-partial", (b'message/partial; id="a"; number=1; total=1', b"", as_it_is)),
        ("message-external", (b"message/external-body; access-type=local-file", b"", as_it_is)),
        ("message-news", (b"message/news", b"", as_it_is)),
        ("message-as-octets", (b"application/octet-stream", b"", as_it_is)),
        ("message-as-text", (b"text/plain", b"", as_it_is)),
        ("message-as-headers", (b"text/rfc822-headers", b"", as_it_is)),
    ],
    in_message,
)

# --- decoding


def in_base64(message, lines):
    """Base64 whatever was asked for: some tricks only exist in it."""
    message.encoding = b"base64"
    for field in message.leaf.find(CTE):
        field[1] = field[1].replace(b"quoted-printable", b"base64")
    message.leaf.lines = lines()


def junked(junk):
    return lambda: [line[:20] + junk + line[20:] for line in base64_lines(MARKER)]


def chunks(size, width=None):
    pieces = [base64.b64encode(MARKER[at : at + size]) for at in range(0, len(MARKER), size)]
    if width is None:
        return pieces
    joined = b"".join(pieces)
    return [joined[at : at + width] for at in range(0, len(joined), width)]


LINES = base64_lines(MARKER)

each(
    "decoding",
    [
        ("base64-junk-star", junked(b"*")),
        ("base64-junk-eight-bit", junked(b"\xe9\xff")),
        ("base64-junk-nul", junked(b"\0")),
        ("base64-junk-blank", junked(b"  ")),
        ("base64-junk-hyphen", junked(b"-")),
        ("base64-junk-dot", junked(b".")),
        ("base64-junk-equals", junked(b"=")),
        ("base64-junk-two-equals", junked(b"==")),
        ("base64-junk-percent", junked(b"%")),
        ("base64-junk-vt", junked(b"\x0b\x0c")),
        ("base64-junk-line", lambda: LINES[:1] + [b"!!! ??? !!!"] + LINES[1:]),
        ("base64-junk-first", lambda: [b"*" + LINES[0]] + LINES[1:]),
        ("base64-junk-last", lambda: LINES + [b"*"]),
        ("base64-junk-comment", lambda: LINES[:2] + [b"(comment)"] + LINES[2:]),
        ("base64-padding-middle", lambda: chunks(40)),
        ("base64-padding-middle-joined", lambda: chunks(40, 76)),
        ("base64-padding-once", lambda: [base64.b64encode(MARKER[:10]), *base64_lines(MARKER[10:])]),
        ("base64-padding-missing", lambda: [line.rstrip(b"=") for line in LINES]),
        ("base64-padding-too-much", lambda: LINES + [b"===="]),
        ("base64-padding-first", lambda: [b"="] + LINES),
        ("base64-padding-three", lambda: [base64.b64encode(MARKER[:9]) + b"==="] + base64_lines(MARKER[9:])),
        ("base64-lines-of-three", lambda: base64_lines(MARKER, 3)),
        ("base64-lines-of-one", lambda: base64_lines(MARKER, 1)),
        ("base64-lines-of-five", lambda: base64_lines(MARKER, 5)),
        ("base64-lines-of-six", lambda: base64_lines(MARKER, 6)),
        ("base64-one-line", lambda: base64_lines(MARKER, 10**6)),
        ("base64-data-behind-padding", lambda: LINES + [b"QUJD"]),
        ("base64-field-before", lambda: [b"X-Field: value"] + LINES),
        ("base64-blank-lines", lambda: sum(([line, b""] for line in LINES), [])),
        ("base64-blanks-at-line-ends", lambda: [line + b" \t" for line in LINES]),
        ("base64-blanks-at-line-starts", lambda: [b"  " + line for line in LINES]),
        ("base64-quoted-with", lambda: [b"> " + line for line in LINES]),
        ("base64-url-alphabet", lambda: [line.replace(b"+", b"-").replace(b"/", b"_") for line in LINES]),
        ("base64-armour", lambda: [b"-----BEGIN DATA-----"] + LINES + [b"-----END DATA-----"]),
        ("base64-lone-digit-first", lambda: [b"A", b"===="] + LINES),
        ("base64-text-behind", lambda: LINES + [b"", b"Sent with a free mailer."]),
        ("base64-dots-stuffed", lambda: [b"." + LINES[0]] + LINES[1:]),
    ],
    in_base64,
)


def in_quoted(message, lines):
    message.encoding = b"quoted-printable"
    for field in message.leaf.find(CTE):
        field[1] = field[1].replace(b"base64", b"quoted-printable")
    message.leaf.lines = lines()


QUOTED = quoted_lines(MARKER)


def lowered():
    return [re.sub(rb"=[0-9A-F]{2}", lambda it: it[0].lower(), line) for line in QUOTED]


def raw_bytes():
    return [re.sub(rb"=([89A-F][0-9A-F])", lambda it: bytes([int(it[1], 16)]), line) for line in QUOTED]


def all_escaped():
    text = b"".join(b"=%02X" % byte for byte in MARKER)
    lines = [text[at : at + 72] for at in range(0, len(text), 72)]
    return [line + b"=" for line in lines[:-1]] + lines[-1:]


def softly(end):
    return lambda: [end.join(QUOTED)]


each(
    "decoding",
    [
        ("quoted-lower-case", lowered),
        ("quoted-soft-blank", lambda: [line + b" \t" if line.endswith(b"=") else line for line in QUOTED]),
        ("quoted-soft-cr", softly(b"\r")),
        ("quoted-soft-lf", softly(b"\n")),
        ("quoted-soft-crcrlf", softly(b"\r\r\n")),
        ("quoted-long-lines", lambda: quoted_lines(MARKER, 2000)),
        ("quoted-equals-last", lambda: QUOTED[:-1] + [QUOTED[-1] + b"="]),
        ("quoted-raw-bytes", raw_bytes),
        ("quoted-lone-equals", lambda: [line.replace(b"=3DEND", b"=END") for line in QUOTED]),
        ("quoted-all-escaped", all_escaped),
        ("quoted-blanks-last", lambda: QUOTED[:-1] + [QUOTED[-1] + b"  "]),
        ("quoted-nul", lambda: [line.replace(b"=00", b"\0") for line in QUOTED]),
    ],
    in_quoted,
)


def uuencoded():
    lines = [b"begin 644 " + NAME]
    for at in range(0, len(MARKER), 45):
        lines.append(binascii.b2a_uu(MARKER[at : at + 45]).rstrip(b"\n"))
    return b"\r\n".join(lines + [b"`", b"end"]) + b"\r\n"


def yencoded():
    out = []
    for byte in MARKER:
        value = (byte + 42) & 255
        out.append(bytes([61, (value + 64) & 255]) if value in (0, 10, 13, 61) else bytes([value]))
    lines = [b"".join(out[at : at + 128]) for at in range(0, len(out), 128)]
    lines = [b"." + line if line.startswith(b".") else line for line in lines]
    size = len(MARKER)
    head = b"=ybegin line=128 size=%d name=%s\r\n" % (size, NAME)
    return head + b"\r\n".join(lines) + b"\r\n=yend size=%d crc32=%08x\r\n" % (size, binascii.crc32(MARKER))


BINHEX = b"!\"#$%&'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr"


def binhexed():
    def crc(data):
        return binascii.crc_hqx(data, 0).to_bytes(2, "big")

    head = bytes([len(NAME)]) + NAME + b"\0BINATAMS\0\0" + len(MARKER).to_bytes(4, "big") + bytes(4)
    data = head + crc(head) + MARKER + crc(MARKER) + crc(b"")
    data = data.replace(b"\x90", b"\x90\x00")
    bits = "".join(f"{byte:08b}" for byte in data)
    bits += "0" * (-len(bits) % 6)
    text = b":" + bytes(BINHEX[int(bits[at : at + 6], 2)] for at in range(0, len(bits), 6)) + b":"
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    return b"(This file must be converted with BinHex 4.0)\r\n\r\n" + b"\r\n".join(lines) + b"\r\n"


def other_encoding(message, given):
    encoding, media_type, body = given
    message.leaf.drop(CTE)
    if encoding:
        message.leaf.fields.append([CTE, encoding])
    if media_type:
        message.leaf.first(CT)[1] = media_type
        message.leaf.drop(CD)
    message.leaf.lines = [body()]


each(
    "decoding",
    [
        ("uuencode-declared", (b"x-uuencode", b"", uuencoded)),
        ("uuencode-uue", (b"uue", b"", uuencoded)),
        ("uuencode-x-uue", (b"x-uue", b"", uuencoded)),
        ("uuencode-plain-name", (b"uuencode", b"", uuencoded)),
        ("uuencode-undeclared", (b"", b"", uuencoded)),
        ("uuencode-in-text", (b"", b"text/plain", uuencoded)),
        ("uuencode-behind-text", (b"", b"text/plain", lambda: b"See below.\r\n\r\n" + uuencoded() + b"\r\nBye.")),
        ("uuencode-begin-without-mode", (b"", b"text/plain", lambda: uuencoded().replace(b"begin 644 ", b"begin  "))),
        ("uuencode-no-end", (b"x-uuencode", b"", lambda: uuencoded().replace(b"end\r\n", b""))),
        ("uuencode-blanks", (b"x-uuencode", b"", lambda: uuencoded().replace(b"`", b" "))),
        ("yenc-in-text", (b"8bit", b"text/plain", yencoded)),
        ("yenc-declared", (b"x-yencode", b"", yencoded)),
        ("yenc-binary", (b"binary", b"application/octet-stream", yencoded)),
        ("binhex-type", (b"", b"application/mac-binhex40", binhexed)),
        ("binhex-in-text", (b"", b"text/plain", binhexed)),
        ("binhex-declared", (b"x-binhex40", b"", binhexed)),
        ("gzip64", (b"x-gzip64", b"", lambda: as_base64(gzip.compress(MARKER, mtime=0)))),
    ],
    other_encoding,
)

# --- file names


def names(message, given):
    type_parameters, disposition = given
    message.leaf.first(CT)[1] = b"application/octet-stream" + type_parameters
    message.leaf.first(CD)[1] = b"attachment" + disposition


each(
    "names",
    [
        ("name-differs", (b'; name="one.txt"', b'; filename="two.exe"')),
        ("name-only-in-type", (b'; name="one.exe"', b"")),
        ("name-only-in-disposition", (b"", b'; filename="one.exe"')),
        ("name-twice", (b"", b'; filename="one.txt"; filename="two.exe"')),
        ("name-extended", (b"", b"; filename*=utf-8''one%2Eexe")),
        ("name-extended-and-plain", (b"", b"; filename=\"one.txt\"; filename*=utf-8''two.exe")),
        ("name-pieces", (b"", b'; filename*0="one."; filename*1="exe"')),
        ("name-pieces-reversed", (b"", b'; filename*1="exe"; filename*0="one."')),
        ("name-pieces-gap", (b"", b'; filename*0="one."; filename*2="exe"')),
        ("name-pieces-from-one", (b"", b'; filename*1="one."; filename*2="exe"')),
        ("name-pieces-doubled", (b"", b'; filename*0="one."; filename*0="two."; filename*1="exe"')),
        ("name-pieces-encoded", (b"", b"; filename*0*=utf-8''one%2E; filename*1*=%65xe")),
        ("name-pieces-mixed", (b"", b"; filename*0*=utf-8''one%2E; filename*1=\"%65xe\"")),
        ("name-pieces-and-plain", (b"", b'; filename="one.txt"; filename*0="two."; filename*1="exe"')),
        ("name-pieces-leading-zero", (b"", b'; filename*00="one."; filename*01="exe"')),
        ("name-encoded-word", (b"", b'; filename="=?utf-8?b?b25lLmV4ZQ==?="')),
        ("name-encoded-word-open", (b"", b"; filename==?utf-8?q?one=2Eexe?=")),
        ("name-encoded-words-two", (b"", b'; filename="=?utf-8?q?one?= =?utf-8?q?=2Eexe?="')),
        ("name-escapes", (b"", b'; filename="one\\.e\\xe"')),
        ("name-escaped-quote", (b"", b'; filename="one\\".exe"')),
        ("name-unquoted-blanks", (b"", b"; filename=one two.exe")),
        ("name-quote-open", (b"", b'; filename="one.exe')),
        ("name-quote-behind", (b"", b'; filename=one.exe"')),
        ("name-single-quotes", (b"", b"; filename='one.exe'")),
        ("name-comment", (b"", b"; filename=one(.txt).exe")),
        ("name-comment-behind", (b"", b'; filename="one.exe" (one.txt)')),
        ("name-double-extension", (b"", b'; filename="one.txt.exe"')),
        ("name-bidi", (b"", b"; filename*=utf-8''one%E2%80%AEtxt.exe")),
        ("name-trailing-dots", (b"", b'; filename="one.exe. . "')),
        ("name-blank-around", (b"", b'; filename = "one.exe"')),
        ("name-no-semicolon", (b"", b' filename="one.exe"')),
        ("name-folded", (b"", b';\r\n filename="one\r\n .exe"')),
        ("name-semicolon-inside", (b"", b'; filename="one.txt;.exe"')),
        ("name-semicolon-open", (b"", b"; filename=one.txt;.exe")),
        ("name-nul", (b"", b'; filename="one.exe\0.txt"')),
        ("name-path", (b"", b'; filename="dir/one.exe"')),
        ("name-eight-bit", (b"", b'; filename="on\xe9.exe"')),
        ("name-percent-plain", (b"", b'; filename="one%2Eexe"')),
        ("name-case", (b"", b'; FileName="one.exe"')),
        ("name-empty-then-name", (b'; name="two.exe"', b'; filename=""')),
    ],
    names,
)

each(
    "names",
    [
        ("disposition-twice-last", ("leaf", 0, (CD, b'inline; filename="one.txt"'))),
        ("disposition-twice-first", ("leaf", -1, (CD, b'inline; filename="one.txt"'))),
    ],
    another,
)

# --- transport


def rewritten(message, given):
    message.raw.append(given)


def header_lf(out):
    head, mark, rest = out.partition(b"\r\n\r\n")
    return head.replace(b"\r\n", b"\n") + b"\n\n" + rest if mark else out


each(
    "transport",
    [
        ("all-lf", lambda out: out.replace(b"\r\n", b"\n")),
        ("all-cr", lambda out: out.replace(b"\r\n", b"\r")),
        ("all-crcrlf", lambda out: out.replace(b"\r\n", b"\r\r\n")),
        ("header-lf-body-crlf", header_lf),
    ],
    rewritten,
)
each(
    "transport",
    [
        ("nul-in-header", ("leaf", 0, (b"X-Nul", b"a\0b"))),
        ("eight-bit-in-header", ("leaf", 0, (b"X-High", b"\xe9\xe8"))),
        ("long-line", ("leaf", 0, (b"X-Long", b"x" * 200_000))),
    ],
    another,
)


@trick("transport", "long-line-in-preamble")
def _(message):
    message.inner.preamble = b"y" * 200_000


@trick("transport", "cut-off")
def _(message):
    for container in message.containers:
        container.close = b""
