//! `tamis rules check|test|list|show|diff|profile`: the rule author's kit.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Instant;

use clap::{Args, Subcommand};
use tamis_common::config::Config;
use tamis_common::mails::Mails;
use tamis_common::{print, ruletest, ruletest::Outcome, stock};
use tamis_engine::{CfRule, ConditionCost, Engine, Limit, Mail, Problem, Rule, YaraRule, nearest};

use crate::diff::Diff;
use crate::engine::With;
use crate::terminal::{note, say};

/// Checks, tests, lists and shows rules.
#[derive(Args)]
#[command(after_long_help = "Examples:\n  \
    tamis rules check --rules my-rules             every mistake, with file, line and remedy\n  \
    tamis rules check --rules local.cf             what of SpamAssassin's rules is supported, and what is not\n  \
    tamis rules test --rules my-rules --mine       the examples of the rules in my-rules\n  \
    tamis rules show link-through-shortener        a rule with its reason, score and examples\n  \
    tamis rules diff --after-rules my-rules ~/mail what my-rules does to verdicts\n  \
    tamis rules profile ~/mail                     what each rule costs on mail of your own\n\n\
    docs/rules.md is the manual, docs/yara.md that of YARA rules, docs/spamassassin.md that of SpamAssassin's .cf files.")]
pub(crate) struct Rules {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Loads the rules, and names file, line and remedy of each mistake; of .cf files also what is not supported, has no effect
    /// or costs much. Exit code 1 where .cf files have mistakes
    Check(With),
    /// Runs the examples of rules: each `hit` must hit, each `miss` must miss
    Test(Test),
    /// All rules with their scores
    List(With),
    /// Rules as their authors wrote them, with their scores
    Show(Show),
    /// What another set of rules, or another version, does to verdicts
    Diff(Box<Diff>),
    /// What each rule costs on a corpus of mail
    Profile(Profile),
}

#[derive(Args)]
struct Test {
    /// Rules to test [default: all]
    names: Vec<String>,
    /// Leaves the stock rules' examples out
    #[arg(long)]
    mine: bool,
    #[command(flatten)]
    with: With,
}

#[derive(Args)]
struct Show {
    /// The rules' names
    #[arg(required = true)]
    names: Vec<String>,
    #[command(flatten)]
    with: With,
}

#[derive(Args)]
#[command(
    after_long_help = "On one thread, each message once. A text is searched once for the patterns of all rules that \
    look at it, so searches are counted by themselves. YARA's clock tells only of rules that took a tenth of a second in \
    all: take mail enough. Others that hit have a row without a time. Of conditions there is a table of the steps that they took in \
    all, and of the messages in which they were evaluated: where a rule's patterns did not match, its condition is not. Patterns are \
    compiled when a message first needs them, which is counted by itself."
)]
struct Profile {
    /// Files, folders and mailboxes of messages
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// How many rows to show
    #[arg(long, value_name = "N", default_value_t = 30)]
    most: usize,
    #[command(flatten)]
    with: With,
}

