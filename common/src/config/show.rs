//! [`Config`] -> text: as resolved, with the origin of each value; or the defaults with their reasons.

use std::fmt::Write;

use super::Config;
use super::keys::{self, SECTIONS, list, quote};
use super::lists::{EFFECTS, KINDS};

/// The defaults as a configuration file, each key with its reason. It can be read back.
pub fn defaults() -> String {
    let config = Config::default();
    let mut out =
        String::from("# The defaults of Tamis. Every key is optional: write down only what is to be otherwise.\n");
    for section in SECTIONS {
        let _ = write!(out, "\n# {}\n", section.what);
        if section.name != "recipients" && section.name != "lists" {
            let _ = writeln!(out, "[{}]", section.name);
        }
        for line in section.example.lines() {
            let _ = writeln!(out, "# {line}");
        }
        for key in keys::all().filter(|key| key.section == section.name) {
            let _ = writeln!(out, "# {}", key.why);
            let _ = writeln!(out, "{} = {}", key.name, (key.get)(&config));
        }
    }
    out
}

/// The configuration as resolved, with the file and line that set each value.
pub fn resolved(config: &Config) -> String {
    let source = config.source.as_deref().map(crate::print::safe);
    let mut out = match &source {
        Some(source) => format!("# read from {source}\n"),
        None => "# no configuration file: these are the defaults\n".to_owned(),
    };
    let origin = |key: &str| match (config.lines.get(key), &source) {
        (Some(line), Some(source)) => format!("{source}:{line}"),
        _ => "default".to_owned(),
    };
    let mut line = |out: &mut String, full: &str, value: &str| {
        let name = full.rsplit('.').next().unwrap_or(full);
        let set = format!("{name} = {value}");
        let _ = writeln!(out, "{set:<40} # {}", origin(full));
    };
    for section in SECTIONS {
        match section.name {
            "recipients" => recipients(config, &mut out, &mut line),
            "lists" => lists(config, &mut out, &mut line),
            "rules.scores" => {
                out.push_str("\n[rules.scores]\n");
                for (rule, score, _) in &config.scores {
                    line(&mut out, &format!("rules.scores.{rule}"), &format!("{score:?}"));
                }
            }
            name => {
                let _ = write!(out, "\n[{name}]\n");
                for key in keys::all().filter(|key| key.section == name) {
                    line(&mut out, &format!("{name}.{}", key.name), &(key.get)(config));
                }
            }
        }
    }
    crate::print::safe_lines(&out) + "\n"
}

type Line<'l> = dyn FnMut(&mut String, &str, &str) + 'l;

fn recipients(config: &Config, out: &mut String, line: &mut Line<'_>) {
    for profile in &config.policy.profiles {
        out.push_str("\n[[recipients]]\n");
        let mut put = |key: &str, value: String| line(out, &format!("recipients.{}.{key}", profile.name), &value);
        put("name", quote(&profile.name));
        put("for", list(profile.recipients.iter()));
        for (key, threshold) in [("tag", profile.tag), ("quarantine", profile.quarantine), ("reject", profile.reject)] {
            if let Some(threshold) = threshold {
                put(key, threshold.map_or("false".into(), |it| format!("{it:?}")));
            }
        }
        if let Some(monitor_only) = profile.monitor_only {
            put("monitor_only", monitor_only.to_string());
        }
        if let Some(lists) = &profile.lists {
            put("lists", list(lists.iter()));
        }
    }
}

fn lists(config: &Config, out: &mut String, line: &mut Line<'_>) {
    for it in &config.lists {
        let _ = write!(out, "\n[lists.{}]\n", it.name);
        let mut put = |key: &str, value: String| line(out, &format!("lists.{}.{key}", it.name), &value);
        let kind = KINDS.iter().find(|(_, kind)| *kind == it.kind).map_or("", |(name, _)| name);
        let effect = EFFECTS.iter().find(|(_, effect)| *effect == it.effect).map_or("", |(name, _)| name);
        put("kind", quote(kind));
        put("effect", quote(effect));
        put("path", list(it.paths.iter().map(|path| crate::print::from_path(path))));
    }
}
