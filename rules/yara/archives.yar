// Archives whose content needs a password: what is in them cannot be looked at, but their lists of files can.

rule encrypted_zip_holds_program
{
    meta:
        description = "A program is in an archive that needs a password"
        author = "Tamis"
        licence = "MIT OR Apache-2.0"
        weight = 5
        hit = "samples/encrypted-program.zip"
        miss = "samples/encrypted-document.zip"
        miss = "samples/program.zip"
    strings:
        // A file's header: bit 0 of its flags says that it needs a password, and its name stands behind it.
        $file = /PK\x03\x04[\x00-\xff]{2}[\x01\x03\x05\x07\x09\x0b\x0d\x0f][\x00-\xff]{23}[^\x00\r\n]{1,200}\.(exe|scr|com|pif|bat|cmd|cpl|msi|js|jse|vbs|vbe|wsf|hta|ps1|lnk|dll|jar|iso|img|vhd)(PK|UT|ux|[\x00-\x1f\x80-\xff])/ nocase
        $entry = /PK\x01\x02[\x00-\xff]{4}[\x01\x03\x05\x07\x09\x0b\x0d\x0f][\x00-\xff]{37}[^\x00\r\n]{1,200}\.(exe|scr|com|pif|bat|cmd|cpl|msi|js|jse|vbs|vbe|wsf|hta|ps1|lnk|dll|jar|iso|img|vhd)(PK|UT|ux|[\x00-\x1f\x80-\xff])/ nocase
    condition:
        uint32be(0) == 0x504B0304 and any of them
}