impl Rules {
    /// Runs the command; true where an example fails.
    pub(crate) fn run(self) -> Result<bool, String> {
        match self.what {
            What::Check(with) => {
                let engine = with.engine_afresh()?;
                let notes = engine.rule_notes().iter().chain(engine.yara_notes());
                note(notes.filter(|it| !it.source.starts_with(stock::PREFIX)));
                let refused = engine.rule_patterns();
                refused.iter().for_each(|it| eprintln!("mistake: {}", print::safe_lines(&it.to_string())));
                let (rules, yara) = (engine.rules().len(), engine.yara_rules().len());
                let yara = if yara > 0 { format!(" and {yara} YARA rules") } else { String::new() };
                let mistakes = cf_check(&engine);
                match mistakes {
                    0 if refused.is_empty() => say(&format!("{rules} rules{yara}, no mistakes")),
                    0 => say(&format!("{rules} rules{yara}, {} patterns that cannot be compiled", refused.len())),
                    _ => say(&format!("{rules} rules{yara}, {mistakes} mistakes in .cf files")),
                }
                Ok(mistakes > 0 || !refused.is_empty())
            }
            What::List(with) => {
                let (_, engine) = with.engine()?;
                for rule in engine.rules() {
                    let (score, group) = engine.rule_score(&rule.name);
                    say(&format!("{:<34} {score:>5.1}  {group:<10} {}", rule.name, print::safe(&rule.what)));
                }
                for rule in engine.yara_rules() {
                    let (score, group) = engine.rule_score(&rule.name);
                    say(&format!("{:<34} {score:>5.1}  {group:<10} {}", rule.name, print::safe(&rule.description)));
                }
                for rule in engine.cf_rules().iter().filter(|rule| !rule.name.starts_with("__")) {
                    let (score, group) = engine.rule_score(&rule.name);
                    say(&format!("{:<34} {score:>5.1}  {group:<10} {}", rule.name, print::safe(&rule.description)));
                }
                Ok(false)
            }
            What::Show(it) => {
                let (_, engine) = it.with.engine()?;
                known(&engine, &it.names)?;
                for (number, name) in it.names.iter().enumerate() {
                    if let Some(rule) = engine.rules().iter().find(|rule| rule.name == *name) {
                        say(&format!("{}{}", if number > 0 { "\n" } else { "" }, shown(rule, &engine)));
                    }
                    if let Some(rule) = engine.yara_rules().iter().find(|rule| rule.name == *name) {
                        say(&format!("{}{}", if number > 0 { "\n" } else { "" }, yara_shown(rule, &engine)));
                    }
                    if let Some(rule) = engine.cf_rules().iter().find(|rule| rule.name == *name) {
                        say(&format!("{}{}", if number > 0 { "\n" } else { "" }, cf_shown(rule, &engine)));
                    }
                }
                Ok(false)
            }
            What::Test(it) => it.run(),
            What::Diff(it) => it.run(),
            What::Profile(it) => it.run(),
        }
    }
}

/// Tells what is wrong with `.cf` files, what of them is not supported, and what is worth a look; gives how many mistakes there
/// are. SpamAssassin passes over them, and so does a scan.
fn cf_check(engine: &Engine) -> usize {
    let all = engine.cf_rules();
    if all.is_empty() {
        return 0;
    }
    let tell = |what: &str, problem: &Problem| eprintln!("{what}: {}", print::safe_lines(&problem.to_string()));
    engine.cf_mistakes().for_each(|it| tell("mistake", it));
    engine.cf_unsupported().for_each(|it| tell("unsupported", it));
    let patterns = engine.cf_patterns();
    patterns.refused.iter().for_each(|it| tell("unsupported", it));
    engine.cf_remarks().for_each(|it| tell("note", it));
    patterns.notes.iter().for_each(|it| tell("note", it));
    let is_told = |rule: &CfRule| {
        let mut told = engine.cf_unsupported().chain(engine.cf_mistakes());
        told.any(|it| it.source == rule.source && it.line == rule.line)
    };
    // A function that asks the network does so whether or not its rule says it.
    let network = |rule: &&CfRule| {
        rule.flags.split_whitespace().any(|flag| flag == "net" || flag == "learn")
            || (rule.kind == "eval" && !rule.supported && !is_told(rule))
    };
    let (elsewhere, own): (Vec<&CfRule>, Vec<&CfRule>) = all.iter().partition(network);
    let is_refused = |rule: &CfRule| patterns.refused.iter().any(|it| it.source == rule.source && it.line == rule.line);
    let supported = own.iter().filter(|rule| rule.supported && !is_refused(rule)).count();
    say(&format!(
        "{} SpamAssassin rules: {supported} of {} supported; {} ask the network or what SpamAssassin learned, and never hit",
        all.len(),
        own.len(),
        elsewhere.len()
    ));
    engine.cf_mistakes().count()
}

