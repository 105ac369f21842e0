#!/usr/bin/env python3
"""What Python's email shows of each message: python_email.py compat32|default FILE... A line of JSON for each file."""

import email
import email.policy
import hashlib
import json
import sys


def parts(message):
    found = []
    for part in message.walk():
        if part.is_multipart():
            continue
        try:
            content = part.get_payload(decode=True)
        except Exception:
            content = None
        try:
            name = part.get_filename()
        except Exception:
            name = None
        if isinstance(content, bytes):
            found.append([hashlib.sha256(content.rstrip(b"\r\n")).hexdigest(), name and str(name)])
    return found


policy = email.policy.default if sys.argv[1] == "default" else email.policy.compat32
for file in sys.argv[2:]:
    with open(file, "rb") as source:
        raw = source.read()
    try:
        found = parts(email.message_from_bytes(raw, policy=policy))
    except Exception:
        # A parser that gives up shows nothing.
        found = []
    print(json.dumps({"file": file, "parts": found}))
