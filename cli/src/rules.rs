//! `tamis rules check|test|list|show`: the rule author's kit.

use std::path::Path;

use clap::{Args, Subcommand};
use tamis_common::config::Config;
use tamis_common::{print, ruletest, ruletest::Outcome, stock};
use tamis_engine::{Engine, Rule, nearest};

use crate::engine::With;
use crate::terminal::{note, say};

/// Checks, tests, lists and shows rules.
#[derive(Args)]
#[command(after_long_help = "Examples:\n  \
    tamis rules check --rules my-rules             every mistake, with file, line and remedy\n  \
    tamis rules test --rules my-rules --mine       the examples of the rules in my-rules\n  \
    tamis rules show link-through-shortener        a rule with its reason, score and examples\n\n\
    docs/rules.md is the manual.")]
pub(crate) struct Rules {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Loads the rules, and names file, line and remedy of each mistake
    Check(With),
    /// Runs the examples of rules: each `hit` must hit, each `miss` must miss
    Test(Test),
    /// All rules with their scores
    List(With),
    /// Rules as their authors wrote them, with their scores
    Show(Show),
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

impl Rules {
    /// Runs the command; true where an example fails.
    pub(crate) fn run(self) -> Result<bool, String> {
        match self.what {
            What::Check(with) => {
                let (_, engine) = with.engine()?;
                note(engine.rule_notes().iter().filter(|it| !it.source.starts_with(stock::PREFIX)));
                say(&format!("{} rules, no mistakes", engine.rules().len()));
                Ok(false)
            }
            What::List(with) => {
                let (_, engine) = with.engine()?;
                for rule in engine.rules() {
                    let (score, group) = engine.rule_score(&rule.name);
                    say(&format!("{:<34} {score:>5.1}  {group:<10} {}", rule.name, print::safe(&rule.what)));
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
                }
                Ok(false)
            }
            What::Test(it) => it.run(),
        }
    }
}

impl Test {
    fn run(self) -> Result<bool, String> {
        let config: Config = self.with.config()?;
        // What the configuration disables or weighs has nothing to do with what a rule hits.
        let engine = crate::engine::build(config.builder())?;
        known(&engine, &self.names)?;
        let folder = Path::new("rules");
        let stock_folder = folder.is_dir().then_some(folder);
        let wanted = |rule: &Rule| {
            (self.names.is_empty() || self.names.contains(&rule.name))
                && !(self.mine && rule.source.starts_with(stock::PREFIX))
        };
        let (mut tested, mut wrong, mut elsewhere) = (0, 0, 0);
        for example in ruletest::run(&engine, stock_folder, wanted) {
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
            let rule = example.rule;
            let place = format!("{}:{}", print::safe(&rule.source), rule.line);
            say(&format!("{place}: {}: {:?}: {}", rule.name, example.text, print::safe(&told)));
        }
        let rules = engine.rules().iter().filter(|rule| wanted(rule)).count();
        if elsewhere > 0 {
            eprintln!(
                "tamis: {elsewhere} examples of stock rules are files of the source tree; run it there for these"
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

/// An error for the first name that is none.
fn known(engine: &Engine, names: &[String]) -> Result<(), String> {
    let all = || engine.rules().iter().map(|rule| rule.name.as_str());
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
