//! Verdicts as they were recorded, for comparison with others. Takes what `tamis scan --json` printed, or the form of
//! `corpus/verdicts.txt`, or a verdict; gives of each message its action, its score and what was found.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;
use tamis_engine::{Action, Verdict};

/// What was said of a message.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// Where it lies.
    pub path: String,
    /// What to do with it.
    pub action: Action,
    /// What the weights add up to.
    pub score: f64,
    /// What was found, and what it added. What is malformed is `defect-NAME`, what was not looked at `incomplete-NAME`; they
    /// add 0 where they are no reason.
    pub found: BTreeMap<String, f64>,
}

impl Recorded {
    /// What is said of a message now.
    pub fn of(path: &str, verdict: &Verdict) -> Recorded {
        let mut it = Recorded::new(path, verdict.action, verdict.score);
        verdict.reasons.iter().for_each(|reason| it.add(&reason.rule, reason.score));
        verdict.defects.iter().for_each(|defect| it.note("defect", defect.kind.name()));
        verdict.incomplete.iter().for_each(|gap| it.note("incomplete", gap.limit.name()));
        it
    }

    fn new(path: &str, action: Action, score: f64) -> Recorded {
        Recorded { path: path.to_owned(), action, score, found: BTreeMap::new() }
    }

    fn add(&mut self, rule: &str, score: f64) {
        *self.found.entry(rule.to_owned()).or_default() += score;
    }

    fn note(&mut self, what: &str, name: &str) {
        self.found.entry(format!("{what}-{name}")).or_default();
    }
}

/// Reads a file of recorded verdicts; the error names the line.
pub fn file(path: &Path) -> Result<Vec<Recorded>, String> {
    let bytes = std::fs::read(path).map_err(|error| format!("{}: cannot be read: {error}", path.display()))?;
    let text = String::from_utf8(bytes)
        .map_err(|_| format!("{}: is no UTF-8; write it with tamis scan --json --stable", path.display()))?;
    read(&text).map_err(|(line, error)| {
        format!("{}:{line}: {error}\n  help: tamis scan --json --stable PATH... writes such a file", path.display())
    })
}

/// Reads recorded verdicts: JSON Lines of `tamis scan --json`, or the form of `corpus/verdicts.txt`. Messages that could not be
/// read then are left out. The error comes with its line.
pub fn read(text: &str) -> Result<Vec<Recorded>, (usize, String)> {
    let is_json = text.trim_start().starts_with('{');
    let mut all: Vec<Recorded> = Vec::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let read = if is_json { from_json(line, &mut all) } else { from_text(line, &mut all) };
        read.map_err(|error| (number + 1, error))?;
    }
    match all.last() {
        // The action is the line after the path.
        Some(last) if last.score.is_nan() => {
            Err((text.lines().count(), "the verdict of the last message is missing".into()))
        }
        _ => Ok(all),
    }
}

fn action(name: &str) -> Result<Action, String> {
    let known = || Action::ALL.iter().map(|it| it.name()).collect::<Vec<_>>().join(", ");
    let found = Action::ALL.iter().copied().find(|it| it.name() == name);
    found.ok_or_else(|| format!("{name:?} is no action; known are {}", known()))
}

fn from_json(line: &str, all: &mut Vec<Recorded>) -> Result<(), String> {
    let value: Value = serde_json::from_str(line).map_err(|error| format!("is no JSON: {error}"))?;
    match value["type"].as_str() {
        Some("verdict") => {}
        Some("error") => return Ok(()),
        _ => return Err("is no verdict: its type is neither \"verdict\" nor \"error\"".into()),
    }
    let text = |value: &Value, key: &str| {
        value[key].as_str().map(str::to_owned).ok_or_else(|| format!("a verdict's {key} must be a text"))
    };
    let number =
        |value: &Value, key: &str| value[key].as_f64().ok_or_else(|| format!("a verdict's {key} must be a number"));
    let mut it = Recorded::new(&text(&value, "path")?, action(&text(&value, "action")?)?, number(&value, "score")?);
    for reason in value["reasons"].as_array().into_iter().flatten() {
        it.add(&text(reason, "rule")?, number(reason, "score")?);
    }
    for (key, what, name) in [("defects", "defect", "defect"), ("incomplete", "incomplete", "limit")] {
        for entry in value[key].as_array().into_iter().flatten() {
            it.note(what, &text(entry, name)?);
        }
    }
    all.push(it);
    Ok(())
}

