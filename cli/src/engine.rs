//! What a command judges with: the configuration, and what its options add.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use tamis_common::config::{Cache, Config, Model};
use tamis_common::mails::Message;
use tamis_engine::{Direction, Engine, EngineBuilder, Envelope, Mail};

/// What to judge with.
#[derive(Args, Clone)]
#[command(next_help_heading = "What to judge with")]
pub(crate) struct With {
    /// The configuration [default: $TAMIS_CONFIG, /etc/tamis/tamis.toml, none]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Adds a file of rules, or all below a folder
    #[arg(long, value_name = "PATH")]
    rules: Vec<PathBuf>,
    /// Leaves the stock rules out
    #[arg(long)]
    no_stock_rules: bool,
    /// A Bayes model in place of the configured one
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// Counts what this user had learned as well, if anything: `users` in `[bayes]` of the configuration says where that lies
    #[arg(long, value_name = "ADDRESS")]
    user: Option<String>,
}

impl With {
    /// The file that is named as configuration.
    pub(crate) fn file(&self) -> Option<PathBuf> {
        self.config.clone()
    }

    /// The configuration, with what the options say in place of it.
    pub(crate) fn config(&self) -> Result<Config, String> {
        let mut config = Config::find(self.config.as_deref()).map_err(|error| error.to_string())?;
        config.stock_rules &= !self.no_stock_rules;
        config.rule_paths.extend(self.rules.iter().cloned());
        if let Some(path) = &self.model {
            config.model = Model::File(path.clone());
        }
        if let Some(user) = &self.user {
            if config.user_store(user).is_none() {
                let user = tamis_common::print::safe(user);
                return Err(match config.users {
                    Some(_) => format!("{user}: cannot be the name of a user\n  help: name an address"),
                    None => format!(
                        "{user}: no user has a model of his own\n  help: set users in [bayes] of the configuration to a folder"
                    ),
                });
            }
            config.user = Some(user.clone());
        }
        Ok(config)
    }

    /// These options with another configuration, where one is named, and with more rules.
    pub(crate) fn but(&self, config: Option<&Path>, rules: &[PathBuf]) -> With {
        let mut with = self.clone();
        with.config = config.map(Path::to_owned).or(with.config);
        with.rules.extend(rules.iter().cloned());
        with
    }

    /// The same, with nothing taken from a cache, so that everything that compilers have to say is said.
    pub(crate) fn engine_afresh(&self) -> Result<Engine, String> {
        let mut config = self.config()?;
        config.yara.cache = Cache::Off;
        build(config.builder().now(tamis_common::time::now()).leaf_threads(config.scan_threads()))
    }

    /// The engine; the error names file, line and remedy of every mistake.
    pub(crate) fn engine(&self) -> Result<(Config, Engine), String> {
        let config = self.config()?;
        let engine = build(config.builder().now(tamis_common::time::now()).leaf_threads(config.scan_threads()))?;
        Ok((config, engine))
    }
}

/// Builds an engine.
pub(crate) fn build(builder: EngineBuilder) -> Result<Engine, String> {
    builder.build().map_err(|error| error.to_string())
}

/// Which way messages go.
#[derive(Clone, Copy, ValueEnum)]
enum Way {
    Inbound,
    Outbound,
}

/// What is known of a message beside its bytes.
#[derive(Args, Clone)]
#[command(next_help_heading = "The envelope")]
pub(crate) struct Transport {
    /// Which way the messages go
    #[arg(long, value_name = "WAY", default_value = "inbound")]
    direction: Way,
    /// MAIL FROM; empty for a bounce
    #[arg(long, value_name = "ADDRESS")]
    from: Option<String>,
    /// RCPT TO; may be given several times
    #[arg(long, value_name = "ADDRESS")]
    to: Vec<String>,
    /// The address of the SMTP client
    #[arg(long, value_name = "IP")]
    client_ip: Option<std::net::IpAddr>,
    /// What the client said in HELO or EHLO
    #[arg(long, value_name = "NAME")]
    helo: Option<String>,
    /// The user that the client authenticated as
    #[arg(long, value_name = "USER")]
    auth_user: Option<String>,
}

impl Transport {
    /// A message with its envelope.
    pub(crate) fn mail<'m>(&self, message: &'m Message) -> Mail<'m> {
        let bare = |address: &String| address.trim_start_matches('<').trim_end_matches('>').to_owned();
        let mut mail = Mail::new(&message.raw);
        mail.whole_size = Some(message.size);
        mail.direction = match self.direction {
            Way::Inbound => Direction::Inbound,
            Way::Outbound => Direction::Outbound,
        };
        mail.envelope = Envelope {
            client_ip: self.client_ip,
            helo: self.helo.clone(),
            mail_from: self.from.as_ref().map(bare),
            rcpt_to: self.to.iter().map(bare).collect(),
            auth_user: self.auth_user.clone(),
            ..Envelope::default()
        };
        mail
    }
}
