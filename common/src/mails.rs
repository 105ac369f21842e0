//! Where messages lie: files, folders, mailboxes, Maildirs, standard input. Takes paths, gives one message after another
//! in a settled order, and an error for each that cannot be read; never holds more than one message a thread, nor more
//! of it than the engine will read.
//!
//! A folder is read recursively, in the order of names. Links to folders are not followed, since they may lead in a
//! circle. Of a Maildir count `cur` and `new` (of it and of the folders in it), neither `tmp` nor the server's indices. What
//! plainly is no message is passed over and counted: hidden files, and notes and programs beside the mail (`.md`, `.toml`,
//! `.sh`, ...) that do not begin with a header field. A file that is named itself is always read.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::mbox::Splitter;
use crate::print;

/// A message that was read.
#[derive(Debug)]
pub struct Message {
    /// Where it lies, for people and for the verdict: its path, `-` for standard input, `PATH#2` in a mailbox.
    pub path: String,
    /// The file that it lies in; none for standard input.
    pub file: Option<PathBuf>,
    /// Its bytes, or as many as are read.
    pub raw: Vec<u8>,
    /// How many bytes it has.
    pub size: u64,
}

/// Something that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// Its path.
    pub path: String,
    /// Why, in one sentence.
    pub message: String,
}

impl std::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", print::safe(&self.path), print::safe(&self.message))
    }
}

/// A message that is still to be read, on whatever thread has time.
#[derive(Debug)]
pub enum Job {
    /// A file of its own.
    File(PathBuf, usize),
    /// Read already, because a mailbox has to be read in order.
    Read(Message),
    /// Not to be read.
    Failed(Unreadable),
}

impl Job {
    /// Reads it.
    pub fn load(self) -> Result<Message, Unreadable> {
        match self {
            Job::Read(message) => Ok(message),
            Job::Failed(failure) => Err(failure),
            Job::File(path, most) => {
                let read = || -> io::Result<(Vec<u8>, u64)> {
                    let file = File::open(&path)?;
                    let size = file.metadata()?.len();
                    let mut raw = Vec::with_capacity(usize::try_from(size).unwrap_or(most).min(most));
                    file.take(most as u64).read_to_end(&mut raw)?;
                    let size = size.max(raw.len() as u64);
                    Ok((raw, size))
                };
                let (raw, size) = read().map_err(|error| unreadable(&path, &error))?;
                Ok(Message { path: print::from_path(&path).into_owned(), file: Some(path), raw, size })
            }
        }
    }
}

/// Counts what was passed over, shared with whoever drew the messages.
#[derive(Clone, Debug, Default)]
pub struct PassedOver(Arc<AtomicU64>);

impl PassedOver {
    /// How many files so far.
    pub fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The messages below some paths, in order. An iterator of jobs.
#[derive(Debug)]
pub struct Mails {
    /// What is still to be visited, the next one last.
    waiting: Vec<Waiting>,
    open_box: Option<(Splitter<Box<dyn BufReadSend>>, PathBuf)>,
    most: usize,
    passed_over: PassedOver,
}

/// A stream that may change threads.
trait BufReadSend: BufRead + Send + std::fmt::Debug {}
impl<T: BufRead + Send + std::fmt::Debug> BufReadSend for T {}

#[derive(Debug)]
enum Waiting {
    Stdin,
    Folder(PathBuf),
    /// A file, and whether somebody named it.
    File(PathBuf, bool),
}

/// Extensions of what lies beside mail and is none.
const BESIDE: &[&str] =
    &["bat", "css", "html", "js", "json", "md", "pl", "py", "rs", "rst", "sh", "toml", "txt", "yaml", "yml"];

impl Mails {
    /// The messages below `paths`; `-` is standard input. At most `most` bytes of each are kept, one more than the engine
    /// reads, so that it can tell. A path that is not there, or not to be read, is an error before anything is read.
    pub fn open(paths: &[PathBuf], most: u32) -> Result<Mails, Vec<Unreadable>> {
        let mut waiting = Vec::new();
        let mut failures = Vec::new();
        for path in paths {
            if path.as_os_str() == "-" {
                waiting.push(Waiting::Stdin);
                continue;
            }
            match check(path) {
                Ok(true) => waiting.push(Waiting::Folder(path.clone())),
                Ok(false) => waiting.push(Waiting::File(path.clone(), true)),
                Err(error) => failures.push(unreadable(path, &error)),
            }
        }
        if !failures.is_empty() {
            return Err(failures);
        }
        waiting.reverse();
        let most = (most as usize).saturating_add(1);
        Ok(Mails { waiting, open_box: None, most, passed_over: PassedOver::default() })
    }

    /// How many files will have been passed over.
    pub fn passed_over(&self) -> PassedOver {
        self.passed_over.clone()
    }

