//! When files are read anew: at SIGHUP, and when one has changed. What is broken leaves the old engine in place.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::signal::unix::{SignalKind, signal};

use crate::reload::{self, Seen};
use crate::serve::{Options, Shared};
use crate::told::millis;

/// Does so until the program stops.
pub(crate) async fn watch_files(shared: Arc<Shared>, options: Options) {
    let Ok(mut hangup) = signal(SignalKind::hangup()) else { return };
    let mut seen = look(&shared, &options);
    loop {
        let every = shared.config().serve.watch_seconds;
        let tick = Duration::from_secs(if every == 0 { 86_400 * 365 } else { every.into() });
        let told = tokio::time::timeout(tick, hangup.recv()).await.is_ok();
        if *shared.stopping.borrow() {
            return;
        }
        let now = look(&shared, &options);
        if !told && now == seen {
            continue;
        }
        // A file that is being written is read when it rests.
        if !told {
            tokio::time::sleep(Duration::from_millis(200)).await;
            if look(&shared, &options) != now {
                continue;
            }
        }
        let begun = Instant::now();
        let config = shared.config();
        let current = shared.pool.engine();
        // Told by a signal, everything is read anew, changed or not.
        let before = if told { Seen::new() } else { seen };
        let result = tokio::task::block_in_place(|| reload::engine(&*options.read, &current, &config, &before, &now));
        match result {
            Ok((config, engine)) => {
                let rules = engine.versions().rules.to_string();
                shared.pool.replace(engine);
                shared.reconfigure(config);
                shared.metrics.count("tamis_reloads_total", "result=\"done\"".into());
                shared.log.line("reloaded", &[("rules", rules.into()), ("took_ms", millis(begun.elapsed()))]);
            }
            Err(problems) => {
                shared.metrics.count("tamis_reloads_total", "result=\"failed\"".into());
                shared.log.line("reload-failed", &[("problems", problems.into())]);
            }
        }
        seen = look(&shared, &options);
        if now != seen && !told {
            // It changed meanwhile: look again at once.
            seen = now;
        }
    }
}

/// Thousands of files take a while, in which sessions go on.
fn look(shared: &Shared, options: &Options) -> Seen {
    tokio::task::block_in_place(|| reload::look(&shared.config(), options.file.as_deref()))
}
