//! The verdict as JSON, one object a line. Takes what the engine gives; the engine knows nothing of JSON.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use tamis_engine::{Defect, FactValue, Finding, Incomplete, Place, TokenWeight, Verdict};

/// A place.
pub fn place(place: &Place) -> Value {
    json!({
        "item": place.item,
        "path": &*place.path,
        "view": place.view.to_string(),
        "offset": place.offset,
        "length": place.length,
        "readings": place.readings.iter().collect::<Vec<_>>(),
    })
}

/// A token that moved a message's score by the model.
pub fn token(token: &TokenWeight) -> Value {
    json!({"token": token.token, "weight": token.weight, "ham": token.ham, "spam": token.spam})
}

/// A verdict; without `elapsed_us` where that is to be the same from run to run.
pub fn verdict(path: &str, verdict: &Verdict, elapsed_us: Option<u64>) -> Value {
    let mut out = Map::new();
    let mut put = |key: &str, value: Value| out.insert(key.to_owned(), value);
    put("type", "verdict".into());
    put("path", path.into());
    put("action", verdict.action.name().into());
    put("score", verdict.score.into());
    if let (Some(probability), Some(score)) = (verdict.spam_probability, verdict.bayes_score) {
        put("spam_probability", probability.into());
        put("bayes_score", score.into());
        let experts = [("naive_bayes", verdict.naive_bayes_score), ("logistic", verdict.logistic_score)];
        let experts = experts.into_iter().filter_map(|(name, score)| Some((name.to_owned(), score?.into())));
        put("experts", serde_json::Value::Object(experts.collect()));
    }
    let recipients = verdict.recipients.iter();
    put(
        "recipients",
        recipients
            .map(|it| {
                let mut one = json!({"address": it.address, "action": it.action.name(), "score": it.score});
                if let (Some(unmonitored), Some(object)) = (it.unmonitored, one.as_object_mut()) {
                    object.insert("unmonitored".into(), unmonitored.name().into());
                }
                one
            })
            .collect(),
    );
    let reasons = verdict.reasons.iter().map(|it| {
        json!({
            "rule": &*it.rule,
            "score": it.score,
            "group": &*it.group,
            "place": place(&it.place),
            "evidence": it.evidence,
            "explanation": it.explanation,
        })
    });
    put("reasons", reasons.collect());
    put("defects", verdict.defects.iter().map(defect).collect());
    put("incomplete", verdict.incomplete.iter().map(gap).collect());
    put("items", verdict.items.into());
    put("readings", verdict.readings.into());
    put("bytes", verdict.bytes.into());
    put("direction", verdict.direction.name().into());
    let versions = &verdict.versions;
    put("versions", json!({"engine": &*versions.engine, "rules": &*versions.rules, "model": &*versions.model}));
    if let Some(elapsed) = elapsed_us {
        put("elapsed_us", elapsed.into());
    }
    Value::Object(out)
}

/// The names of all rules that hit, each once, in the order of detectors and files.
pub fn findings(all: &[Finding]) -> Value {
    let mut seen = BTreeSet::new();
    all.iter().map(|it| &*it.rule).filter(|rule| seen.insert(*rule)).collect()
}

/// Something malformed.
pub fn defect(it: &Defect) -> Value {
    json!({"defect": it.kind.name(), "place": place(&it.place)})
}

/// Something that was not looked at.
pub fn gap(it: &Incomplete) -> Value {
    json!({"limit": it.limit.name(), "place": place(&it.place), "explanation": it.explanation})
}

/// A message that could not be read.
pub fn error(path: &str, message: &str) -> Value {
    json!({"type": "error", "path": path, "message": message})
}

/// Facts by name.
pub fn facts(facts: &[(String, FactValue)]) -> Value {
    Value::Object(facts.iter().map(|(name, value)| (name.clone(), fact(value))).collect())
}

fn fact(value: &FactValue) -> Value {
    match value {
        FactValue::Bool(it) => (*it).into(),
        FactValue::Int(it) => (*it).into(),
        FactValue::Text(it) => it.as_str().into(),
        FactValue::Timestamp(it) => crate::time::to_text(*it).into(),
        FactValue::Record(fields) => facts(fields),
        FactValue::List(list) => list.iter().map(fact).collect(),
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tamis_engine::{EngineBuilder, Mail};

    #[test]
    fn a_verdict_has_the_fields_of_the_contract() {
        let engine = EngineBuilder::new().build().unwrap();
        let found = engine.worker().scan(&Mail::new(b"Subject: a\0b\n\nx"));
        let json = verdict("a.eml", &found, None);
        for key in ["type", "path", "action", "score", "recipients", "reasons", "defects", "incomplete", "versions"] {
            assert!(json.get(key).is_some(), "{key}");
        }
        let defects = json["defects"].as_array().unwrap();
        assert!(defects.iter().any(|it| it["defect"] == "header-nul"), "{defects:?}");
        assert!(json.get("elapsed_us").is_none() && json.get("bayes_score").is_none());
        assert_eq!(verdict("a.eml", &found, Some(7))["elapsed_us"], 7);
    }

    fn keys(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(object) => object.iter().for_each(|(key, value)| {
                found.push(key.clone());
                keys(value, found);
            }),
            Value::Array(list) => list.iter().for_each(|it| keys(it, found)),
            _ => {}
        }
    }

    #[test]
    fn every_field_is_in_the_document() {
        let document = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/json.md")).unwrap();
        let mut config = crate::config::Config::default();
        config.policy.inbound.monitor_only = true;
        let mut limits = tamis_engine::Limits::default();
        limits.headers = 2;
        let engine = config.builder().limits(limits).build().unwrap();
        let found = engine.worker().scan(&Mail::new(b"Subject: a\0b\nA: b\nC: d\n\nx"));
        let mut names = Vec::new();
        keys(&verdict("a.eml", &found, Some(7)), &mut names);
        keys(&error("a.eml", "gone"), &mut names);
        for part in ["limit", "defect", "evidence", "unmonitored", "readings", "bayes_score"] {
            assert!(names.iter().any(|name| name == part), "{part} is not in {names:?}");
        }
        for name in names {
            assert!(document.contains(&format!("`{name}`")), "{name}");
        }
    }
}
