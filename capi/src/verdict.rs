//! What came out. Takes the engine's verdict, gives numbers, structures and strings that stay valid until it is freed.

use std::ffi::{CString, c_char};
use std::sync::{Arc, OnceLock};

use ::tamis_engine::{Place, Verdict};

use crate::borrow::{Grows, Out, c_text, write_sized};
use crate::handle::Registry;
use crate::status::{self, Fault, guard, guard_or, tamis_action, tamis_status};

/// What to do with a message, and why. Immutable: any number of threads may read it at once. All pointers that come out of
/// it stay valid until it is freed.
pub struct tamis_verdict(());

/// Why: one rule, list or detector that found something. Set `struct_size` to `sizeof(tamis_reason)` before the call.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct tamis_reason {
    /// sizeof(tamis_reason), set by the caller.
    pub struct_size: usize,
    /// The rule's name.
    pub rule: *const c_char,
    /// One sentence for a person.
    pub explanation: *const c_char,
    /// A short piece of what was seen, at most some 200 bytes.
    pub evidence: *const c_char,
    /// The group that the rule's score is capped with; empty where there is none.
    pub group: *const c_char,
    /// What it added to the score.
    pub score: f64,
    /// What the score would be without it.
    pub score_without: f64,
    /// The item's path, such as `2/report.zip/eicar.com`; empty: the message itself.
    pub path: *const c_char,
    /// `raw`, `decoded`, `visible`, `folded`, `hidden`, `header:NAME`: what `offset` and `length` count in.
    pub view: *const c_char,
    /// Where it begins, in bytes.
    pub offset: u64,
    /// How long it is, in bytes; 0: the item as a whole.
    pub length: u64,
    /// The item's number; 0: the message itself.
    pub item: u64,
}

/// The result for one recipient. Set `struct_size` to `sizeof(tamis_recipient)` before the call.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct tamis_recipient {
    /// sizeof(tamis_recipient), set by the caller.
    pub struct_size: usize,
    /// As tamis_scan_add_recipient() gave it; empty where no recipient was named.
    pub address: *const c_char,
    /// The score under the recipient's profile.
    pub score: f64,
    /// What to do with the recipient's copy.
    pub action: tamis_action,
    /// What would be done if `monitor_only` were off; TAMIS_ACTION_NONE where it is off.
    pub unmonitored: tamis_action,
}

/// Something malformed, or something that was not looked at. Set `struct_size` to `sizeof(tamis_note)` before the call.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct tamis_note {
    /// sizeof(tamis_note), set by the caller.
    pub struct_size: usize,
    /// The name of the defect (docs/defects.md), or of the limit (docs/limits.md).
    pub name: *const c_char,
    /// One sentence for a person; empty for defects.
    pub explanation: *const c_char,
    /// As in tamis_reason.
    pub path: *const c_char,
    /// As in tamis_reason.
    pub view: *const c_char,
    /// As in tamis_reason.
    pub offset: u64,
    /// As in tamis_reason.
    pub length: u64,
    /// As in tamis_reason.
    pub item: u64,
}

// No padding at the end of any, where a later member could hide that an older caller has no room for.
// SAFETY: all three are `repr(C)`, begin with a `usize`, and are plain numbers and pointers.
unsafe impl Grows for tamis_reason {
    const FIRST: usize = size_of::<tamis_reason>();
}
// SAFETY: as above.
unsafe impl Grows for tamis_recipient {
    const FIRST: usize = size_of::<tamis_recipient>();
}
// SAFETY: as above.
unsafe impl Grows for tamis_note {
    const FIRST: usize = size_of::<tamis_note>();
}

/// Strings of a place.
struct Where {
    path: CString,
    view: CString,
}

impl Where {
    fn of(place: &Place) -> Where {
        Where { path: c_text(&place.path), view: c_text(&place.view.to_string()) }
    }
}

struct Found {
    verdict: Verdict,
    /// Made when first asked for, like the two below.
    reasons: OnceLock<Vec<([CString; 4], Where)>>,
    defects: OnceLock<Vec<(CString, Where)>>,
    incomplete: OnceLock<Vec<([CString; 2], Where)>>,
    recipients: OnceLock<Vec<CString>>,
    json: OnceLock<CString>,
}

