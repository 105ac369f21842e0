// Pages and pictures that build a file in the browser, so that no mail filter sees it on its way.

rule html_builds_file
{
    meta:
        description = "A page puts a file together in the browser and has it saved (HTML smuggling)"
        author = "Tamis"
        licence = "MIT OR Apache-2.0"
        weight = 6
        hit = "samples/smuggling.html"
        hit = "samples/smuggling-old.html"
        miss = "samples/page-with-export.html"
        miss = "samples/page-with-picture.html"
        miss = "samples/about-smuggling.html"
    strings:
        $script = /<script|<body[^>]{0,200}\sonload|javascript:/ nocase
        $decode1 = "atob(" nocase
        $decode2 = "fromCharCode" nocase
        $decode3 = "Uint8Array" nocase
        $decode4 = "charCodeAt" nocase
        $decode5 = "ArrayBuffer" nocase
        $build1 = /new\s+Blob\s*\(/ nocase
        $build2 = "createObjectURL" nocase
        $build3 = "msSaveOrOpenBlob" nocase
        $build4 = "msSaveBlob" nocase
        $build5 = /new\s+File\s*\(/ nocase
        $save1 = /\.download\s*=/ nocase
        $save2 = /setAttribute\s*\(\s*['"]download['"]/ nocase
        $save3 = "msSave" nocase
        $save4 = ".click()" nocase
        $payload = /["'`][A-Za-z0-9+\/]{400}/
        $binary = /["'`](TVqQ|TVpQ|UEsDB|UmFyI|0M8R4K|JVBERi|N3q8r|TVNDR|[A-Za-z0-9+\/]{0,4}Q0QwMD)/
    condition:
        filesize < 20MB and $script and any of ($decode*) and any of ($build*) and any of ($save*) and
        ($payload or $binary)
}

rule html_carries_program
{
    meta:
        description = "A page carries a program or an archive as text in its script"
        author = "Tamis"
        licence = "MIT OR Apache-2.0"
        weight = 4
        hit = "samples/smuggling.html"
        miss = "samples/page-with-picture.html"
    strings:
        $script = "<script" nocase
        $decode = /\batob\s*\(|fromCharCode|Uint8Array|base64ToArrayBuffer/ nocase
        $program = /["'`](TVqQAA|TVpQAA|UEsDB[A-Z]|UmFyIRo|N3q8ry|TVNDRgA)/
    condition:
        filesize < 20MB and $script and $decode and $program
}

rule svg_runs_script
{
    meta:
        description = "A picture (SVG) decodes a script, a page or an address and opens it"
        author = "Tamis"
        licence = "MIT OR Apache-2.0"
        weight = 6
        hit = "samples/redirect.svg"
        hit = "samples/smuggling.svg"
        miss = "samples/picture.svg"
        miss = "samples/moving.svg"
    strings:
        $svg = "<svg" nocase
        $script = /<script|\son(load|error|click|begin)\s*=|javascript:/ nocase
        $decode1 = "atob" nocase fullword
        $decode2 = "fromCharCode" nocase
        $decode3 = /\beval\s*\(|new\s+Function\s*\(/ nocase
        $decode4 = /unescape\s*\(|decodeURIComponent\s*\(/ nocase
        $decode5 = "charCodeAt" nocase
        $go1 = /(window|document|self|top|parent)?\.?location\b\s*(\.href|\.assign|\.replace)?\s*[=(\[]/ nocase
        $go2 = /window\.open\s*\(/ nocase
        $go3 = "createObjectURL" nocase
        $go4 = "document.write" nocase
        $go5 = /<foreignObject[\s\S]{0,2000}<iframe/ nocase
    condition:
        filesize < 20MB and (kind == "svg" or extension == "svg") and $svg in (0..4096) and $script and
        any of ($decode*) and any of ($go*)
}