    /// The files and bytes that a run over `paths` reads, for a progress bar; standard input counts for nothing.
    pub fn measure(paths: &[PathBuf]) -> (u64, u64) {
        let Ok(mut mails) = Mails::open(paths, 0) else { return (0, 0) };
        let (mut files, mut bytes) = (0, 0);
        mails.waiting.retain(|it| !matches!(it, Waiting::Stdin));
        while let Some(it) = mails.visit() {
            if let Ok((path, _)) = it {
                files += 1;
                bytes += fs::metadata(&path).map_or(0, |data| data.len());
            }
        }
        (files, bytes)
    }

    /// The next file; folders on the way are opened.
    fn visit(&mut self) -> Option<Result<(PathBuf, bool), Unreadable>> {
        loop {
            match self.waiting.pop()? {
                Waiting::Stdin => return Some(Ok((PathBuf::from("-"), true))),
                Waiting::File(path, named) => return Some(Ok((path, named))),
                Waiting::Folder(path) => match children(&path) {
                    Ok(children) => self.waiting.extend(children.into_iter().rev()),
                    Err(error) => return Some(Err(unreadable(&path, &error))),
                },
            }
        }
    }

    /// The next message of the mailbox that is open.
    fn next_of_box(&mut self) -> Option<Job> {
        let (splitter, path) = self.open_box.as_mut()?;
        let shown = print::from_path(path);
        match splitter.next() {
            Ok(Some(split)) => {
                let name = if split.number == 0 { shown.into_owned() } else { format!("{shown}#{}", split.number) };
                let file = (path.as_os_str() != "-").then(|| path.clone());
                Some(Job::Read(Message { path: name, file, raw: split.raw, size: split.size }))
            }
            Ok(None) => {
                self.open_box = None;
                None
            }
            Err(error) => {
                let failure = unreadable(path, &error);
                self.open_box = None;
                Some(Job::Failed(failure))
            }
        }
    }
}

impl Iterator for Mails {
    type Item = Job;

    fn next(&mut self) -> Option<Job> {
        loop {
            if let Some(job) = self.next_of_box() {
                return Some(job);
            }
            let (path, named) = match self.visit()? {
                Ok(it) => it,
                Err(failure) => return Some(Job::Failed(failure)),
            };
            if path.as_os_str() == "-" && named {
                let stdin: Box<dyn BufReadSend> = Box::new(BufReader::new(io::stdin()));
                self.open_box = Some((Splitter::new(stdin, self.most), path));
                continue;
            }
            let start = match start_of(&path) {
                Ok(start) => start,
                Err(error) => return Some(Job::Failed(unreadable(&path, &error))),
            };
            if !named && is_beside(&path, &start) {
                self.passed_over.0.fetch_add(1, Ordering::Relaxed);
                continue;
            }
            // Whoever might be a mailbox is read here, in order; the rest by the thread that scans it.
            if !start.starts_with(b"From ") {
                return Some(Job::File(path, self.most));
            }
            match File::open(&path) {
                Ok(file) => {
                    // From 64 KB on giving memory back has the allocator tidy up.
                    let file: Box<dyn BufReadSend> = Box::new(BufReader::with_capacity(32 << 10, file));
                    self.open_box = Some((Splitter::new(file, self.most), path));
                }
                Err(error) => return Some(Job::Failed(unreadable(&path, &error))),
            }
        }
    }
}

/// Whether a path is a folder; an error where it cannot be read.
fn check(path: &Path) -> io::Result<bool> {
    if fs::metadata(path)?.is_dir() {
        fs::read_dir(path)?;
        return Ok(true);
    }
    File::open(path)?;
    Ok(false)
}

/// What a folder holds, in the order of names.
fn children(folder: &Path) -> io::Result<Vec<Waiting>> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        entries.push((entry.file_name(), entry.file_type()?));
    }
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    let has = |name: &str| entries.iter().any(|(entry, kind)| kind.is_dir() && entry == name);
    let is_maildir = has("cur") && has("new") && has("tmp");
    let mut found = Vec::new();
    for (name, kind) in entries {
        let path = folder.join(&name);
        if kind.is_dir() {
            // The folders of a Maildir begin with a dot; elsewhere, hidden ones hold no mail (`.git`).
            let hidden = name.as_encoded_bytes().starts_with(b".");
            if !(is_maildir && name == "tmp" || hidden && !is_maildir) {
                found.push(Waiting::Folder(path));
            }
        } else if !is_maildir
            && (kind.is_file() || kind.is_symlink() && fs::metadata(&path).is_ok_and(|it| it.is_file()))
        {
            found.push(Waiting::File(path, false));
        }
    }
    Ok(found)
}

fn start_of(path: &Path) -> io::Result<Vec<u8>> {
    let mut start = Vec::with_capacity(128);
    File::open(path)?.take(128).read_to_end(&mut start)?;
    Ok(start)
}

