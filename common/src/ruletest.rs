//! The examples of rules, run. Takes an engine with its rules, gives for each `hit` and `miss` whether the rule does as its
//! author says.
//!
//! An example is the path of a message relative to its rule's file, with what is said of its envelope beside it
//! ([`Expected`]), or one or more of `text:`, `body:`, `subject:`, `header:NAME:`, `link:`, `file-name:`, `raw:`, one a line,
//! of which a message is made; `text:` is whatever the rule's `in` names. From, To, Date, Message-ID and a subject are
//! filled in, so that rules which miss them do not hit.
//!
//! An example of a YARA rule is `text: ...`, the path of a message (`.eml`), or the path of any other file, which is attached
//! to a message under its own name.

use std::path::{Path, PathBuf};

use tamis_engine::{CfExample, Engine, Mail, Rule, Worker, YaraRule};

use crate::expect::Expected;
use crate::stock;

/// What became of an example.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The rule does as it says.
    AsSaid,
    /// It should hit, and misses.
    Missed,
    /// It should miss, and hits.
    Hit,
    /// The example cannot be looked at: why.
    Unusable(String),
    /// The example of a stock rule is a file, and the files of the stock rules are not at hand.
    Elsewhere,
}

/// One example.
#[derive(Clone, Debug)]
pub struct Example<'r> {
    /// Its rule's name.
    pub name: &'r str,
    /// The file that the rule stands in.
    pub source: &'r str,
    /// The line there.
    pub line: u32,
    /// As the author wrote it.
    pub text: &'r str,
    /// What became of it.
    pub outcome: Outcome,
}

/// Runs the examples of the rules that `wanted` chooses. `stock_folder` is where the stock rule files lie, if they do.
pub fn run<'e>(engine: &'e Engine, stock_folder: Option<&Path>, wanted: impl Fn(&Rule) -> bool) -> Vec<Example<'e>> {
    let mut runner = Runner { worker: trier(engine), examples: Vec::new() };
    for rule in engine.rules().iter().filter(|rule| wanted(rule)) {
        let of = Of { name: &rule.name, source: &rule.source, line: rule.line, hit: &rule.hit, miss: &rule.miss };
        runner.run(&of, |text| message(rule, text, stock_folder));
    }
    runner.examples
}

/// Runs the examples of the YARA rules that `wanted` chooses. `stock_folder` as in [`run`].
pub fn run_yara<'e>(
    engine: &'e Engine,
    stock_folder: Option<&Path>,
    wanted: impl Fn(&YaraRule) -> bool,
) -> Vec<Example<'e>> {
    let mut runner = Runner { worker: trier(engine), examples: Vec::new() };
    for rule in engine.yara_rules().iter().filter(|rule| wanted(rule)) {
        let of = Of { name: &rule.name, source: &rule.source, line: rule.line, hit: &rule.hit, miss: &rule.miss };
        runner.run(&of, |text| yara_message(rule, text, stock_folder));
    }
    runner.examples
}

/// Runs the `test` lines of the `.cf` rules that `wanted` chooses, by name and file.
pub fn run_cf<'e>(engine: &'e Engine, wanted: impl Fn(&str, &str) -> bool) -> Vec<Example<'e>> {
    let mut worker = trier(engine);
    let examples = engine.cf_examples().iter().filter(|it| wanted(&it.rule, &it.source));
    let run = |it: &'e CfExample| {
        let piece = match it.field.as_str() {
            "" => Piece::Body(&it.text),
            // The pseudo-fields of SpamAssassin are made of several, of which this is one.
            "ALL" => Piece::Header("X-Example", &it.text),
            "ToCc" => Piece::Header("To", &it.text),
            "MESSAGEID" => Piece::Header("Message-ID", &it.text),
            field => Piece::Header(field, &it.text),
        };
        let raw = compose(&[piece]);
        let examined = worker.examine(&Mail::new(&raw));
        let outcome = outcome(examined.findings().iter().any(|found| *found.rule == *it.rule), it.hit);
        Example { name: &it.rule, source: &it.source, line: it.line, text: &it.text, outcome }
    };
    examples.map(run).collect()
}

/// A worker that tries every rule, whether or not a score hangs on it.
fn trier(engine: &Engine) -> Worker<'_> {
    let mut worker = engine.worker();
    worker.find_all(true);
    worker
}

/// What rules of both kinds say of their examples.
struct Of<'e> {
    name: &'e str,
    source: &'e str,
    line: u32,
    hit: &'e [String],
    miss: &'e [String],
}

