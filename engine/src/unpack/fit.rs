//! Whether a file's content is what its declared type and its name say.

use super::Kind;

/// What honest files of a kind are called: extensions, and media types or their beginnings. Only kinds that content
/// tells with certainty are here.
const HONEST: &[(Kind, &[&str], &[&str])] = &[
    (
        Kind::Executable,
        &["exe", "dll", "scr", "com", "sys", "ocx", "cpl", "pif", "msi", "drv", "mui", "bin"],
        &[
            "application/x-msdownload",
            "application/x-dosexec",
            "application/x-msdos-program",
            "application/vnd.microsoft.portable-executable",
            "application/exe",
            "application/x-exe",
        ],
    ),
    (
        Kind::Elf,
        &["so", "o", "elf", "bin", "ko"],
        &["application/x-executable", "application/x-sharedlib", "application/x-elf"],
    ),
    (Kind::Shortcut, &["lnk"], &["application/x-ms-shortcut"]),
    (Kind::Java, &["jar", "class", "war", "ear"], &["application/java", "application/x-java"]),
    (
        Kind::Zip,
        &[
            "zip", "docx", "xlsx", "pptx", "docm", "xlsm", "pptm", "jar", "apk", "epub", "odt", "ods", "odp", "xpi",
            "kmz", "xps", "vsdx", "pages", "numbers", "key", "gz",
        ],
        &["application/zip", "application/x-zip", "application/vnd.", "application/epub", "application/java"],
    ),
    (
        Kind::OfficeXml,
        &[
            "docx", "xlsx", "pptx", "docm", "xlsm", "pptm", "dotx", "dotm", "xltx", "xltm", "potx", "ppsx", "ppsm",
            "vsdx", "zip", "xlam", "sldx",
        ],
        &["application/vnd.", "application/zip", "application/msword"],
    ),
    (
        Kind::OpenDocument,
        &["odt", "ods", "odp", "odg", "ott", "ots", "odf", "odb", "zip"],
        &["application/vnd.oasis", "application/zip"],
    ),
    (
        Kind::Gzip,
        &["gz", "tgz", "z", "svgz", "gzip", "emz", "wmz", "pcap"],
        &[
            "application/gzip",
            "application/x-gzip",
            "application/x-compressed",
            "application/x-tar",
            "application/x-tgz",
            "application/x-gtar",
            "application/x-gunzip",
        ],
    ),
    (Kind::Tar, &["tar"], &["application/x-tar", "application/x-gtar"]),
    (Kind::Rar, &["rar", "r00", "cbr"], &["application/vnd.rar", "application/x-rar", "application/rar"]),
    (Kind::SevenZip, &["7z"], &["application/x-7z"]),
    (
        Kind::Ole,
        &[
            "doc", "xls", "ppt", "msg", "msi", "dot", "xlt", "pps", "pub", "vsd", "mpp", "db", "wps", "xla", "msp",
            "one", "oft", // What Office calls objects and projects within documents of the new kind.
            "bin",
        ],
        &[
            "application/msword",
            "application/vnd.ms",
            "application/ms",
            "application/x-msi",
            "application/excel",
            "application/powerpoint",
            "application/x-msexcel",
            "application/mspowerpoint",
        ],
    ),
    (Kind::Pdf, &["pdf", "ai", "fdf"], &["application/pdf", "application/x-pdf", "application/acrobat"]),
    (Kind::Rtf, &["rtf", "doc"], &["application/rtf", "text/rtf", "text/richtext", "application/msword"]),
    (
        Kind::Html,
        &["html", "htm", "shtml", "xhtml", "mht", "mhtml", "hta", "asp", "aspx", "php", "jsp", "xht", "tpl"],
        &["text/html", "application/xhtml", "multipart/related", "text/x-server"],
    ),
    (Kind::OneNote, &["one", "onetoc2"], &["application/onenote", "application/msonenote"]),
    (Kind::Png, &["png"], &["image/png", "image/x-png"]),
    (Kind::Jpeg, &["jpg", "jpeg", "jpe", "jfif"], &["image/jpeg", "image/jpg", "image/pjpeg"]),
    (Kind::Gif, &["gif"], &["image/gif"]),
    (Kind::Iso, &["iso", "img", "udf"], &["application/x-iso9660", "application/x-cd-image"]),
];

/// Types that say nothing of the content.
const SILENT: &[&str] = &[
    "",
    "application/octet-stream",
    "application/x-unknown",
    "application/unknown",
    "binary/octet-stream",
    "application/binary",
    "application/force-download",
    "application/x-download",
];

/// Pictures are mislabelled among each other by honest programs, and no reader is harmed.
const PICTURES: &[Kind] = &[Kind::Png, Kind::Jpeg, Kind::Gif];

/// Whether neither the declared type nor the names fit the content, while one of them claims something. Without a claim
/// there is nothing to disagree with.
pub(super) fn disagrees(kind: Kind, declared: &str, names: &[String]) -> bool {
    let Some((_, extensions, types)) = HONEST.iter().find(|(known, _, _)| *known == kind) else { return false };
    let extension = |name: &String| {
        name.trim_end_matches(['.', ' ']).rsplit_once('.').map(|(_, it)| it.to_ascii_lowercase()).unwrap_or_default()
    };
    let named: Vec<String> = names.iter().map(extension).filter(|it| is_known(it)).collect();
    let typed = !SILENT.contains(&declared);
    let fits_name = named.iter().any(|it| extensions.contains(&it.as_str()));
    let fits_type = typed && types.iter().any(|it| declared.starts_with(it));
    let picture = PICTURES.contains(&kind) && (declared.starts_with("image/") || named.iter().any(|it| is_picture(it)));
    // Text types are what a mailer falls back to for any name it does not know; HTML in a text part is shown as text.
    let claims = !named.is_empty() || (typed && !declared.starts_with("text/") && !declared.starts_with("multipart/"));
    claims && !fits_name && !fits_type && !picture
}

/// Whether an extension claims a kind that is in the table, or one as plain.
fn is_known(extension: &str) -> bool {
    HONEST.iter().any(|(_, extensions, _)| extensions.contains(&extension))
        || is_picture(extension)
        || matches!(
            extension,
            "txt" | "csv" | "mp3" | "mp4" | "wav" | "avi" | "mov" | "eml" | "ics" | "vcf" | "xml" | "json" | "log"
        )
}

fn is_picture(extension: &str) -> bool {
    matches!(
        extension,
        "png" | "jpg" | "jpeg" | "jpe" | "jfif" | "gif" | "bmp" | "tif" | "tiff" | "webp" | "heic" | "ico" | "svg"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disguises_are_seen_and_honest_files_are_not() {
        let disagrees = |kind, declared: &str, name: &str| disagrees(kind, declared, &[name.to_owned()]);
        assert!(disagrees(Kind::Executable, "application/pdf", "invoice.pdf"));
        assert!(disagrees(Kind::Executable, "application/octet-stream", "invoice.pdf"));
        assert!(disagrees(Kind::Html, "application/pdf", "invoice.pdf"));
        assert!(disagrees(Kind::Zip, "image/png", "photo.png"));
        assert!(!disagrees(Kind::Executable, "application/octet-stream", "setup.exe"));
        assert!(!disagrees(Kind::Executable, "application/octet-stream", "setup"));
        assert!(!disagrees(Kind::Pdf, "application/octet-stream", "invoice.pdf"));
        assert!(!disagrees(Kind::Jpeg, "image/gif", "photo.gif"));
        assert!(!disagrees(Kind::Html, "text/plain", ""));
        assert!(!disagrees(Kind::Text, "application/pdf", "invoice.pdf"));
    }
}