impl Test {
    fn run(self) -> Result<bool, String> {
        let config: Config = self.with.config()?;
        // What the configuration disables or weighs has nothing to do with what a rule hits.
        let engine = crate::engine::build(config.builder())?;
        known(&engine, &self.names)?;
        let folder = Path::new("rules");
        let stock_folder = folder.is_dir().then_some(folder);
        let is_wanted = |name: &String, source: &str| {
            (self.names.is_empty() || self.names.contains(name)) && !(self.mine && source.starts_with(stock::PREFIX))
        };
        let wanted = |rule: &Rule| is_wanted(&rule.name, &rule.source);
        let yara_wanted = |rule: &YaraRule| is_wanted(&rule.name, &rule.source);
        let (mut tested, mut wrong, mut elsewhere) = (0, 0, 0);
        let examples = ruletest::run(&engine, stock_folder, wanted).into_iter();
        let examples = examples.chain(ruletest::run_cf(&engine, |name, source| is_wanted(&name.to_owned(), source)));
        for example in examples.chain(ruletest::run_yara(&engine, stock_folder, yara_wanted)) {
            let told = match &example.outcome {
                Outcome::AsSaid => {
                    tested += 1;
                    continue;
                }
                Outcome::Elsewhere => {
                    elsewhere += 1;
                    continue;
                }
                Outcome::Missed => "should hit, and misses".to_owned(),
                Outcome::Hit => "should miss, and hits".to_owned(),
                Outcome::Unusable(why) => why.clone(),
            };
            tested += 1;
            wrong += 1;
            let place = format!("{}:{}", print::safe(example.source), example.line);
            say(&format!("{place}: {}: {:?}: {}", example.name, example.text, print::safe(&told)));
        }
        let yara = engine.yara_rules().iter().filter(|rule| yara_wanted(rule)).count();
        let cf = engine.cf_rules().iter().filter(|rule| is_wanted(&rule.name, &rule.source)).count();
        let rules = engine.rules().iter().filter(|rule| wanted(rule)).count() + yara + cf;
        if elsewhere > 0 {
            eprintln!(
                "tamis: {elsewhere} examples of stock rules are files of the source tree; run it there for these, and \
                 rules/yara/samples.py before it for those of YARA rules"
            );
        }
        if tested == 0 {
            return Err("there was no example to run".into());
        }
        say(&format!(
            "{rules} rules, {tested} examples: {}",
            match wrong {
                0 => "all as they say".to_owned(),
                wrong => format!("{wrong} not as they say"),
            }
        ));
        Ok(wrong > 0)
    }
}

/// Nanoseconds since the first call.
fn clock() -> u64 {
    static BEGAN: OnceLock<Instant> = OnceLock::new();
    u64::try_from(BEGAN.get_or_init(Instant::now).elapsed().as_nanos()).unwrap_or(u64::MAX)
}

