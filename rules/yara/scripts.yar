// Scripts that fetch or unpack a program and start it.

private rule script_file
{
    condition:
        extension matches /^(js|jse|mjs|vbs|vbe|wsf|wsh|wsc|sct|hta|ps1|psm1|bat|cmd)$/ or
        // Not what somebody writes about such scripts: that is text in place, or a text file.
        (kind == "script" and filename != "" and not extension matches /^(txt|md|log|html?|pdf|eml)$/)
}

rule script_host_dropper
{
    meta:
        description = "A script for the Windows script host fetches or writes a file and starts it"
        author = "Tamis"
        licence = "MIT OR Apache-2.0"
        weight = 9
        hit = "samples/dropper.js"
        hit = "samples/dropper.vbs"
        hit = "samples/dropper.hta"
        miss = "samples/website.js"
        miss = "samples/logon.vbs"
        miss = "samples/about-droppers.txt"
    strings:
        $make1 = "ActiveXObject" nocase fullword
        $make2 = "CreateObject" nocase fullword
        $make3 = "GetObject" nocase fullword
        $fetch1 = "XMLHTTP" nocase
        $fetch2 = "WinHttpRequest" nocase
        $fetch3 = "ADODB.Stream" nocase
        $fetch4 = "SaveToFile" nocase fullword
        $fetch5 = "URLDownloadToFile" nocase
        $start1 = "WScript.Shell" nocase
        $start2 = "Shell.Application" nocase
        $start3 = "ShellExecute" nocase fullword
        $start4 = "Win32_Process" nocase
        $run = /\.\s*(run|exec|shellexecute|create)\b/ nocase
    condition:
        script_file and filesize < 5MB and
        any of ($make*) and any of ($fetch*) and any of ($start*) and $run
}

rule powershell_dropper
{
    meta:
        description = "A script has PowerShell fetch something and run it"
        author = "Tamis"
        licence = "MIT OR Apache-2.0"
        weight = 9
        hit = "samples/dropper.ps1"
        hit = "samples/dropper.bat"
        miss = "samples/admin.ps1"
        miss = "samples/about-droppers.txt"
    strings:
        $fetch1 = "DownloadString" nocase
        $fetch2 = "DownloadFile" nocase
        $fetch3 = "DownloadData" nocase
        $fetch4 = "Invoke-WebRequest" nocase
        $fetch5 = "Start-BitsTransfer" nocase
        $fetch6 = "Invoke-RestMethod" nocase
        $fetch7 = /\b(iwr|irm|curl)\s+[^\r\n]{0,80}https?:\/\// nocase
        $run1 = "Invoke-Expression" nocase
        $run2 = /[|;(\s]iex\b/ nocase
        $run3 = "Start-Process" nocase
        $run4 = "ShellExecute" nocase
        $run5 = "[Reflection.Assembly]::Load" nocase
        $hide1 = /-w(in(dowstyle)?)?\s+h(idden)?\b/ nocase
        $hide2 = /-ex(ec(utionpolicy)?)?\s+bypass/ nocase
        $hide3 = /-nop(rofile)?\b/ nocase
        $hide4 = "FromBase64String" nocase
    condition:
        script_file and filesize < 5MB and any of ($fetch*) and any of ($run*) and any of ($hide*)
}

rule powershell_encoded_command
{
    meta:
        description = "A script starts PowerShell with a program in base64"
        author = "Tamis"
        licence = "MIT OR Apache-2.0"
        weight = 9
        hit = "samples/encoded.bat"
        miss = "samples/admin.ps1"
    strings:
        $encoded = /powershell(\.exe)?\b[^\r\n]{0,200}\s-e(n|nc|nco|ncodedcommand)?\s+["']?[A-Za-z0-9+\/]{80,}/ nocase
    condition:
        script_file and filesize < 5MB and $encoded
}
