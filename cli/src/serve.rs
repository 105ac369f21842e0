//! `tamis serve`: the daemon.

use std::path::PathBuf;

use clap::Args;
use tamis_common::config::{Config, SYSTEM_FILE, Socket};

use crate::engine::With;

/// Runs the milter for Postfix, and HTTP for monitors.
///
/// SIGHUP reads rules, lists, model and configuration anew; SIGTERM ends it when the messages under way have their answers.
#[derive(Args)]
#[command(after_long_help = "Examples:\n  \
    tamis serve --milter inet:127.0.0.1:8891             with no configuration at all\n  \
    tamis serve --config /etc/tamis/tamis.toml           as [milter] and [http] say\n\n\
    In Postfix: postconf -e smtpd_milters=inet:127.0.0.1:8891\n\
    docs/deploy.md is the manual.")]
pub(crate) struct Serve {
    /// Listens for the mail server, in place of what the configuration says: inet:HOST:PORT or unix:PATH
    #[arg(long, value_name = "SOCKET", value_parser = socket)]
    milter: Vec<Socket>,
    /// Serves HTTP: HOST:PORT
    #[arg(long, value_name = "HOST:PORT", value_parser = http)]
    http: Option<Socket>,
    #[command(flatten)]
    with: With,
}

fn socket(text: &str) -> Result<Socket, String> {
    Socket::parse(text).ok_or_else(|| "write inet:HOST:PORT or unix:PATH".into())
}

fn http(text: &str) -> Result<Socket, String> {
    let bare = text.strip_prefix("inet:").unwrap_or(text);
    Socket::parse(&format!("inet:{bare}")).ok_or_else(|| "write HOST:PORT".into())
}

impl Serve {
    /// Runs until a signal ends it.
    pub(crate) fn run(self) -> Result<bool, String> {
        let named = self.with.file().or_else(|| {
            let variable = std::env::var_os("TAMIS_CONFIG").filter(|value| !value.is_empty()).map(PathBuf::from);
            variable.or_else(|| Some(PathBuf::from(SYSTEM_FILE)).filter(|path| path.exists()))
        });
        let read = move || -> Result<Config, String> {
            let mut config = self.with.config()?;
            if !self.milter.is_empty() {
                config.serve.milter.listen.clone_from(&self.milter);
            }
            if self.http.is_some() {
                config.serve.http.clone_from(&self.http);
            }
            Ok(config)
        };
        tamis_daemon::run(tamis_daemon::Options { read: Box::new(read), file: named })?;
        Ok(false)
    }
}