impl Profile {
    fn run(self) -> Result<bool, String> {
        let (config, engine) = self.with.engine()?;
        let mails = Mails::open(&self.paths, config.limits.message_bytes).map_err(crate::scan::all)?;
        let mut worker = engine.worker();
        worker.keep_times(clock);
        let bar = crate::terminal::progress(&self.paths, "profiling", true);
        let (mut messages, mut hits) = (0u64, BTreeMap::<String, u64>::new());
        let mut slow: Vec<(String, String)> = Vec::new();
        let began = clock();
        for job in mails {
            bar.inc(1);
            let message = match job.load() {
                Ok(message) => message,
                Err(failure) => {
                    bar.suspend(|| eprintln!("tamis: {failure}"));
                    continue;
                }
            };
            messages += 1;
            let mut mail = Mail::new(&message.raw);
            mail.whole_size = Some(message.size);
            let examined = worker.examine(&mail);
            let mut seen: Vec<&str> = examined.findings().iter().map(|it| &*it.rule).collect();
            seen.sort_unstable();
            seen.dedup();
            seen.into_iter().for_each(|rule| *hits.entry(rule.to_owned()).or_default() += 1);
            let gap = examined.incomplete().iter().find(|gap| gap.limit == Limit::YaraTime);
            slow.extend(gap.map(|gap| (message.path.clone(), gap.explanation.clone())));
        }
        let in_all = clock().saturating_sub(began);
        bar.finish_and_clear();
        if messages == 0 {
            return Err("there was no message to look at".into());
        }
        let times = worker.times();
        let each = |nanoseconds: u64| nanoseconds as f64 / 1e3 / messages as f64;
        let mut rows: Vec<(u64, String, String)> = Vec::new();
        for (name, taken) in times.rules.iter().chain(&times.yara) {
            let hits = hits.get(name).copied().unwrap_or(0).to_string();
            rows.push((*taken, name.clone(), hits));
        }
        rows.extend(times.searches.iter().map(|(text, taken)| (*taken, format!("search in {text}"), String::new())));
        for rule in &times.cf {
            let hits = hits.get(&rule.name).copied().unwrap_or(0);
            rows.push((rule.taken, format!("{} ({} tries)", rule.name, rule.tries), hits.to_string()));
        }
        rows.extend(times.cf_shared.iter().map(|(what, taken)| (*taken, format!(".cf rules: {what}"), String::new())));
        rows.push((times.yara_in_all, "YARA in all".to_owned(), String::new()));
        rows.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        say(&format!("{:>12} {:>7} {:>8}  rule", "us/message", "share", "hits"));
        for (taken, name, hits) in rows.iter().take(self.most) {
            let share = *taken as f64 / in_all.max(1) as f64 * 100.0;
            say(&format!("{:>12.2} {share:>6.1}% {hits:>8}  {}", each(*taken), print::safe(name)));
        }
        // YARA's clock says nothing of them, and that they hit is worth a row.
        let is_timed = |name: &String| times.yara.iter().any(|(timed, _)| timed == name);
        let yara = engine.yara_rules().iter().map(|rule| &rule.name).filter(|name| !is_timed(name));
        let mut quick: Vec<(u64, &String)> = yara.filter_map(|name| hits.get(name).map(|hits| (*hits, name))).collect();
        quick.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(b.1)));
        for (hits, name) in quick.iter().take(self.most.saturating_sub(rows.len())) {
            say(&format!("{:>12} {:>7} {hits:>8}  {}", "-", "-", print::safe(name)));
        }
        conditions(&times.conditions, self.most);
        let patterns = times.first_use.iter().map(|it| (it.first_use, format!("{}: {}", it.rule, it.pattern)));
        first_use("pattern", patterns.collect(), self.most);
        let patterns = times.cf.iter().filter(|rule| rule.first_use > 0);
        first_use("pattern of a .cf rule", patterns.map(|it| (it.first_use, it.name.clone())).collect(), self.most);
        for rule in times.cf.iter().filter(|rule| rule.gave_up > 0) {
            let (name, messages) = (print::safe(&rule.name), rule.gave_up);
            say(&format!("{name} needed more steps than a pattern may take, in {messages} messages"));
        }
        for rule in times.conditions.iter().filter(|rule| rule.gave_up > 0) {
            let (name, messages) = (print::safe(&rule.name), rule.gave_up);
            say(&format!("{name} needed more steps than a condition may take, in {messages} messages"));
        }
        for (path, explanation) in &slow {
            say(&format!("{}: {}", print::safe(path), print::safe(explanation)));
        }
        say(&format!("\n{messages} messages, {:.1} us each in all, reading and unpacking included", each(in_all)));
        Ok(false)
    }
}

/// The steps that conditions took, the costliest first: they count against what a condition and a message may take, whatever the
/// machine.
fn conditions(costs: &[ConditionCost], most: usize) {
    let mut costs: Vec<&ConditionCost> = costs.iter().collect();
    if costs.is_empty() {
        return;
    }
    costs.sort_by(|a, b| b.steps.cmp(&a.steps).then_with(|| a.name.cmp(&b.name)));
    let in_all = costs.iter().map(|it| it.steps).sum::<u64>().max(1) as f64;
    say(&format!("\n{:>12} {:>7} {:>8}  condition", "steps", "share", "messages"));
    for it in costs.iter().take(most) {
        let share = it.steps as f64 / in_all * 100.0;
        say(&format!("{:>12} {share:>6.1}% {:>8}  {}", it.steps, it.evaluated, print::safe(&it.name)));
    }
    say(&format!("{} conditions evaluated, {in_all} steps in all", costs.len()));
}

