//! Quarantined messages in a folder of our own: `ID.eml` as it came, and `ID.json`, its envelope and why. Takes a message,
//! returns when both are safely on disk, so that only then a recipient is taken from the envelope.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use serde_json::{Map, Value};
use tamis_engine::Verdict;

use crate::session::Message;

/// What is being written; it gets its name when it is whole.
const HALF: &str = "half";

/// Makes the folder where it is missing, takes away what an interrupted write left, and tries whether it can be written to.
pub(crate) fn open(folder: &Path) -> std::io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    for entry in std::fs::read_dir(folder)?.flatten() {
        let path = entry.path();
        if path.extension().is_some_and(|it| it == HALF) {
            std::fs::remove_file(path)?;
        }
    }
    let probe = folder.join(format!("probe.{HALF}"));
    write(&probe, b"")?;
    std::fs::remove_file(probe)
}

/// Writes a message and its envelope, for some of its recipients. When it returns well, both survive a loss of power; when it
/// does not, neither is there.
pub(crate) fn keep(
    folder: &Path,
    id: &str,
    message: &Message,
    held: &[String],
    verdict: Option<&Verdict>,
) -> std::io::Result<()> {
    let (whole, half) = (folder.join(format!("{id}.eml")), folder.join(format!("{id}.eml.{HALF}")));
    let envelope = folder.join(format!("{id}.json"));
    // Made anew or not at all: what was kept before is never written over.
    write(&envelope, format!("{}\n", describe(id, message, held, verdict)).as_bytes())?;
    let kept = write(&half, &message.raw)
        .and_then(|()| std::fs::rename(&half, &whole))
        .and_then(|()| File::open(folder)?.sync_all());
    if kept.is_err() {
        for path in [&half, &whole, &envelope] {
            let _ = std::fs::remove_file(path);
        }
    }
    kept
}

/// A new file with all of its bytes on disk, which only we may read.
fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    if written.is_err() {
        let _ = std::fs::remove_file(path);
    }
    written
}

fn describe(id: &str, message: &Message, held: &[String], verdict: Option<&Verdict>) -> Value {
    let mut out = Map::new();
    let mut put = |name: &str, value: Value| out.insert(name.to_owned(), value);
    put("id", id.into());
    put("time", tamis_common::time::to_text(tamis_common::time::now()).into());
    put("queue_id", message.queue_id.as_str().into());
    put("direction", if message.outbound { "outbound" } else { "inbound" }.into());
    put("from", message.mail_from.as_deref().unwrap_or_default().into());
    put("to", held.into());
    put("client", message.client.map(|ip| ip.to_string()).into());
    put("client_name", message.client_name.as_deref().into());
    put("helo", message.helo.as_deref().into());
    put("user", message.auth_user.as_deref().into());
    put("bytes", message.size.into());
    if let Some(verdict) = verdict {
        put("score", verdict.score.into());
        let reasons: Vec<Value> =
            verdict.reasons.iter().map(|it| format!("{}={:.1}", it.rule, it.score).into()).collect();
        put("reasons", reasons.into());
    }
    Value::Object(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap().flatten();
        let mut names: Vec<String> = entries.map(|it| it.file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_copy_is_whole_or_not_there() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("a/quarantine");
        open(&folder).unwrap();
        let raw = b"Subject: x\r\n\r\n\xff\0y".to_vec();
        let message = Message { raw: raw.clone(), mail_from: Some("a@b.example".into()), ..Message::default() };
        let held = ["c@d.example".to_owned()];
        keep(&folder, "1-0", &message, &held, None).unwrap();
        assert_eq!(names(&folder), ["1-0.eml", "1-0.json"]);
        assert_eq!(std::fs::read(folder.join("1-0.eml")).unwrap(), raw);
        let told: Value = serde_json::from_slice(&std::fs::read(folder.join("1-0.json")).unwrap()).unwrap();
        assert_eq!((&told["from"], &told["to"][0]), (&"a@b.example".into(), &"c@d.example".into()));
        // The same id once more is an error, and leaves what was kept.
        let other = Message { raw: b"other".to_vec(), ..Message::default() };
        assert!(keep(&folder, "1-0", &other, &held, None).is_err());
        assert_eq!(std::fs::read(folder.join("1-0.eml")).unwrap(), raw);
        // A copy that cannot be written leaves nothing: a folder stands where it would be.
        std::fs::create_dir_all(folder.join("1-1.eml/x")).unwrap();
        assert!(keep(&folder, "1-1", &message, &held, None).is_err());
        assert_eq!(names(&folder), ["1-0.eml", "1-0.json", "1-1.eml"]);
        // What an interrupted write left goes at the next start.
        std::fs::write(folder.join("1-2.eml.half"), "x").unwrap();
        open(&folder).unwrap();
        assert_eq!(names(&folder), ["1-0.eml", "1-0.json", "1-1.eml"]);
    }
}
