// Documents whose programs start by themselves. The source of each module is an item of its own, of kind "macro"; in the file it
// is packed, and the names that it uses stand beside it as they are, for files that are too broken to be opened. Members of
// OOXML are items of their own too, so that their path can be asked for.

rule macro_starts_and_runs
{
    meta:
        description = "A macro starts by itself when the document is opened, and starts programs or fetches files"
        author = "Tamis"
        licence = "MIT OR Apache-2.0"
        weight = 8
        hit = "samples/macro.doc"
        hit = "samples/macro.docm"
        hit = "samples/macro.bas"
        miss = "samples/macro-that-formats.doc"
        miss = "samples/macro-that-formats.bas"
        miss = "samples/document.doc"
    strings:
        $project = "_VBA_PROJECT" wide
        $start1 = "AutoOpen" ascii wide nocase fullword
        $start2 = "Auto_Open" ascii wide nocase fullword
        $start3 = "AutoExec" ascii wide nocase fullword
        $start4 = "Document_Open" ascii wide nocase fullword
        $start5 = "Workbook_Open" ascii wide nocase fullword
        $start6 = "Document_Close" ascii wide nocase fullword
        $start7 = "Auto_Close" ascii wide nocase fullword
        $start8 = "AutoClose" ascii wide nocase fullword
        $start9 = "Workbook_Activate" ascii wide nocase fullword
        $do1 = "WScript.Shell" ascii wide nocase
        $do2 = "Shell.Application" ascii wide nocase
        $do3 = "URLDownloadToFile" ascii wide nocase
        $do4 = "XMLHTTP" ascii wide nocase
        $do5 = "WinHttpRequest" ascii wide nocase
        $do6 = "ADODB.Stream" ascii wide nocase
        $do7 = "powershell" ascii wide nocase
        $do8 = "cmd.exe" ascii wide nocase
        $do9 = "ShellExecute" ascii wide nocase
        $do10 = "Win32_Process" ascii wide nocase
        $do11 = "VirtualAlloc" ascii wide nocase
        $do12 = "CreateThread" ascii wide nocase
        $do13 = "mshta" ascii wide nocase fullword
        $do14 = "regsvr32" ascii wide nocase
        $do15 = "rundll32" ascii wide nocase
        // Words of the source alone: among other names they say little.
        $source1 = /(^|[\n =(:])(VBA\.)?Shell[ (]/ nocase
        $source2 = /\n[ \t]*(Private |Public )?Declare (PtrSafe )?(Function|Sub) / nocase
        $source3 = "CreateObject(" nocase
        $source4 = "GetObject(" nocase
    condition:
        any of ($start*) and
        ((uint32be(0) == 0xD0CF11E0 and $project and any of ($do*)) or (kind == "macro" and (any of ($do*) or any of ($source*))))
}

rule macro_starts_by_itself
{
    meta:
        description = "A macro starts by itself when the document is opened"
        author = "Tamis"
        licence = "MIT OR Apache-2.0"
        weight = 2.5
        hit = "samples/macro.doc"
        hit = "samples/macro-that-formats.doc"
        hit = "samples/macro-that-formats.bas"
        miss = "samples/document.doc"
        miss = "samples/macro-on-a-button.doc"
        miss = "samples/macro-on-a-button.bas"
    strings:
        $project = "_VBA_PROJECT" wide
        $start = /\b(AutoOpen|Auto_Open|AutoExec|Document_Open|Workbook_Open|Document_Close|Auto_Close|AutoClose)\b/ ascii wide nocase
    condition:
        $start and ((uint32be(0) == 0xD0CF11E0 and $project) or kind == "macro")
}

rule document_holds_macro
{
    meta:
        description = "A document holds a program (macro)"
        author = "Tamis"
        licence = "MIT OR Apache-2.0"
        weight = 1
        hit = "samples/macro-on-a-button.bas"
        hit = "samples/macro.bas"
        miss = "samples/macro-empty.bas"
    strings:
        // A module that only says what it is belongs to every workbook.
        $procedure = /\n[ \t]*((Public|Private|Friend|Static)[ \t]+){0,2}(Sub|Function|Property)[ \t]/ nocase
    condition:
        kind == "macro" and $procedure
}

rule excel4_macro_starts_by_itself
{
    meta:
        description = "A workbook with macro sheets of the old kind (Excel 4) that start by themselves"
        author = "Tamis"
        licence = "MIT OR Apache-2.0"
        weight = 5
        hit = "samples/excel4.xls"
        hit = "samples/excel4.xlsm"
        hit = "samples/excel4.slk"
        hit = "samples/excel4.xlsb"
        miss = "samples/table.slk"
        miss = "samples/excel4-named.xls"
        miss = "samples/workbook.xlsx"
    strings:
        // BOUNDSHEET, of type 1: a macro sheet.
        $sheet = { 85 00 ?? 00 ?? ?? ?? ?? ( 00 | 01 | 02 ) 01 }
        // LBL, built in, 01: Auto_Open, or 02: Auto_Close.
        $name = { 18 00 ?? 00 ( 20 | 21 ) 00 ?? 01 ?? ?? 00 00 ?? ?? 00 00 00 00 [0-1] ( 01 | 02 ) }
        $xml = /<definedName [^>]{0,200}name="_xlnm\.Auto_(Open|Close)/ nocase
        $bin = /[\x09\x0a\x0f\x10]\x00\x00\x00(_\x00x\x00l\x00n\x00m\x00\.\x00)?A\x00u\x00t\x00o\x00_\x00(O\x00p\x00e\x00n|C\x00l\x00o\x00s\x00e)\x00/ nocase
        $link = /\nNN;NAuto_(Open|Close)/ nocase
    condition:
        (uint32be(0) == 0xD0CF11E0 and $sheet and $name) or
        (path endswith "xl/workbook.xml" and $xml) or
        (path endswith "xl/workbook.bin" and $bin) or
        // The text form of old workbooks, which still starts them.
        (uint32be(0) == 0x49443B50 and $link)
}

rule document_starts_program_by_dde
{
    meta:
        description = "A field of a document asks Windows to start a program (DDE)"
        author = "Tamis"
        licence = "MIT OR Apache-2.0"
        weight = 6
        hit = "samples/dde.docx"
        hit = "samples/dde.csv"
        hit = "samples/dde-sheet.xml"
        miss = "samples/about-dde.txt"
        miss = "samples/table.csv"
        miss = "samples/sheet.xml"
    strings:
        $field = /\bDDE(AUTO)?\b.{0,400}(cmd|powershell|mshta|wscript|cscript|rundll32|regsvr32|certutil)(\.exe)?\b/ nocase ascii wide
        $cell = /(^|[\r\n,;\t"])[=+@-]['"]?(cmd|powershell|mshta|msexcel|rundll32|regsvr32)(\.exe)?['"]?\|['"]/ nocase
        $sheet = /Formula="=['"]?(cmd|powershell|mshta|msexcel|rundll32|regsvr32)(\.exe)?['"]?\|/ nocase
        $office = /ddeService="(cmd|powershell|mshta|rundll32|regsvr32)/ nocase
        $binary = /\xe8\x02[\x00-\xff]{1,2}\x01\x00[\x00-\xff]\x00\x00\x00(c\x00m\x00d\x00|m\x00s\x00h\x00t\x00a\x00|p\x00o\x00w\x00e\x00r\x00s\x00h\x00)/ nocase
    condition:
        ($field and (path endswith "word/document.xml" or kind == "ole" or kind == "rtf" or kind == "xml")) or
        ($cell and extension matches /^(csv|slk|iqy|txt|tsv)$/) or
        ($sheet and kind == "xml") or
        (($office or $binary) and path contains "externalLinks/")
}

rule document_holds_program
{
    meta:
        description = "A file that a document holds is a program"
        author = "Tamis"
        licence = "MIT OR Apache-2.0"
        weight = 5
        hit = "samples/package.doc"
        miss = "samples/package-of-text.doc"
        miss = "samples/document.doc"
    strings:
        $native = "\x01Ole10Native" wide
        $program = /\.(exe|scr|com|pif|bat|cmd|vbs|vbe|js|jse|wsf|hta|ps1|lnk|msi|cpl)\x00/ nocase
    condition:
        uint32be(0) == 0xD0CF11E0 and $native and $program
}
