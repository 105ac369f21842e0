//! The verdict as JSON, one object a line. Takes what the engine gives; the engine knows nothing of JSON.

use serde_json::{Map, Value, json};
use tamis_engine::{FactValue, Place, Verdict};

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
    }
    let recipients = verdict.recipients.iter();
    put(
        "recipients",
        recipients.map(|it| json!({"address": it.address, "action": it.action.name(), "score": it.score})).collect(),
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
    let defects = verdict.defects.iter();
    put("defects", defects.map(|it| json!({"defect": it.kind.name(), "place": place(&it.place)})).collect());
    let gaps = verdict
        .incomplete
        .iter()
        .map(|it| json!({"limit": it.limit.name(), "place": place(&it.place), "explanation": it.explanation}));
    put("incomplete", gaps.collect());
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
}