struct Runner<'e> {
    worker: Worker<'e>,
    examples: Vec<Example<'e>>,
}

/// The message of an example with what is said of it; none where it is not at hand.
type Found = Result<Option<(Vec<u8>, Expected)>, String>;

impl<'e> Runner<'e> {
    fn run(&mut self, of: &Of<'e>, message: impl Fn(&str) -> Found) {
        let hit = of.hit.iter().map(|text| (text, true));
        for (text, must_hit) in hit.chain(of.miss.iter().map(|text| (text, false))) {
            let outcome = match message(text) {
                Ok(None) => Outcome::Elsewhere,
                Err(why) => Outcome::Unusable(why),
                Ok(Some((raw, expected))) => {
                    let examined = self.worker.examine(&expected.mail(&raw));
                    outcome(examined.findings().iter().any(|it| *it.rule == *of.name), must_hit)
                }
            };
            self.examples.push(Example { name: of.name, source: of.source, line: of.line, text, outcome });
        }
    }
}

fn outcome(hit: bool, must_hit: bool) -> Outcome {
    match (hit, must_hit) {
        (true, true) | (false, false) => Outcome::AsSaid,
        (false, true) => Outcome::Missed,
        (true, false) => Outcome::Hit,
    }
}

/// The message of a YARA rule's example; none where it is not at hand.
fn yara_message(rule: &YaraRule, text: &str, stock_folder: Option<&Path>) -> Found {
    if let Some(text) = text.strip_prefix("text:") {
        let body = [Piece::Body(text.strip_prefix(' ').unwrap_or(text))];
        return Ok(Some((compose(&body), Expected::default())));
    }
    let is_stock = rule.source.starts_with(stock::PREFIX);
    let Some(path) = path_of(&rule.source, text, stock_folder) else { return Ok(None) };
    let content = match std::fs::read(&path) {
        Ok(content) => content,
        // The files of the stock YARA rules are not in the source tree: rules/yara/samples.py writes them there.
        Err(error) if is_stock && error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            return Err(format!("{}: {error}; write a path relative to the rule's file, or text: ...", path.display()));
        }
    };
    if path.extension().is_some_and(|it| it == "eml") {
        return Ok(Some((content, Expected::beside(&path)?)));
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Some((attached(&name, &content), Expected::default())))
}

/// The path of an example, relative to its rule's file; none for a stock rule whose files are not at hand.
fn path_of(source: &str, text: &str, stock_folder: Option<&Path>) -> Option<PathBuf> {
    let file = match (source.strip_prefix(stock::PREFIX), stock_folder) {
        (Some(name), Some(folder)) => folder.join(name),
        (Some(_), None) => return None,
        (None, _) => PathBuf::from(source),
    };
    Some(file.parent().unwrap_or(Path::new("")).join(text))
}

/// A message with a file attached, byte for byte.
fn attached(name: &str, content: &[u8]) -> Vec<u8> {
    let name = name.replace('\\', "\\\\").replace('"', "\\\"");
    let mut raw = compose(&[]);
    raw.truncate(raw.windows(14).position(|it| it == b"Content-Type: ").unwrap_or(raw.len()));
    raw.extend_from_slice(
        format!(
            "Content-Type: multipart/mixed; boundary=\"=_example\"\r\n\r\n--=_example\r\n\r\nSee the file.\r\n\
             --=_example\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; \
             filename=\"{name}\"\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n--=_example--\r\n",
            base64(content)
        )
        .as_bytes(),
    );
    raw
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len() / 3 * 4 + bytes.len() / 57 * 2 + 4);
    for (number, three) in bytes.chunks(3).enumerate() {
        if number > 0 && number % 19 == 0 {
            out.push_str("\r\n");
        }
        let bits = three.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
        for digit in 0..4 {
            match digit <= three.len() {
                true => out.push(char::from(LETTERS[(bits >> (18 - 6 * digit) & 63) as usize])),
                false => out.push('='),
            }
        }
    }
    out
}

/// The message of an example; none where it is not at hand.
fn message(rule: &Rule, text: &str, stock_folder: Option<&Path>) -> Found {
    if let Some(pieces) = pieces(rule, text)? {
        return Ok(Some((compose(&pieces), Expected::default())));
    }
    let Some(path) = path_of(&rule.source, text, stock_folder) else { return Ok(None) };
    let raw = std::fs::read(&path).map_err(|error| {
        format!("{}: {error}; write a path relative to the rule's file, or text: ...", path.display())
    })?;
    Ok(Some((raw, Expected::beside(&path)?)))
}

