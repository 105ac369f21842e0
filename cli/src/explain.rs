//! `tamis explain`: one verdict, with everything that led to it.

use clap::Args;
use tamis_common::{json, print};
use tamis_engine::{Answers, Place, Reason, View};

use crate::one::One;
use crate::terminal::{colour, say};

/// How many tokens are shown.
const TOKENS: usize = 15;
/// And how many for a program.
const JSON_TOKENS: usize = 200;

/// One verdict.
#[derive(Args)]
#[command(
    after_long_help = "Examples:\n  tamis explain message.eml\n  tamis explain message.eml --client-ip 192.0.2.7 --from \
                             a@example.com --to b@example.net"
)]
pub(crate) struct Explain {
    #[command(flatten)]
    one: One,
}

impl Explain {
    /// Prints every reason with its place, what the verdict would be without it, and the tokens that moved the Bayes score.
    pub(crate) fn run(self) -> Result<bool, String> {
        let (config, engine) = self.one.with.engine()?;
        let message = self.one.read(&config.limits)?;
        let (mut worker, mail) = (engine.worker(), self.one.transport.mail(&message));
        let examined = worker.examine(&mail);
        let verdict = worker.judge(examined.clone(), &Answers::new());
        let found = verdict.action != tamis_engine::Action::Accept;
        if self.one.json {
            let mut out = json::verdict(&message.path, &verdict, None);
            if let (Some(object), Some(_)) = (out.as_object_mut(), verdict.bayes_score) {
                object.insert("tokens".into(), worker.tokens(&mail, JSON_TOKENS).iter().map(json::token).collect());
            }
            say(&out.to_string());
            return Ok(found);
        }
        let action = colour(verdict.action, verdict.action.name());
        say(&format!("{action} with a score of {:.1}: {}", verdict.score, print::safe(&message.path)));
        for recipient in verdict.recipients.iter().filter(|_| verdict.recipients.len() > 1) {
            let address = print::safe(&recipient.address);
            say(&format!("  for {address}: {} with {:.1}", recipient.action, recipient.score));
        }
        for unmonitored in verdict.recipients.iter().filter_map(|it| it.unmonitored).take(1) {
            say(&format!("  monitor_only is on; without it, it would be {unmonitored}"));
        }
        if verdict.reasons.is_empty() {
            say("\nNothing was found.");
        }
        for reason in &verdict.reasons {
            let without = worker.judge(examined.without(&reason.rule), &Answers::new());
            say(&format!("\n{}", one_reason(reason)));
            say(&format!("        without this reason: {}, and a score of {:.1}", without.action, without.score));
        }
        if let (Some(probability), Some(score)) = (verdict.spam_probability, verdict.bayes_score) {
            let experts = match (verdict.naive_bayes_score, verdict.logistic_score) {
                (Some(naive_bayes), Some(logistic)) => {
                    format!("; naive Bayes alone {naive_bayes:+.2}, logistic expert alone {logistic:+.2}")
                }
                _ => String::new(),
            };
            let percent = probability * 100.0;
            say(&format!("\nBayes: probability of spam {percent:.2} % (log-odds {score:+.2}{experts})"));
            let tokens = worker.tokens(&mail, TOKENS);
            for token in &tokens {
                let text = print::safe(&token.token).into_owned();
                say(&format!("  {:+.2}  {text}  ({} ham, {} spam)", token.weight, token.ham, token.spam));
            }
            match tokens.len() {
                0 => say("  none of its words are known"),
                _ => say("  above 0 speaks for spam; in brackets, in how many learned messages it was"),
            }
        }
        for defect in &verdict.defects {
            say(&format!(
                "\ndefect {}: {}\n        {}",
                defect.kind.name(),
                defect.kind.explanation(),
                place(&defect.place)
            ));
        }
        match verdict.incomplete.as_slice() {
            [] => say(&format!("\nEverything was looked at: {} item(s), {} bytes.", verdict.items, verdict.bytes)),
            gaps => gaps.iter().for_each(|gap| {
                let why = print::safe(&gap.explanation);
                say(&format!("\nnot looked at ({}): {why}\n        {}", gap.limit.name(), place(&gap.place)));
            }),
        }
        Ok(found)
    }
}

fn one_reason(reason: &Reason) -> String {
    let group = match &*reason.group {
        "" => String::new(),
        group => format!("  [{group}]"),
    };
    let mut out = format!("{:+6.1}  {}{group}", reason.score, reason.rule);
    if !reason.explanation.is_empty() {
        out += &format!("\n        {}", print::safe(&reason.explanation));
    }
    if !reason.evidence.is_empty() {
        out += &format!("\n        {}: {}", place(&reason.place), print::safe(&reason.evidence));
    }
    out
}

/// A place in words.
fn place(place: &Place) -> String {
    let path = print::safe(&place.path);
    let item = match &*path {
        "" => "in the message".to_owned(),
        path => format!("in part {path}"),
    };
    match (&place.view, place.offset, place.length) {
        (View::Header(name), ..) => format!("{item}, header field {}", print::safe(name)),
        (_, 0, 0) => item,
        (View::Raw, offset, _) => format!("{item}, byte {offset}"),
        (view, offset, _) => format!("{item}, {view} text, byte {offset}"),
    }
}