/// A line of the form that is read by people: a path; indented its action and score, its reasons, `defects:`, `incomplete:`.
fn from_text(line: &str, all: &mut Vec<Recorded>) -> Result<(), String> {
    let awaits = all.last().is_some_and(|last| last.score.is_nan());
    if !line.starts_with(' ') {
        if awaits {
            return Err("a verdict is missing before this line".into());
        }
        all.push(Recorded::new(line, Action::Accept, f64::NAN));
        return Ok(());
    }
    let Some(last) = all.last_mut() else { return Err("begins with a blank, and no message stands before it".into()) };
    let mut words = line.split_whitespace();
    let first = words.next().unwrap_or_default();
    let score = |word: Option<&str>| {
        let word = word.unwrap_or_default();
        word.parse::<f64>().ok().filter(|it| it.is_finite()).ok_or_else(|| format!("{word:?} is no score"))
    };
    if awaits {
        (last.action, last.score) = (action(first)?, score(words.next())?);
        return Ok(());
    }
    match first {
        "defects:" => words.for_each(|name| last.note("defect", name)),
        "incomplete:" => words.for_each(|name| last.note("incomplete", name)),
        _ => last.add(words.next().ok_or("a reason has no rule")?, score(Some(first))?),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tamis_engine::{EngineBuilder, Mail};

    #[test]
    fn what_is_said_now_and_what_was_written_then_are_read_alike() {
        let engine = EngineBuilder::new().build().unwrap();
        let verdict = engine.worker().scan(&Mail::new(b"Subject: a\0b\n\nx\0y\n"));
        let now = Recorded::of("a.eml", &verdict);
        let line = crate::json::verdict("a.eml", &verdict, Some(3)).to_string();
        let failed = crate::json::error("b.eml", "gone").to_string();
        assert_eq!(read(&format!("{line}\n{failed}\n\n")).unwrap(), std::slice::from_ref(&now));
        assert!(now.found.contains_key("defect-header-nul"), "{now:?}");
    }

    #[test]
    fn the_form_for_people_is_read() {
        let text = "a.eml\n    tag 5.5 bayes 3.98, 2 items, 1 readings\n    5.25 won [1 visible 0+3]\n    0.25 defect-nul-byte \
                    [ raw 0+0]\n    defects: nul-byte bare-cr\n    incomplete: depth\nb.eml\n    accept -1.0 bayes 0.00\n";
        let read = read(text).unwrap();
        assert_eq!((read[0].path.as_str(), read[0].action, read[0].score), ("a.eml", Action::Tag, 5.5));
        let found: Vec<(&str, f64)> = read[0].found.iter().map(|(name, score)| (name.as_str(), *score)).collect();
        let expected = [("defect-bare-cr", 0.0), ("defect-nul-byte", 0.25), ("incomplete-depth", 0.0), ("won", 5.25)];
        assert_eq!(found, expected);
        assert_eq!((read[1].action, read[1].score), (Action::Accept, -1.0));
        assert_eq!(super::read("").unwrap(), []);
    }

    #[test]
    fn what_is_no_verdict_is_told_with_its_line() {
        for (text, line, told) in [
            ("{\"type\":\"verdict\"}", 1, "path must be a text"),
            ("{\"type\":\"error\"}\n{", 2, "is no JSON"),
            ("{\"type\":\"parts\"}", 1, "is no verdict"),
            ("{\"type\":\"verdict\",\"path\":\"a\",\"action\":\"acept\",\"score\":1}", 1, "\"acept\" is no action"),
            ("{\"type\":\"verdict\",\"path\":\"a\",\"action\":\"tag\"}", 1, "score must be a number"),
            ("a.eml\n", 1, "is missing"),
            ("a.eml\nb.eml\n", 2, "a verdict is missing before this line"),
            ("a.eml\n    tag x\n", 2, "\"x\" is no score"),
            ("  tag 1\n", 1, "no message stands before it"),
            ("a\n  tag 1\n  nan won\n", 3, "\"nan\" is no score"),
        ] {
            let (at, error) = read(text).unwrap_err();
            assert!(at == line && error.contains(told), "{text:?}: {at}: {error}");
        }
    }
}