static VERDICTS: Registry<Found> = Registry::new(5);

#[cfg(any(test, feature = "fuzzing"))]
pub(crate) fn live() -> usize {
    VERDICTS.live()
}

fn of(handle: *const tamis_verdict) -> Result<Arc<Found>, Fault> {
    VERDICTS.get(handle).ok_or_else(|| Fault::handle("verdict"))
}

pub(crate) fn insert(verdict: Verdict) -> Result<*mut tamis_verdict, Fault> {
    let found = Found {
        verdict,
        reasons: OnceLock::new(),
        defects: OnceLock::new(),
        incomplete: OnceLock::new(),
        recipients: OnceLock::new(),
        json: OnceLock::new(),
    };
    VERDICTS.insert(found).ok_or_else(|| Fault::new(tamis_status::TAMIS_RESOURCES, "too many verdicts"))
}

/// Frees a verdict, and with it every pointer that came out of it. NULL is fine, and so is a handle that was freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tamis_verdict_free(verdict: *mut tamis_verdict) {
    let _ = guard(|| {
        drop(VERDICTS.remove(verdict));
        Ok(())
    });
}

/// What to do: the strictest action that is safe for all recipients. TAMIS_ACTION_NONE where it is no verdict.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tamis_verdict_action(verdict: *const tamis_verdict) -> tamis_action {
    guard_or(tamis_action::TAMIS_ACTION_NONE, || Ok(status::action(of(verdict)?.verdict.action)))
}

/// The score that belongs to the action. NaN where it is no verdict.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tamis_verdict_score(verdict: *const tamis_verdict) -> f64 {
    guard_or(f64::NAN, || Ok(of(verdict)?.verdict.score))
}

/// How likely the message is spam by the model, calibrated, from 0 to 1. NaN where there is no model.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tamis_verdict_spam_probability(verdict: *const tamis_verdict) -> f64 {
    guard_or(f64::NAN, || Ok(of(verdict)?.verdict.spam_probability.unwrap_or(f64::NAN)))
}

/// The unrounded log-odds behind it. NaN where there is no model.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tamis_verdict_bayes_score(verdict: *const tamis_verdict) -> f64 {
    guard_or(f64::NAN, || Ok(of(verdict)?.verdict.bayes_score.unwrap_or(f64::NAN)))
}

/// How many items were looked at: parts, and everything unpacked.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tamis_verdict_items(verdict: *const tamis_verdict) -> u32 {
    guard_or(0, || Ok(of(verdict)?.verdict.items))
}

/// How many distinct readings the message has: 1 where it is unambiguous.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tamis_verdict_readings(verdict: *const tamis_verdict) -> u32 {
    guard_or(0, || Ok(of(verdict)?.verdict.readings))
}

/// How many reasons there are.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tamis_verdict_reasons(verdict: *const tamis_verdict) -> usize {
    guard_or(0, || Ok(of(verdict)?.verdict.reasons.len()))
}

/// Reason `index`, the weightiest first. Gives TAMIS_ABSENT beyond the last one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tamis_verdict_reason(
    verdict: *const tamis_verdict,
    index: usize,
    out: *mut tamis_reason,
) -> tamis_status {
    guard(|| {
        let found = of(verdict)?;
        let strings = found.reasons.get_or_init(|| {
            let all = found.verdict.reasons.iter();
            all.map(|it| {
                ([&it.rule, it.explanation.as_str(), &it.evidence, &it.group].map(c_text), Where::of(&it.place))
            })
            .collect()
        });
        let reason = found.verdict.reasons.get(index).ok_or_else(Fault::absent)?;
        let ([rule, explanation, evidence, group], place) = strings.get(index).ok_or_else(Fault::absent)?;
        let value = tamis_reason {
            struct_size: 0,
            rule: rule.as_ptr(),
            explanation: explanation.as_ptr(),
            evidence: evidence.as_ptr(),
            group: group.as_ptr(),
            score: reason.score,
            score_without: reason.without,
            path: place.path.as_ptr(),
            view: place.view.as_ptr(),
            offset: reason.place.offset,
            length: reason.place.length,
            item: reason.place.item.into(),
        };
        write_sized("out", out, value)
    })
}

