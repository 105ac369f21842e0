//! SpamAssassin's rules by need, on the messages of `corpus/`: a verdict is the same whether only rules are tried that a score hangs
//! on, or all of them.

use std::path::{Path, PathBuf};

use tamis_engine::{Answers, EngineBuilder, Mail, Worker};

/// Sub-rules of every kind that rules with scores ask for in every way, beside the rules of `every.cf`.
const RULES: &str = r"
body     __WORD_E       /e/
tflags   __WORD_E       multiple maxhits=20
body     __WORD_THE     /\bthe\b/i
body     __WORD_FIVE    /\b[a-z]{5}\b/
rawbody  __TAG          /<[a-z]+/i
uri      __LINK         /^https?:/i
uri      __LINK_LONG    /\/.{20}/
full     __FULL         /multipart/i
header   __FROM         From =~ /example/i
header   __SUBJECT      Subject =~ /[A-Z]/
header   __NO_DATE      Date !~ /\d/
header   __UNSET        X-Odd =~ /odd/ [if-unset: odd]
header   __TO           exists:To
header   __LIST         exists:List-Id
mimeheader __NAMED      Content-Type =~ /name=/i
body     __HTML         eval:html_tag_exists('a')
body     __SHORT        eval:check_body_length('200')
meta     __SOME         __WORD_E > 3 || __TAG || __LINK
meta     __NONE         !__LIST && !__NAMED
meta     __SUM          __WORD_THE + __SUBJECT + __TO + __HTML
meta     M_AND          __FROM && __SUBJECT && !__LIST
meta     M_OR           __LINK_LONG || __NAMED || __NO_DATE
meta     M_SUM          __SUM > 2
meta     M_LESS         __SUM - __WORD_E < 0
meta     M_TIMES        (__WORD_E || __WORD_FIVE) * 2 >= 8
meta     M_CHOICE       __HTML ? __WORD_FIVE : __SHORT
meta     M_NESTED       __SOME && (__NONE || M_AND) && !M_SUM
meta     M_XOR          __TO ^ __UNSET
meta     M_DEEP         !(!__SOME || !(__FULL || M_CHOICE))
meta     M_OFF          __SOME && M_SWITCHED_OFF
body     M_SWITCHED_OFF /a/
score    M_SWITCHED_OFF 0
score    M_NESTED       -0.7
score    M_TIMES        2.25
";

fn messages(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => messages(&path, found),
            false if path.extension().is_some_and(|it| it == "eml") => found.push(path),
            false => {}
        }
    }
}

#[test]
fn verdicts_by_need_are_those_of_all_rules() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let every = std::fs::read(here.join("src/detect/spamassassin/every.cf")).unwrap();
    let engine = EngineBuilder::new().cf_bytes("every.cf", every).cf_bytes("own.cf", RULES).build().unwrap();
    assert_eq!(engine.cf_mistakes().count(), 0);
    let (mut needed, mut all) = (engine.worker(), engine.worker());
    all.find_all(true);
    let mut paths = Vec::new();
    messages(&here.join("../corpus"), &mut paths);
    paths.sort();
    let (mut hits, mut sub_rules) = (std::collections::BTreeMap::<String, usize>::new(), 0);
    for path in &paths {
        let raw = std::fs::read(path).unwrap();
        let look = |worker: &mut Worker<'_>| {
            let examined = worker.examine(&Mail::new(&raw));
            let subs = examined.findings().iter().filter(|it| it.rule.starts_with("__")).count();
            let verdict = worker.judge(examined, &Answers::new());
            let reasons: Vec<String> = verdict.reasons.iter().map(|it| format!("{it:?}")).collect();
            (subs, (verdict.action, verdict.score, reasons, verdict.incomplete.len()), verdict)
        };
        let ((none, by_need, verdict), (some, by_all, _)) = (look(&mut needed), look(&mut all));
        assert_eq!(by_need, by_all, "{}", path.display());
        assert_eq!(none, 0, "{}: sub-rules that nobody asks for", path.display());
        sub_rules += some;
        verdict.reasons.iter().for_each(|it| *hits.entry(it.rule.to_string()).or_default() += 1);
    }
    assert!(paths.len() > 100 && sub_rules > paths.len(), "{} messages, {sub_rules} hits", paths.len());
    for rule in ["M_AND", "M_OR", "M_SUM", "M_LESS", "M_TIMES", "M_CHOICE", "M_NESTED", "M_XOR", "M_DEEP"] {
        let times = hits.get(rule).copied().unwrap_or(0);
        assert!(times > 0 && times < paths.len(), "{rule} hits {times} of {} messages", paths.len());
    }
}
