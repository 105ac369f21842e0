#!/usr/bin/env python3
"""scan.py FILE... judges messages through libtamis, with nothing but the standard library: a verdict a line, as JSON.
Exit 0 nothing found, 1 something found, 2 error. TAMIS_LIBRARY names another library."""

import ctypes
import json
import os
import sys

library = ctypes.CDLL(os.environ.get("TAMIS_LIBRARY", "libtamis.so.0"))
Handle, Text, Size = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t
Out = ctypes.POINTER
for name, result, *arguments in [
    ("engine_open", ctypes.c_int, Text, Size, Out(Handle)),
    ("engine_free", None, Handle),
    ("scan_new", ctypes.c_int, Handle, Out(Handle)),
    ("scan_message", ctypes.c_int, Handle, Text, Size, Out(Handle)),
    ("scan_reset", ctypes.c_int, Handle),
    ("scan_free", None, Handle),
    ("verdict_json", ctypes.c_int, Handle, Out(Text), Out(Size)),
    ("verdict_free", None, Handle),
    ("last_error", Text),
]:
    function = getattr(library, "tamis_" + name)
    function.restype, function.argtypes = result, arguments


def check(status: int) -> None:
    if status != 0:
        raise RuntimeError(library.tamis_last_error().decode())


def judge(scan: Handle, message: bytes) -> dict:
    verdict, text, length = Handle(), Text(), Size()
    check(library.tamis_scan_reset(scan))
    check(library.tamis_scan_message(scan, message, len(message), ctypes.byref(verdict)))
    try:
        check(library.tamis_verdict_json(verdict, ctypes.byref(text), ctypes.byref(length)))
        return json.loads(text.value)
    finally:
        library.tamis_verdict_free(verdict)


engine, scan, found = Handle(), Handle(), False
try:
    check(library.tamis_engine_open(b"", 0, ctypes.byref(engine)))
    check(library.tamis_scan_new(engine, ctypes.byref(scan)))
    for path in sys.argv[1:]:
        with open(path, "rb") as file:
            verdict = judge(scan, file.read()) | {"path": path}
        found |= verdict["action"] != "accept"
        print(json.dumps(verdict, ensure_ascii=False))
    library.tamis_scan_free(scan)
    library.tamis_engine_free(engine)
except (OSError, RuntimeError) as error:
    print(f"scan.py: {error}", file=sys.stderr)
    sys.exit(2)
sys.exit(int(found))