/// Whether a file in a folder is something that lies beside mail.
fn is_beside(path: &Path, start: &[u8]) -> bool {
    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
    if name.starts_with(b".") {
        return true;
    }
    let extension = path.extension().map(|it| it.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    BESIDE.contains(&extension.as_str()) && !begins_like_mail(start)
}

/// Whether text begins with a mailbox separator or a header field: a name without blanks, a colon, and a blank or the line's
/// end. Programs write the blank, and without it a list of URLs would be mail.
fn begins_like_mail(start: &[u8]) -> bool {
    let name = start.iter().take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')).count();
    let field = start.get(name) == Some(&b':') && start.get(name + 1).is_some_and(u8::is_ascii_whitespace);
    start.starts_with(b"From ") || name > 1 && field
}

fn unreadable(path: &Path, error: &io::Error) -> Unreadable {
    let what = match error.kind() {
        io::ErrorKind::NotFound => "there is no such file or folder".to_owned(),
        io::ErrorKind::PermissionDenied => "must not be read: permission denied".to_owned(),
        _ => format!("cannot be read: {error}"),
    };
    Unreadable { path: print::from_path(path).into_owned(), message: what }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(mails: Mails, root: &Path) -> Vec<String> {
        let root = format!("{}/", root.display());
        mails
            .map(|job| match job.load() {
                Ok(message) => message.path.replace(&root, ""),
                Err(failure) => format!("! {}", failure.path.replace(&root, "")),
            })
            .collect()
    }

    fn write(root: &Path, files: &[(&str, &str)]) {
        for (name, text) in files {
            let path = root.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
    }

    #[test]
    fn folders_are_read_in_order_and_what_lies_beside_mail_is_passed_over() {
        let root = tempfile::tempdir().unwrap();
        write(
            root.path(),
            &[
                ("b.eml", "Subject: b\n\n"),
                ("a/2", "anything"),
                ("a/10.txt", "Subject: text\n\n"),
                ("a/b.toml", "about = 'x'"),
                ("README.md", "# Mail"),
                ("notes.txt", "some notes"),
                ("urls.txt", "https://a.example/"),
                (".hidden", "Subject: h\n\n"),
                (".git/config", "Subject: g\n\n"),
                ("z.zip", "PK"),
            ],
        );
        let mails = Mails::open(&[root.path().to_owned()], 1000).unwrap();
        let passed_over = mails.passed_over();
        assert_eq!(names(mails, root.path()), ["a/10.txt", "a/2", "b.eml", "z.zip"]);
        assert_eq!(passed_over.count(), 5);
        let named = Mails::open(&[root.path().join("README.md")], 1000).unwrap();
        assert_eq!(names(named, root.path()), ["README.md"]);
        assert_eq!(Mails::measure(&[root.path().to_owned()]).0, 9);
    }

    #[test]
    fn of_a_maildir_count_cur_and_new_of_every_folder() {
        let root = tempfile::tempdir().unwrap();
        write(
            root.path(),
            &[
                ("cur/1:2,S", "Subject: 1\n\n"),
                ("new/2", "Subject: 2\n\n"),
                ("tmp/3", "Subject: 3\n\n"),
                ("dovecot.index", "\0"),
                (".Sent/cur/4", "Subject: 4\n\n"),
                (".Sent/new/5", "Subject: 5\n\n"),
                (".Sent/tmp/6", "Subject: 6\n\n"),
            ],
        );
        let mails = Mails::open(&[root.path().to_owned()], 1000).unwrap();
        assert_eq!(names(mails, root.path()), [".Sent/cur/4", ".Sent/new/5", "cur/1:2,S", "new/2"]);
    }

    #[test]
    fn a_mailbox_gives_each_of_its_messages() {
        let root = tempfile::tempdir().unwrap();
        let line = "From a@a.example Thu Aug 22 12:36:23 2002\n";
        let text = format!("{line}Subject: 1\n\none\n\n{line}Subject: 2\n\ntwo\n");
        write(root.path(), &[("in.mbox", &text), ("one.eml", &format!("{line}Subject: 1\n\none\n"))]);
        let mails = Mails::open(&[root.path().to_owned()], 1000).unwrap();
        assert_eq!(names(mails, root.path()), ["in.mbox#1", "in.mbox#2", "one.eml"]);
    }

    #[test]
    fn what_is_not_there_is_told_before_anything_is_read() {
        let root = tempfile::tempdir().unwrap();
        write(root.path(), &[("a", "Subject: a\n\n")]);
        let paths = [root.path().join("a"), root.path().join("no"), root.path().join("a/b")];
        let failures = Mails::open(&paths, 1000).unwrap_err();
        assert_eq!(failures.len(), 2);
        assert_eq!(failures[0].message, "there is no such file or folder");
    }

    #[test]
    fn large_files_are_read_to_the_limit_and_one_byte_more() {
        let root = tempfile::tempdir().unwrap();
        write(root.path(), &[("a.eml", &"x".repeat(5000))]);
        let message = Mails::open(&[root.path().join("a.eml")], 1000).unwrap().next().unwrap().load().unwrap();
        assert_eq!((message.raw.len(), message.size), (1001, 5000));
    }
}
