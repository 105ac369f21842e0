use std::path::Path;

use super::keys::SECTIONS;
use super::*;
use tamis_engine::Action;

fn read(text: &str) -> Result<Config, String> {
    Config::text("tamis.toml", text, Path::new("/etc/tamis")).map_err(|error| error.to_string())
}

#[test]
fn what_is_not_written_is_the_default() {
    let config = read("").unwrap();
    assert_eq!((config.limits, config.policy), (Limits::default(), PolicySettings::default()));
    assert!(config.stock_rules);
}

#[test]
fn the_defaults_read_back_as_the_defaults() {
    let config = read(&defaults()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((config.limits.clone(), config.policy.clone()), (Limits::default(), PolicySettings::default()));
    assert_eq!(config.model, Model::Stock);
    // The examples in its comments can be read, too.
    let examples = SECTIONS.iter().map(|it| match it.example {
        "" => String::new(),
        text if text.starts_with('[') => format!("{text}\n"),
        text => format!("[{}]\n{text}\n", it.name),
    });
    read(&examples.collect::<String>()).unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn every_section_is_read_and_shown_with_its_origin() {
    let text = r#"
[scan]
depth = 7
threads = 3
[networks]
own = ["192.0.2.0/24", "2001:db8::1"]
[actions.inbound]
tag = 4
quarantine = 8.5
reject = false
incomplete = "quarantine"
monitor_only = true
[rules]
paths = ["own", "/srv/rules"]
disable = ["no-date"]
[rules.scores]
no-message-id = 0.25
[lists.blocked]
kind = "domains"
effect = "block"
path = ["a.txt", "b.txt"]
[bayes]
model = "own.model"
[[recipients]]
name = "abuse"
for = ["abuse@b.example", "@c.example"]
reject = false
lists = ["blocked"]
"#;
    let config = read(text).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((config.limits.depth, config.scan_threads()), (7, 3));
    assert_eq!(config.networks.own.len(), 2);
    let inbound = &config.policy.inbound;
    assert_eq!((inbound.tag, inbound.quarantine, inbound.reject), (Some(4.0), Some(8.5), None));
    assert_eq!((inbound.incomplete, inbound.monitor_only), (Action::Quarantine, true));
    assert_eq!(config.rule_paths, [Path::new("/etc/tamis/own"), Path::new("/srv/rules")]);
    assert_eq!(config.disable[0].0, "no-date");
    assert_eq!(config.disable[0].1.line, 15);
    assert_eq!((config.scores[0].0.as_str(), config.scores[0].1, config.scores[0].2.line), ("no-message-id", 0.25, 17));
    assert_eq!(config.lists[0].paths, [Path::new("/etc/tamis/a.txt"), Path::new("/etc/tamis/b.txt")]);
    assert_eq!(config.model, Model::File("/etc/tamis/own.model".into()));
    let profile = &config.policy.profiles[0];
    assert_eq!((profile.reject, profile.tag), (Some(None), None));
    let shown = resolved(&config);
    for line in [
        "depth = 7                                # tamis.toml:3",
        "ratio = 200                              # default",
        "reject = false                           # tamis.toml:10",
        "no-message-id = 0.25                     # tamis.toml:17",
        "path = [\"/etc/tamis/a.txt\", \"/etc/tamis/b.txt\"] # tamis.toml:21",
        "for = [\"abuse@b.example\", \"@c.example\"] # tamis.toml:26",
    ] {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert!(shown.lines().any(|it| words(it) == words(line)), "{line}\n{shown}");
    }
    // What is shown says the same again.
    let again = read(&shown).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((again.limits, again.policy), (config.limits, config.policy));
}

#[test]
fn every_mistake_names_line_and_remedy() {
    let cases = [
        ("[scan]\ndepht = 3", "2:1: unknown key depht in [scan]", "did you mean \"depth\"?"),
        ("[scna]\ndepth = 3", "1:2: unknown key scna in the configuration", "did you mean \"scan\"?"),
        ("depth = 3", "1:1: unknown key depth in the configuration", "depth is a key of [scan]"),
        ("[scan]\ndepth = \"3\"", "2:9: scan.depth is of type string", "write a whole number from 1 to 65535"),
        ("[scan]\ndepth = 0", "2:9: scan.depth is 0", "write a whole number from 1 to 65535"),
        ("[scan]\nsteps = -1", "2:9: scan.steps is -1", "write a whole number from"),
        ("scan = 3", "1:8: scan is a section, not a value", "write [scan]"),
        (
            "[networks]\nown = [\"10.0.0.0/8\", \"10.1.1.1/8\"]",
            "2:22: networks.own is \"10.1.1.1/8\" is no",
            "write 192",
        ),
        ("[actions.inbound]\nblock = \"rejct\"", "2:9: actions.inbound.block is \"rejct\"", "did you mean \"reject\"?"),
        ("[actions.inbund]\ntag = 1", "1:10: unknown key inbund in [actions]", "did you mean \"inbound\"?"),
        (
            "[actions.inbound]\ntag = true",
            "2:7: actions.inbound.tag is of type boolean",
            "a number, or false for never",
        ),
        ("[actions.inbound]\ntag = nan", "2:7: actions.inbound.tag is not a finite number", "write a number"),
        ("[rules.scores]\nno-date = \"x\"", "2:11: no-date is of type string", "write a number"),
        (
            "[lists.a]\nkind = \"domain\"\neffect = \"block\"\npath = \"x\"",
            "2:8: kind is \"domain\"",
            "did you mean \"domains\"?",
        ),
        (
            "[lists.a]\nkind = \"domains\"\npath = \"x\"",
            "1:8: the list a has no effect",
            "add effect = \"block\" or \"allow\"",
        ),
        (
            "[[recipients]]\nfor = [\"b.example\"]",
            "2:8: for is \"b.example\", which is no recipient",
            "write @example.com",
        ),
        ("[[recipients]]\nfor = [\"@b.example\"]\nlists = [\"x\"]", "3: there is no list x", "write [lists.x]"),
        ("[[recipients]]\ntag = 1", "recipients number 1 are for nobody", "add for = "),
        ("[bayes]\nmodel = true", "2:9: bayes.model is of type boolean", "write a text"),
        ("[scan]\ndepth = 3\ndepth = 4", "3:1: duplicate key", ""),
        ("[scan\n", "1:6: ", ""),
    ];
    for (text, message, remedy) in cases {
        let error = read(text).expect_err(text);
        assert!(error.starts_with("tamis.toml:") && error.contains(message), "{text}\n{error}");
        assert!(error.contains(remedy), "{text}\n{error}");
    }
    let both = read("[scan]\ndepht = 1\nitms = 2").unwrap_err();
    assert!(both.contains("\"depth\"") && both.contains("\"items\""), "{both}");
}

#[test]
fn the_document_shows_the_defaults() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/configuration.md");
    let document = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = document.split_once("```toml\n").unwrap();
    let (_, after) = rest.split_once("```\n").unwrap();
    let current = format!("{before}```toml\n{}```\n{after}", defaults());
    if std::env::var_os("TAMIS_BLESS").is_some() {
        std::fs::write(&path, &current).unwrap();
    } else {
        assert!(document == current, "docs/configuration.md is not current: TAMIS_BLESS=1 cargo test --release config");
    }
}
