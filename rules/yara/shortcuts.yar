// Shortcut files (.lnk) and their relatives.

rule shortcut_starts_shell
{
    meta:
        description = "A shortcut file starts a shell or a script host"
        author = "Tamis"
        licence = "MIT OR Apache-2.0"
        weight = 9
        hit = "samples/shell.lnk"
        hit = "samples/download.lnk"
        miss = "samples/document.lnk"
        miss = "samples/about-shortcuts.txt"
    strings:
        $shell = /\b(powershell|pwsh|cmd|mshta|wscript|cscript|rundll32|regsvr32|certutil|bitsadmin|msiexec|forfiles|curl|conhost)(\.exe)\b/ ascii wide nocase
        $address = /https?:\/\// ascii wide nocase
        $hidden = /-w(in(dowstyle)?)?\s+h/ ascii wide nocase
    condition:
        // The header's size and the class of shell links.
        uint32(0) == 0x4C and uint32(4) == 0x00021401 and ($shell or $address or $hidden)
}

rule internet_shortcut_to_file_share
{
    meta:
        description = "An internet shortcut opens a file on somebody's file share"
        author = "Tamis"
        licence = "MIT OR Apache-2.0"
        weight = 5
        hit = "samples/share.url"
        miss = "samples/website.url"
    strings:
        $begin = "[InternetShortcut]" nocase
        $target = /(^|\n)\s*(URL|IconFile|WorkingDirectory)\s*=\s*(file:\/\/+|\\\\)[^\r\n]{1,300}\.(exe|scr|lnk|js|vbs|hta|wsf|bat|cmd|jar|cpl|zip|url)\b/ nocase
    condition:
        filesize < 64KB and $begin and $target and extension == "url"
}
