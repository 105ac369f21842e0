//! The engine that a command asks for: stock rules and model, and what its options add.

use std::path::PathBuf;

use clap::Args;
use tamis_common::stock;
use tamis_engine::{Engine, EngineBuilder};

/// What to judge with.
#[derive(Args)]
pub(crate) struct With {
    /// Adds a file of rules, or all below a folder
    #[arg(long, value_name = "PATH")]
    rules: Vec<PathBuf>,
    /// Leaves the stock rules out
    #[arg(long)]
    no_stock_rules: bool,
    /// A Bayes model in place of the stock one
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
}

impl With {
    /// Builds the engine; the error names file, line and remedy of every mistake.
    pub(crate) fn engine(&self, threads: usize) -> Result<Engine, String> {
        let mut builder = EngineBuilder::new().leaf_threads(threads);
        if !self.no_stock_rules {
            for (name, text) in stock::rules() {
                builder = builder.rules_text(format!("{}{name}", stock::PREFIX), text);
            }
            for (name, text) in stock::scores() {
                builder = builder.scores_text(format!("{}{name}", stock::PREFIX), text);
            }
        }
        for path in &self.rules {
            builder = builder.rules_path(path);
        }
        builder = match (&self.model, stock::model()) {
            (Some(path), _) => builder.model_path(path),
            (None, Some((name, bytes))) => builder.model_bytes(format!("{}{name}", stock::PREFIX), bytes),
            (None, None) => builder,
        };
        builder.build().map_err(|error| error.to_string())
    }
}
