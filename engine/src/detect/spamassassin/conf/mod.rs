//! `.cf` files -> what they say: rules, scores, lists, settings. Takes bytes, gives [`Conf`] and a note for each line that has no
//! effect here or is wrong; a line that is wrong is passed over, as SpamAssassin passes it over.

mod frame;
mod line;

use std::collections::{BTreeMap, BTreeSet};

use super::expression::Expression;
use super::features;
use super::settings;
use super::tags::Tags;
use crate::error::Problem;

use self::frame::in_a_frame;
pub(super) use self::frame::{Part, problem};
pub(super) use self::line::word;
use self::line::{parse_test, without_comment};

/// Longest name of a rule.
const LONGEST_NAME: usize = 100;
/// Most rules of all files.
const MOST_RULES: usize = 200_000;

/// A `.cf` file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CfSource {
    /// Its name, for errors.
    pub(crate) source: String,
    pub(crate) bytes: Vec<u8>,
}

/// What a note is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Nature {
    /// The author's mistake: SpamAssassin would not take it either.
    Mistake,
    /// SpamAssassin takes it, and Tamis does not.
    Unsupported,
    /// Fine, and worth a look.
    Remark,
}

/// Where something stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Spot {
    pub(super) file: usize,
    /// Counted from 1.
    pub(super) line: u32,
}

/// What a rule looks at, as written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Test {
    Header { selector: String, negated: bool, unset: Option<String>, pattern: String },
    HeaderExists(String),
    Body(String),
    Rawbody(String),
    Uri(String),
    Full(String),
    MimeHeader { selector: String, negated: bool, unset: String, pattern: String },
    UriDetail(String),
    Eval { function: String, arguments: Vec<String> },
    Meta(String),
}

/// A rule as written.
#[derive(Clone, Debug)]
pub(super) struct RuleText {
    pub(super) name: String,
    pub(super) test: Test,
    pub(super) spot: Spot,
    /// The line, for who is shown it.
    pub(super) line: String,
}

/// Everything that the files say.
#[derive(Debug, Default)]
pub(super) struct Conf {
    /// In the order in which they were first named; a later definition of a name replaces the test.
    pub(super) rules: Vec<RuleText>,
    index: BTreeMap<String, usize>,
    /// The four scores of each rule, and where they stand.
    pub(super) scores: BTreeMap<String, ([f64; 4], Spot)>,
    pub(super) describe: BTreeMap<String, String>,
    pub(super) flags: BTreeMap<String, String>,
    pub(super) replace_rules: BTreeSet<String>,
    pub(super) tags: Tags,
    pub(super) settings: settings::Settings,
    /// The examples of `test` lines: rule, whether it should hit, text, place.
    pub(super) examples: Vec<(String, bool, String, Spot)>,
    pub(super) notes: Vec<(Nature, Problem)>,
    /// Keys that were read and have no effect, with how often, and where first.
    pub(super) idle: BTreeMap<String, (u32, Spot)>,
}

/// Bytes as text in which each character is a byte: `.cf` files have no charset, and patterns run over bytes.
pub(super) fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// The bytes of [`latin1`].
pub(super) fn bytes_of(text: &str) -> Vec<u8> {
    text.chars().map(|it| u8::try_from(u32::from(it)).unwrap_or(b'?')).collect()
}

/// Text of a `.cf` file as its author saw it.
pub(super) fn shown(text: &str) -> String {
    String::from_utf8_lossy(&bytes_of(text)).into_owned()
}

pub(super) fn is_rule_name(name: &str) -> bool {
    let first = name.chars().next().is_some_and(|it| it.is_ascii_alphabetic() || it == '_');
    first && name.len() <= 128 && name.chars().all(|it| it.is_ascii_alphanumeric() || it == '_')
}

/// Reads files, in their order.
pub(super) fn read(sources: &[CfSource]) -> Conf {
    let mut conf = Conf::default();
    for (file, source) in sources.iter().enumerate() {
        let mut reader = Reader { source, conf: &mut conf, spot: Spot { file, line: 0 }, line: String::new() };
        reader.file();
    }
    conf
}

/// An `if` that is open.
struct If {
    /// Whether what stands around it is read.
    outer: bool,
    holds: bool,
    line: u32,
    text: String,
}