/// How many recipients have results: one a recipient, or one where none was named.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tamis_verdict_recipients(verdict: *const tamis_verdict) -> usize {
    guard_or(0, || Ok(of(verdict)?.verdict.recipients.len()))
}

/// The result for recipient `index`, in the envelope's order. Gives TAMIS_ABSENT beyond the last one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tamis_verdict_recipient(
    verdict: *const tamis_verdict,
    index: usize,
    out: *mut tamis_recipient,
) -> tamis_status {
    guard(|| {
        let found = of(verdict)?;
        let all = &found.verdict.recipients;
        let strings = found.recipients.get_or_init(|| all.iter().map(|it| c_text(&it.address)).collect());
        let (result, address) = all.get(index).zip(strings.get(index)).ok_or_else(Fault::absent)?;
        let value = tamis_recipient {
            struct_size: 0,
            address: address.as_ptr(),
            score: result.score,
            action: status::action(result.action),
            unmonitored: result.unmonitored.map_or(tamis_action::TAMIS_ACTION_NONE, status::action),
        };
        write_sized("out", out, value)
    })
}

/// A place that was noted.
fn note(name: &CString, explanation: *const c_char, strings: &Where, place: &Place) -> tamis_note {
    tamis_note {
        struct_size: 0,
        name: name.as_ptr(),
        explanation,
        path: strings.path.as_ptr(),
        view: strings.view.as_ptr(),
        offset: place.offset,
        length: place.length,
        item: place.item.into(),
    }
}

/// How many defects the message has.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tamis_verdict_defects(verdict: *const tamis_verdict) -> usize {
    guard_or(0, || Ok(of(verdict)?.verdict.defects.len()))
}

/// Defect `index`: something malformed. Gives TAMIS_ABSENT beyond the last one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tamis_verdict_defect(
    verdict: *const tamis_verdict,
    index: usize,
    out: *mut tamis_note,
) -> tamis_status {
    guard(|| {
        let found = of(verdict)?;
        let all = &found.verdict.defects;
        let strings =
            found.defects.get_or_init(|| all.iter().map(|it| (c_text(it.kind.name()), Where::of(&it.place))).collect());
        let (defect, (name, place)) = all.get(index).zip(strings.get(index)).ok_or_else(Fault::absent)?;
        write_sized("out", out, note(name, c"".as_ptr(), place, &defect.place))
    })
}

/// How many things were not looked at, or not wholly. 0: everything was.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tamis_verdict_incompletes(verdict: *const tamis_verdict) -> usize {
    guard_or(0, || Ok(of(verdict)?.verdict.incomplete.len()))
}

/// What was not looked at, and why, by index. Gives TAMIS_ABSENT beyond the last one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tamis_verdict_incomplete(
    verdict: *const tamis_verdict,
    index: usize,
    out: *mut tamis_note,
) -> tamis_status {
    guard(|| {
        let found = of(verdict)?;
        let all = &found.verdict.incomplete;
        let strings = found.incomplete.get_or_init(|| {
            all.iter().map(|it| ([it.limit.name(), &it.explanation].map(c_text), Where::of(&it.place))).collect()
        });
        let (gap, ([name, explanation], place)) = all.get(index).zip(strings.get(index)).ok_or_else(Fault::absent)?;
        write_sized("out", out, note(name, explanation.as_ptr(), place, &gap.place))
    })
}

/// The whole verdict as one line of JSON (docs/json.md), with an empty `path` and without `elapsed_us`. `*out` stays valid
/// until the verdict is freed; NUL ends it, and `*len`, where `len` is not NULL, is its length without that.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tamis_verdict_json(
    verdict: *const tamis_verdict,
    out: *mut *const c_char,
    len: *mut usize,
) -> tamis_status {
    guard(|| {
        let out = Out::new("out", out)?;
        out.set(std::ptr::null());
        let found = of(verdict)?;
        let json = found.json.get_or_init(|| c_text(&tamis_common::json::line("", &found.verdict, None)));
        out.set(json.as_ptr());
        if let Ok(len) = Out::new("len", len) {
            len.set(json.as_bytes().len());
        }
        Ok(())
    })
}
