//! `tamis rules check|list`.

use clap::{Args, Subcommand};

use crate::engine::With;
use crate::say;

/// The rule author's kit.
#[derive(Args)]
pub(crate) struct Rules {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Loads the rules, and names file, line and remedy of each mistake
    Check(With),
    /// All rules with their scores
    List(With),
}

impl Rules {
    /// Runs the command; a mistake is an error.
    pub(crate) fn run(self) -> Result<bool, String> {
        match self.what {
            What::Check(with) => {
                let engine = with.engine(1)?;
                say(&format!("{} rules, no mistakes", engine.rules().len()));
            }
            What::List(with) => {
                let engine = with.engine(1)?;
                for rule in engine.rules() {
                    let (score, group) = engine.rule_score(&rule.name);
                    say(&format!("{:<34} {score:>5.1}  {group:<10} {}", rule.name, rule.what));
                }
            }
        }
        Ok(false)
    }
}