struct Reader<'r> {
    source: &'r CfSource,
    conf: &'r mut Conf,
    spot: Spot,
    /// The line at hand, for notes.
    line: String,
}

impl Reader<'_> {
    pub(super) fn note(&mut self, nature: Nature, message: impl Into<String>, remedy: &str) {
        self.note_on(Part::Rest, nature, message.into(), remedy);
    }

    fn note_on(&mut self, part: Part, nature: Nature, message: String, remedy: &str) {
        let problem = problem(&self.source.source, self.spot.line, &shown(&self.line), part, message, remedy);
        self.conf.notes.push((nature, problem));
    }

    fn mistake(&mut self, message: impl Into<String>) {
        self.note(Nature::Mistake, message, "");
    }

    fn file(&mut self) {
        let source = self.source;
        let mut open: Vec<If> = Vec::new();
        let mut reads = true;
        for (line, number) in source.bytes.split(|byte| *byte == b'\n').zip(1u32..) {
            self.spot.line = number;
            let text = latin1(line);
            let text = without_comment(&text);
            let white = |it: char| it.is_ascii_whitespace() || it == '\u{0B}';
            text.trim_end_matches(white).clone_into(&mut self.line);
            let text = text.trim_matches(white);
            if text.is_empty() {
                continue;
            }
            let text = match text.strip_prefix("lang").filter(|rest| rest.starts_with([' ', '\t'])) {
                // Rules and descriptions of other languages than English are left out, as with LANG=C.
                Some(rest) => match rest.trim_start().split_once([' ', '\t']) {
                    Some((language, rest)) if "en_us".starts_with(&language.to_ascii_lowercase()) => rest.trim_start(),
                    _ => continue,
                },
                None => text,
            };
            let (key, value) = text.split_once(|it: char| it.is_ascii_whitespace()).unwrap_or((text, ""));
            let (key, value) = (key.to_ascii_lowercase().replace('-', "_"), value.trim_start());
            match key.as_str() {
                "if" | "ifplugin" => {
                    let condition = match key.as_str() {
                        "ifplugin" => format!("plugin({value})"),
                        _ => value.to_owned(),
                    };
                    let holds = match Expression::condition(&condition, features::VERSION, &features::known) {
                        Ok(holds) => holds,
                        Err(error) => {
                            if reads {
                                self.mistake(format!("the condition cannot be read: {error}"));
                            }
                            false
                        }
                    };
                    open.push(If { outer: reads, holds, line: number, text: self.line.clone() });
                    reads &= holds;
                }
                "else" => match open.last() {
                    Some(last) => reads = last.outer && !last.holds,
                    None => self.mistake("else without an if before it"),
                },
                "endif" => match open.pop() {
                    Some(last) => reads = last.outer,
                    None => self.mistake("endif without an if before it"),
                },
                _ if reads => self.setting(&key, value),
                // Its plug-in does not count as loaded, and whoever names it has loaded it.
                "shortcircuit"
                    if open.last().is_some_and(|it| it.outer && it.text.contains("Plugin::Shortcircuit")) =>
                {
                    self.shortcircuit(value);
                }
                _ => {}
            }
        }
        for last in open {
            self.spot.line = last.line;
            self.line = last.text;
            self.mistake("this if is not closed: write endif");
        }
    }

    fn setting(&mut self, key: &str, value: &str) {
        match key {
            "header" | "body" | "rawbody" | "full" | "uri" | "mimeheader" | "uri_detail" | "meta" => {
                self.rule(key, value)
            }
            "score" => self.score(value),
            "describe" => {
                if let Some((name, text)) = word(value) {
                    self.conf.describe.insert(name.to_owned(), shown(text));
                }
            }
            "tflags" => {
                if let Some((name, flags)) = word(value) {
                    self.conf.flags.insert(name.to_owned(), flags.to_owned());
                }
            }
            "test" => self.example(value),
            "replace_rules" => self.conf.replace_rules.extend(value.split_whitespace().map(str::to_owned)),
            "replace_start" => value.clone_into(&mut self.conf.tags.start),
            "replace_end" => value.clone_into(&mut self.conf.tags.end),
            "replace_tag" | "replace_pre" | "replace_inter" | "replace_post" => match word(value) {
                Some((name, text)) if !text.is_empty() => {
                    let tags = &mut self.conf.tags;
                    let map = match key {
                        "replace_tag" => &mut tags.tags,
                        "replace_pre" => &mut tags.before,
                        "replace_inter" => &mut tags.between,
                        _ => &mut tags.behind,
                    };
                    map.insert(name.to_owned(), text.to_owned());
                }
                _ => self.mistake(format!("{key} needs a name and a pattern")),
            },
            // Rules are evaluated whole, so that their order means nothing.
            "priority" => {
                let number = word(value).map(|(_, number)| number.trim().parse::<i64>());
                if !matches!(number, Some(Ok(_))) {
                    self.mistake("priority needs a rule and a whole number");
                }
            }
            "shortcircuit" => self.shortcircuit(value),
            "require_version" if value.trim() != "@@VERSION@@" && !value.starts_with("4.") => {
                self.note(Nature::Remark, format!("the file asks for version {value}; it is read as for 4.0.1"), "");
            }
            "require_version" => {}
            "include" => {
                let remedy = "give that file with --rules, or write it into the same folder";
                self.note(Nature::Unsupported, "include is not followed", remedy);
            }
            _ => match self.conf.settings.set(key, value) {
                settings::Taken::Yes => {}
                settings::Taken::Idle => {
                    let spot = self.spot;
                    self.conf.idle.entry(key.to_owned()).or_insert((0, spot)).0 += 1;
                }
                settings::Taken::Wrong(why) => self.mistake(why),
                settings::Taken::Unknown => {
                    let near = crate::error::nearest(key, settings::NAMED.iter().chain(settings::KEYS).copied());
                    self.note_on(Part::Key, Nature::Mistake, format!("there is no setting {key}"), &near);
                }
            },
        }
    }

    fn rule(&mut self, key: &str, value: &str) {
        let Some((name, text)) = word(value).filter(|(_, text)| !text.is_empty()) else {
            return self.mistake(format!("{key} needs a name and what to look for"));
        };
        if !is_rule_name(name) || name.len() > LONGEST_NAME {
            return self.mistake(format!("{} is no name of a rule: letters, digits and _ only", shown(name)));
        }
        match parse_test(key, text) {
            Ok(test) => {
                let line = in_a_frame(&shown(&self.line));
                let rule = RuleText { name: name.to_owned(), test, spot: self.spot, line };
                let conf = &mut *self.conf;
                let full = conf.rules.len() >= MOST_RULES;
                match conf.index.get(name).copied().and_then(|at| conf.rules.get_mut(at)) {
                    Some(known) => *known = rule,
                    None if !full => {
                        conf.index.insert(name.to_owned(), conf.rules.len());
                        conf.rules.push(rule);
                    }
                    None => self.mistake(format!("there are more than {MOST_RULES} rules")),
                }
            }
            Err(why) => self.mistake(format!("rule {name}: {why}")),
        }
    }

    fn score(&mut self, value: &str) {
        let mut words = value.split_whitespace();
        let name = words.next().unwrap_or_default().to_owned();
        let mut relative = false;
        let mut scores = Vec::new();
        for word in words {
            let bare = word.strip_prefix('(').and_then(|it| it.strip_suffix(')'));
            relative |= bare.is_some();
            match bare.unwrap_or(word).parse::<f64>() {
                Ok(score) if score.is_finite() => scores.push(score),
                _ => return self.mistake(format!("{} is no score", shown(word))),
            }
        }
        let scores = match scores.as_slice() {
            [one] => [*one; 4],
            [a, b, c, d] => [*a, *b, *c, *d],
            _ => return self.mistake("score needs a rule, and one number or four"),
        };
        let before = self.conf.scores.get(&name).map(|(scores, _)| *scores);
        let scores = match (relative, before) {
            (false, _) => scores,
            (true, Some(before)) => {
                let mut sums = before;
                sums.iter_mut().zip(scores).for_each(|(sum, more)| *sum += more);
                sums
            }
            (true, None) => return self.mistake(format!("{name} has no score yet that this one could add to")),
        };
        self.conf.scores.insert(name, (scores, self.spot));
    }

    /// `shortcircuit RULE on|off|spam|ham`: where RULE hits, SpamAssassin looks at no more rules.
    fn shortcircuit(&mut self, value: &str) {
        let (name, how) = word(value).unwrap_or_default();
        let remedy = match how.trim() {
            "off" => return,
            "on" => format!("give {name} a score that decides by itself"),
            "spam" => format!("write: score {name} 100"),
            "ham" => format!("write: score {name} -100"),
            _ => return self.mistake("shortcircuit needs a rule, and one of on, off, spam and ham"),
        };
        let why = format!("rule {name}: shortcircuit is not done: all rules are looked at, and all that hit count");
        self.note(Nature::Unsupported, why, &shown(&remedy));
    }

    /// `test RULE ok|fail TEXT`.
    fn example(&mut self, value: &str) {
        let Some((name, rest)) = word(value) else { return self.mistake("test needs a rule, ok or fail, and a text") };
        match word(rest) {
            Some((kind @ ("ok" | "fail"), text)) => {
                self.conf.examples.push((name.to_owned(), kind == "ok", text.to_owned(), self.spot));
            }
            _ => self.mistake("test needs a rule, ok or fail, and a text"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conf(text: &str) -> Conf {
        read(&[CfSource { source: "x.cf".into(), bytes: text.into() }])
    }

    #[test]
    fn lines_are_read() {
        let it = conf(
            "body A /x\\#y/i # comment\nheader B Subject =~ /z/ [if-unset: none]\nheader C exists:X-Y\n\
             meta D (A && B)\nscore A 1 2 3 4\nscore A (0.5)\nscore B 2\ndescribe A what it is\ntflags A multiple maxhits=3\n\
             header E eval:check_it('a', \"b,c\", 3)\nheader F From:addr !~ /q/\n",
        );
        assert_eq!(it.notes, []);
        let tests: Vec<&Test> = it.rules.iter().map(|rule| &rule.test).collect();
        assert_eq!(tests[0], &Test::Body("/x#y/i".into()));
        assert!(matches!(tests[1], Test::Header { unset: Some(unset), .. } if unset == "none"));
        assert_eq!(
            tests[4],
            &Test::Eval { function: "check_it".into(), arguments: vec!["a".into(), "b,c".into(), "3".into()] }
        );
        assert!(matches!(tests[5], Test::Header { negated: true, selector, .. } if selector == "From:addr"));
        assert_eq!(it.scores["A"].0, [1.5, 2.5, 3.5, 4.5]);
    }

    #[test]
    fn conditions_hold_or_not() {
        let it = conf(
            "if (version >= 4.0)\nbody A /a/\nelse\nbody B /b/\nendif\nifplugin No::Such\nbody C /c/\nif 1\nelse\nbody D /d/\nendif\n\
             endif\nlang de body E /e/\nlang en body F /f/\n",
        );
        let names: Vec<&str> = it.rules.iter().map(|rule| rule.name.as_str()).collect();
        assert_eq!((names.as_slice(), it.notes.len()), (&["A", "F"][..], 0));
    }

    #[test]
    fn mistakes_name_their_line() {
        let it = conf("bodyy A /a/\nscore A x\nbody\nheader A\nif (\nelse else\nbody 1A /x/\n");
        let told: Vec<u32> = it.notes.iter().map(|(_, problem)| problem.line).collect();
        assert_eq!(told, [1, 2, 3, 4, 5, 7, 5], "{:?}", it.notes);
        assert!(it.notes[0].1.remedy.contains("body"), "{:?}", it.notes[0]);
        let frames: Vec<(u32, u32)> = it.notes.iter().map(|(_, it)| (it.column, it.length)).collect();
        assert_eq!(frames[..2], [(1, 5), (9, 1)], "the key; what stands behind the rule's name");
    }

    #[test]
    fn a_line_is_shown_with_what_is_meant() {
        let it = conf("\t score  A  much\n");
        assert_eq!(
            it.notes[0].1.to_string(),
            "x.cf:1:13: much is no score\n  1 |   score  A  much\n                  ^^^^"
        );
    }
}
