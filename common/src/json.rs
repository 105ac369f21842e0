//! The verdict as JSON, one object a line. Takes what the engine gives; the engine knows nothing of JSON.

use std::collections::BTreeSet;

use serde::ser::{Serialize, SerializeMap, SerializeStruct, Serializer};
use serde_json::{Value, json};
use tamis_engine::{
    Defect, FactValue, Finding, Incomplete, Place, Reason, RecipientResult, TokenWeight, Verdict, Versions,
};

/// A place.
pub fn place(place: &Place) -> Value {
    tree(&Shown(place))
}

/// A token that moved a message's score by the model.
pub fn token(token: &TokenWeight) -> Value {
    json!({"token": token.token, "weight": token.weight, "ham": token.ham, "spam": token.spam})
}

/// A verdict; without `elapsed_us` where that is to be the same from run to run.
pub fn verdict(path: &str, verdict: &Verdict, elapsed_us: Option<u64>) -> Value {
    tree(&Line { path, verdict, elapsed_us })
}

/// The same as text, without a tree of values in between: making and dropping that took as long as a twentieth of a scan.
pub fn line(path: &str, verdict: &Verdict, elapsed_us: Option<u64>) -> String {
    serde_json::to_string(&Line { path, verdict, elapsed_us }).unwrap_or_default()
}

fn tree(it: &impl Serialize) -> Value {
    serde_json::to_value(it).unwrap_or_default()
}

/// A verdict as it is written.
struct Line<'v> {
    path: &'v str,
    verdict: &'v Verdict,
    elapsed_us: Option<u64>,
}

/// Something as it is written. The names of fields come in the order of the alphabet, as a tree of values has them.
struct Shown<T>(T);

impl Serialize for Line<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let it = self.verdict;
        let bayes = it.spam_probability.zip(it.bayes_score);
        let mut out = serializer.serialize_map(None)?;
        out.serialize_entry("action", it.action.name())?;
        if let Some((_, score)) = bayes {
            out.serialize_entry("bayes_score", &score)?;
        }
        out.serialize_entry("bytes", &it.bytes)?;
        out.serialize_entry("defects", &Shown(it.defects.as_slice()))?;
        out.serialize_entry("direction", it.direction.name())?;
        if let Some(elapsed) = self.elapsed_us {
            out.serialize_entry("elapsed_us", &elapsed)?;
        }
        if bayes.is_some() {
            out.serialize_entry("experts", &Shown(Experts(it)))?;
        }
        out.serialize_entry("incomplete", &Shown(it.incomplete.as_slice()))?;
        out.serialize_entry("items", &it.items)?;
        out.serialize_entry("path", self.path)?;
        out.serialize_entry("readings", &it.readings)?;
        out.serialize_entry("reasons", &Shown(it.reasons.as_slice()))?;
        out.serialize_entry("recipients", &Shown(it.recipients.as_slice()))?;
        out.serialize_entry("score", &it.score)?;
        if let Some((probability, _)) = bayes {
            out.serialize_entry("spam_probability", &probability)?;
        }
        out.serialize_entry("type", "verdict")?;
        out.serialize_entry("versions", &Shown(&it.versions))?;
        out.end()
    }
}

/// What each of the two models of a verdict says.
struct Experts<'v>(&'v Verdict);

impl Serialize for Shown<Experts<'_>> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Experts(it) = self.0;
        let scores = [("logistic", it.logistic_score), ("naive_bayes", it.naive_bayes_score)];
        serializer.collect_map(scores.into_iter().filter_map(|(name, score)| Some((name, score?))))
    }
}

impl<'v, T> Serialize for Shown<&'v [T]>
where
    Shown<&'v T>: Serialize,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(Shown))
    }
}

impl Serialize for Shown<&RecipientResult> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let it = self.0;
        let mut out = serializer.serialize_map(None)?;
        out.serialize_entry("action", it.action.name())?;
        out.serialize_entry("address", &it.address)?;
        out.serialize_entry("score", &it.score)?;
        if let Some(unmonitored) = it.unmonitored {
            out.serialize_entry("unmonitored", unmonitored.name())?;
        }
        out.end()
    }
}

impl Serialize for Shown<&Reason> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let it = self.0;
        let mut out = serializer.serialize_struct("Reason", 6)?;
        out.serialize_field("evidence", &it.evidence)?;
        out.serialize_field("explanation", &it.explanation)?;
        out.serialize_field("group", &*it.group)?;
        out.serialize_field("place", &Shown(&it.place))?;
        out.serialize_field("rule", &*it.rule)?;
        out.serialize_field("score", &it.score)?;
        out.end()
    }
}

impl Serialize for Shown<&Place> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let it = self.0;
        let mut out = serializer.serialize_struct("Place", 6)?;
        out.serialize_field("item", &it.item)?;
        out.serialize_field("length", &it.length)?;
        out.serialize_field("offset", &it.offset)?;
        out.serialize_field("path", &*it.path)?;
        out.serialize_field("readings", &it.readings.iter().collect::<Vec<_>>())?;
        out.serialize_field("view", &it.view.to_string())?;
        out.end()
    }
}

impl Serialize for Shown<&Defect> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("Defect", 2)?;
        out.serialize_field("defect", self.0.kind.name())?;
        out.serialize_field("place", &Shown(&self.0.place))?;
        out.end()
    }
}

impl Serialize for Shown<&Incomplete> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("Incomplete", 3)?;
        out.serialize_field("explanation", &self.0.explanation)?;
        out.serialize_field("limit", self.0.limit.name())?;
        out.serialize_field("place", &Shown(&self.0.place))?;
        out.end()
    }
}

impl Serialize for Shown<&Versions> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("Versions", 3)?;
        out.serialize_field("engine", &*self.0.engine)?;
        out.serialize_field("model", &*self.0.model)?;
        out.serialize_field("rules", &*self.0.rules)?;
        out.end()
    }
}

/// The names of all rules that hit, each once, in the order of detectors and files.
pub fn findings(all: &[Finding]) -> Value {
    let mut seen = BTreeSet::new();
    all.iter().map(|it| &*it.rule).filter(|rule| seen.insert(*rule)).collect()
}

/// Something malformed.
pub fn defect(it: &Defect) -> Value {
    tree(&Shown(it))
}

/// Something that was not looked at.
pub fn gap(it: &Incomplete) -> Value {
    tree(&Shown(it))
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
        // Names come in the order of a tree, which is that of the alphabet.
        assert_eq!(line("a.eml", &found, Some(7)), verdict("a.eml", &found, Some(7)).to_string());
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
