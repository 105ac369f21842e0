//! Errors of whoever writes rules, lists, models and settings. Each names file and line, shows the place, and says
//! what to do. Scanning has no errors: what a sender got wrong is a [`Defect`](crate::Defect).

use std::fmt;

/// One thing that is wrong with a rule, list, model or setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file's name, or what stands for it (`stock:links.toml`).
    pub source: String,
    /// The line, counted from 1; 0 where the whole file is meant.
    pub line: u32,
    /// The column in characters, counted from 1; 0 where the whole line is meant.
    pub column: u32,
    /// The line's text, for the frame; empty where there is none to show.
    pub text: String,
    /// How many characters of `text` are meant, from `column` on.
    pub length: u32,
    /// What is wrong.
    pub message: String,
    /// What to do about it; empty where the message says it.
    pub remedy: String,
}

impl Problem {
    /// A problem with a whole file.
    pub fn file(source: impl Into<String>, message: impl Into<String>) -> Problem {
        Problem {
            source: source.into(),
            line: 0,
            column: 0,
            text: String::new(),
            length: 0,
            message: message.into(),
            remedy: String::new(),
        }
    }

    /// A problem at the byte range `start..end` of a file's text.
    pub fn span(source: &str, file_text: &str, start: usize, end: usize, message: impl Into<String>) -> Problem {
        let start = floor_char(file_text, start);
        let end = floor_char(file_text, end.max(start));
        let before = file_text.get(..start).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let rest = file_text.get(line_start..).unwrap_or_default();
        let text = rest.split(['\n', '\r']).next().unwrap_or_default();
        let meant = file_text.get(start..end).unwrap_or_default().split('\n').next().unwrap_or_default();
        Problem {
            source: source.into(),
            line: count(memchr::memchr_iter(b'\n', before.as_bytes()).count()).saturating_add(1),
            column: count(file_text.get(line_start..start).unwrap_or_default().chars().count()).saturating_add(1),
            text: text.into(),
            length: count(meant.chars().count()).max(1),
            message: message.into(),
            remedy: String::new(),
        }
    }

    /// The same problem with what to do about it.
    pub fn remedy(mut self, remedy: impl Into<String>) -> Problem {
        self.remedy = remedy.into();
        self
    }
}

/// The nearest of `known` to `word`, as a remedy: `did you mean "links"?`. Empty where nothing is near.
pub fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> String {
    known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(word, name), name))
        .filter(|(distance, name)| *distance <= 1 + name.len() / 3)
        .min()
        .map(|(_, name)| format!("did you mean {name:?}?"))
        .unwrap_or_default()
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

fn floor_char(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.source)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        if self.column > 0 {
            write!(f, ":{}", self.column)?;
        }
        write!(f, ": {}", self.message)?;
        if !self.text.is_empty() && self.text.len() <= 400 {
            write!(f, "\n  {} | {}", self.line, self.text)?;
            if self.column > 0 {
                let indent = self.line.to_string().len() + self.column as usize + 4;
                write!(f, "\n{:indent$}{}", "", "^".repeat(self.length as usize))?;
            }
        }
        if !self.remedy.is_empty() {
            write!(f, "\n  help: {}", self.remedy)?;
        }
        Ok(())
    }
}

/// Why an engine could not be built: every problem found, not only the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildError {
    /// The problems, in the order of the files.
    pub problems: Vec<Problem>,
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for BuildError {}

impl From<Problem> for BuildError {
    fn from(problem: Problem) -> BuildError {
        BuildError { problems: vec![problem] }
    }
}