/// A piece of a message that an example is to have.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece<'t> {
    Body(&'t str),
    Subject(&'t str),
    Header(&'t str, &'t str),
    Link(&'t str),
    FileName(&'t str),
}

/// The pieces of an example; none where it is a path.
fn pieces<'t>(rule: &'t Rule, text: &'t str) -> Result<Option<Vec<Piece<'t>>>, String> {
    let mut pieces = Vec::new();
    for line in text.lines() {
        match piece(rule, line) {
            Some(piece) => pieces.push(piece?),
            None if pieces.is_empty() => return Ok(None),
            None => pieces.push(Piece::Body(line)),
        }
    }
    Ok(Some(pieces).filter(|it| !it.is_empty()))
}

fn piece<'t>(rule: &'t Rule, line: &'t str) -> Option<Result<Piece<'t>, String>> {
    if let Some(rest) = line.strip_prefix("header:") {
        let (name, value) = rest.split_once(':')?;
        return Some(Ok(Piece::Header(name.trim(), value.trim_start())));
    }
    let (form, rest) = line.split_once(':')?;
    let rest = rest.strip_prefix(' ').unwrap_or(rest);
    let place = if form == "text" { rule.text.as_str() } else { form };
    Some(Ok(match place {
        "" | "body" | "raw" => Piece::Body(rest),
        "body.visible" | "body.folded" if form == "text" => Piece::Body(rest),
        "subject" => Piece::Subject(rest),
        "subject_folded" if form == "text" => Piece::Subject(rest),
        "link" => Piece::Link(rest),
        "file-name" => Piece::FileName(rest),
        "from.name" if form == "text" => Piece::Header("From-Name", rest),
        "from.address" if form == "text" => Piece::Header("From", rest),
        _ => match place.strip_prefix("header:") {
            Some(name) => Piece::Header(name, rest),
            None if form == "text" => {
                return Some(Err(format!("an example of text for {place} cannot be made; name a file with a message")));
            }
            None => return None,
        },
    }))
}

/// A message of the pieces.
fn compose(pieces: &[Piece<'_>]) -> Vec<u8> {
    let mut header = String::new();
    let has = |name: &str| {
        pieces.iter().any(|it| match it {
            Piece::Header(header, _) => {
                header.eq_ignore_ascii_case(name) || name == "From" && header.eq_ignore_ascii_case("From-Name")
            }
            Piece::Subject(_) => name == "Subject",
            _ => false,
        })
    };
    for (name, value) in [
        ("From", "Ann Example <ann@sender.example>"),
        ("To", "Bob Example <bob@recipient.example>"),
        ("Subject", "Example"),
        ("Date", "Tue, 24 Nov 2026 09:00:00 +0000"),
        ("Message-ID", "<1.example@sender.example>"),
        ("MIME-Version", "1.0"),
    ] {
        if !has(name) {
            header += &format!("{name}: {value}\r\n");
        }
    }
    let (mut body, mut links, mut files) = (String::new(), String::new(), String::new());
    for piece in pieces {
        match piece {
            Piece::Body(text) => body += &format!("{text}\r\n"),
            Piece::Subject(text) => header += &format!("Subject: {text}\r\n"),
            Piece::Header("From-Name", text) => header += &format!("From: {text} <ann@sender.example>\r\n"),
            Piece::Header(name, text) => header += &format!("{name}: {text}\r\n"),
            Piece::Link(url) => {
                let url = url.replace('&', "&amp;").replace('"', "&quot;");
                links += &format!("<p><a href=\"{url}\">here</a></p>\r\n");
            }
            Piece::FileName(name) => {
                let name = name.replace('\\', "\\\\").replace('"', "\\\"");
                files += &format!(
                    "--example\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; \
                     filename=\"{name}\"\r\n\r\nexample\r\n"
                );
            }
        }
    }
    let (kind, text) = match links.is_empty() {
        true => ("text/plain; charset=utf-8", body),
        false => ("text/html; charset=utf-8", format!("<p>{}</p>\r\n{links}", body.replace('<', "&lt;"))),
    };
    match files.is_empty() {
        true => format!("{header}Content-Type: {kind}\r\n\r\n{text}").into_bytes(),
        false => format!(
            "{header}Content-Type: multipart/mixed; boundary=example\r\n\r\n--example\r\nContent-Type: {kind}\r\n\r\n\
             {text}\r\n{files}--example--\r\n"
        )
        .into_bytes(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tamis_engine::EngineBuilder;

    fn outcomes(rules: &str) -> Vec<Outcome> {
        let engine = EngineBuilder::new().rules_text("mine.toml", rules).build().unwrap_or_else(|it| panic!("{it}"));
        run(&engine, None, |_| true).into_iter().map(|it| it.outcome).collect()
    }

    fn rule(body: &str) -> String {
        format!("[rule.a]\nwhat = 'w'\nwhy = 'y'\n{body}")
    }

    #[test]
    fn test_lines_of_cf_files_are_run() {
        let rules = "body A /\\bfree money\\b/i\ntest A ok get free money now\ntest A fail freed moneys\ntest A ok nothing\n\
                     header B Subject =~ /lucky/i\ntest B ok a Lucky day\nheader C X-Mailer =~ /bulk/\ntest C fail bulk 1\n";
        let engine = EngineBuilder::new().cf_bytes("mine.cf", rules).build().unwrap_or_else(|it| panic!("{it}"));
        let all = run_cf(&engine, |_, _| true);
        let told: Vec<(&str, u32, bool)> =
            all.iter().map(|it| (it.name, it.line, it.outcome == Outcome::AsSaid)).collect();
        assert_eq!(told, [("A", 2, true), ("A", 3, true), ("A", 4, false), ("B", 6, true), ("C", 8, false)]);
    }

    #[test]
    fn each_form_reaches_its_text() {
        for (place, hit) in [
            ("body", "text: lucky winner"),
            ("body", "body: lucky winner"),
            ("body", "text: a\\nlucky winner"),
            ("subject", "text: lucky winner"),
            ("subject", "subject: lucky winner"),
            ("header:x-mailer", "text: lucky winner"),
            ("header:x-mailer", "header:X-Mailer: lucky winner"),
            ("file-name", "text: lucky winner.exe"),
            ("file-name", "file-name: lucky winner.exe"),
            ("from.name", "text: lucky winner"),
            ("body.folded", "text: lucky winner"),
            ("subject_folded", "text: lucky winner"),
            ("raw", "text: lucky winner"),
        ] {
            let rules =
                rule(&format!("in = '{place}'\nany = ['lucky winner']\nhit = [\"{hit}\"]\nmiss = ['text: loser']"));
            assert_eq!(outcomes(&rules), [Outcome::AsSaid, Outcome::AsSaid], "{rules}");
        }
        let rules = rule(
            "in = 'link'\nany = ['winner[.]example']\nhit = ['link: https://winner.example/a?b&c']\nmiss = ['text: https://b.example']",
        );
        assert_eq!(outcomes(&rules), [Outcome::AsSaid, Outcome::AsSaid]);
        let rules = rule(
            "in = 'body'\nany = ['winner']\nwhen = 'subject.contains(\"prize\")'\n\
             hit = [\"subject: your prize\\ntext: winner\"]\nmiss = ['text: winner', 'subject: prize']",
        );
        assert_eq!(outcomes(&rules), [Outcome::AsSaid, Outcome::AsSaid, Outcome::AsSaid]);
    }

    #[test]
    fn a_rule_that_does_otherwise_is_told() {
        let rules = rule("in = 'body'\nany = ['winner']\nhit = ['text: loser']\nmiss = ['text: winner']");
        assert_eq!(outcomes(&rules), [Outcome::Missed, Outcome::Hit]);
        let rules = rule("in = 'body'\nany = ['winner']\nhit = ['nowhere.eml']\nmiss = ['text: x']");
        assert!(matches!(&outcomes(&rules)[0], Outcome::Unusable(why) if why.starts_with("nowhere.eml: ")));
    }

    #[test]
    fn messages_beside_the_rule_come_with_their_envelope() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("a.eml", "Subject: x\n\ny\n");
        write("a.toml", "about = 'x'\n[envelope]\nhelo = 'winner.example'\n");
        write("b.eml", "Subject: x\n\ny\n");
        write("mine.toml", &rule("when = 'client.helo == \"winner.example\"'\nhit = ['a.eml']\nmiss = ['b.eml']"));
        let engine = EngineBuilder::new().rules_path(folder.path().join("mine.toml")).build().unwrap();
        let outcomes: Vec<Outcome> = run(&engine, None, |_| true).into_iter().map(|it| it.outcome).collect();
        assert_eq!(outcomes, [Outcome::AsSaid, Outcome::AsSaid]);
    }
}
