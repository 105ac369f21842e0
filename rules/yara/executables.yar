// Programs under the names of documents.

private rule windows_program
{
    condition:
        uint16(0) == 0x5A4D and filesize > 64 and
        uint32(0x3C) < filesize - 4 and uint32(uint32(0x3C)) == 0x00004550
}

rule program_named_as_document
{
    meta:
        description = "A Windows program is named like a document or a picture"
        author = "Tamis"
        licence = "MIT OR Apache-2.0"
        weight = 8
        hit = "samples/program.pdf"
        miss = "samples/program.exe"
        miss = "samples/begins-with-mz.txt"
    condition:
        windows_program and
        extension matches /^(pdf|docx?|docm|rtf|odt|xlsx?|xlsm|ods|csv|pptx?|txt|log|html?|jpe?g|png|gif|bmp|webp|mp3|mp4|avi|mov)$/
}

rule program_with_two_extensions
{
    meta:
        description = "A Windows program has a document's extension before its own"
        author = "Tamis"
        licence = "MIT OR Apache-2.0"
        weight = 8
        hit = "samples/invoice.pdf.exe"
        hit = "samples/photo.jpg      .scr"
        miss = "samples/program.exe"
        miss = "samples/invoice.pdf.txt"
    condition:
        windows_program and
        filename matches /\.(pdf|docx?|rtf|xlsx?|csv|pptx?|txt|html?|jpe?g|png|gif|bmp|mp3|mp4|avi)[\s_.-]*\.(exe|scr|com|pif|cpl|bat|cmd)\s*$/i
}