/// What patterns took to compile, the costliest first.
fn first_use(what: &str, mut times: Vec<(u64, String)>, most: usize) {
    if times.is_empty() {
        return;
    }
    times.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    let in_all: u64 = times.iter().map(|(taken, _)| taken).sum();
    say(&format!("\n{:>12} {:>7}  {what}, compiled at first use", "ms, once", "share"));
    for (taken, name) in times.iter().take(most) {
        let share = *taken as f64 / in_all.max(1) as f64 * 100.0;
        say(&format!("{:>12.2} {share:>6.1}%  {}", *taken as f64 / 1e6, print::safe(name)));
    }
    say(&format!("{} patterns compiled, {:.1} ms in all", times.len(), in_all as f64 / 1e6));
}

/// An error for the first name that is none.
fn known(engine: &Engine, names: &[String]) -> Result<(), String> {
    let all = || {
        let yara = engine.yara_rules().iter().map(|rule| rule.name.as_str());
        let cf = engine.cf_rules().iter().map(|rule| rule.name.as_str());
        engine.rules().iter().map(|rule| rule.name.as_str()).chain(yara).chain(cf)
    };
    match names.iter().find(|name| !all().any(|known| known == **name)) {
        None => Ok(()),
        Some(name) => {
            let near = match nearest(name, all()) {
                near if near.is_empty() => "tamis rules list shows them all".to_owned(),
                near => near,
            };
            Err(format!("there is no rule {name}\n  help: {near}"))
        }
    }
}

/// A YARA rule as its author wrote it, with its score.
fn yara_shown(rule: &YaraRule, engine: &Engine) -> String {
    let (score, group) = engine.rule_score(&rule.name);
    let head = format!("// {}:{}, score {score:.1}, group {group}: {}\n", rule.source, rule.line, rule.name);
    print::safe_lines(&(head + &rule.text))
}

/// What is known of a rule of a `.cf` file.
fn cf_shown(rule: &CfRule, engine: &Engine) -> String {
    let (score, group) = engine.rule_score(&rule.name);
    let place = format!("# {}:{}, score {score:.2}, group {group}", rule.source, rule.line);
    let supported = if rule.supported { "" } else { "# never hits: see tamis rules check\n" };
    let flags = if rule.flags.is_empty() { String::new() } else { format!("\ntflags   {} {}", rule.name, rule.flags) };
    let described = match rule.description.as_str() {
        "" => String::new(),
        text => format!("\ndescribe {} {text}", rule.name),
    };
    let out = format!("{place}\n{supported}{}{described}{flags}", rule.text.trim_start());
    print::safe_lines(&out)
}

/// A rule as TOML that could be copied, with its score.
fn shown(rule: &Rule, engine: &Engine) -> String {
    let (score, group) = engine.rule_score(&rule.name);
    let group = if group.is_empty() { String::new() } else { format!(", group {group}") };
    let mut out = format!("# {}:{}, score {score:.1}{group}\n[rule.{}]\n", rule.source, rule.line, rule.name);
    let quote = |text: &String| match text.contains(['\'', '\n']) {
        true => format!("{text:?}"),
        false => format!("'{text}'"),
    };
    let list = |texts: &[String]| texts.iter().map(quote).collect::<Vec<_>>().join(", ");
    for (key, text) in [("what", &rule.what), ("why ", &rule.why), ("in  ", &rule.text)] {
        if !text.is_empty() {
            out += &format!("{key} = {}\n", quote(text));
        }
    }
    for (key, texts) in [("any ", &rule.any), ("all ", &rule.all)] {
        if !texts.is_empty() {
            out += &format!("{key} = [{}]\n", list(texts));
        }
    }
    if !rule.when.is_empty() {
        out += &format!("when = {}\n", quote(&rule.when));
    }
    out += &format!("hit  = [{}]\nmiss = [{}]", list(&rule.hit), list(&rule.miss));
    print::safe_lines(&out)
}
