//! `tamis config show|check`.

use clap::{Args, Subcommand};
use tamis_common::{config, print};

use crate::engine::With;
use crate::terminal::say;

/// Shows and checks the configuration.
#[derive(Args)]
#[command(after_long_help = "Examples:\n  \
    tamis config show --defaults > tamis.toml     every key with its default and its reason\n  \
    tamis config check --config tamis.toml        every mistake, in it and in what it names\n  \
    tamis config show                             what counts, and which line says so")]
pub(crate) struct Configuration {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// What counts, and for each value the line that set it
    Show(Show),
    /// Reads the configuration with the rules, lists and model that it names
    Check(With),
}

#[derive(Args)]
struct Show {
    /// All keys with their defaults and reasons
    #[arg(long)]
    defaults: bool,
    #[command(flatten)]
    with: With,
}

impl Configuration {
    /// Runs the command.
    pub(crate) fn run(self) -> Result<bool, String> {
        match self.what {
            What::Show(it) if it.defaults => say(config::defaults().trim_end()),
            What::Show(it) => say(config::resolved(&it.with.config()?).trim_end()),
            What::Check(with) => {
                let (config, engine) = with.engine()?;
                let source = config.source.as_deref().unwrap_or("the defaults");
                let (rules, lists) = (engine.rules().len(), config.lists.len());
                say(&format!("{}: no mistakes; {rules} rules, {lists} lists", print::safe(source)));
            }
        }
        Ok(false)
    }
}
