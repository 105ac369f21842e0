//! What fuzzing runs of the interface: calls in any order, on handles that are live, freed, of another kind or none. What
//! each has to give is known from what was done before; in the end all handles are freed, and none is left.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::ffi::{CStr, CString, c_char};
use std::ptr::{null, null_mut, without_provenance_mut};
use std::sync::OnceLock;

use crate::*;

/// A target: its name, and what it does with an input.
pub type Target = (&'static str, fn(&[u8]));

/// The targets over the interface.
pub const TARGETS: &[Target] = &[("capi", calls)];

const CONFIGS: [&str; 4] = [
    "[rules]\nstock = false\n[bayes]\nmodel = false\n",
    "[rules]\nstock = false\n[bayes]\nmodel = false\n[scan]\nmessage_bytes = 1024\n",
    "[rules]\nstock = 7\n",
    "[rules]\npaths = ['relative.toml']\n",
];
const TEXTS: [&CStr; 8] =
    [c"", c"192.0.2.1", c"<a@b.example>", c"spf", c"pass", c"\xff", c"IPv6:2001:db8::1", c"relative/path"];

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Options,
    Engine,
    Scan,
    Examined,
    Verdict,
}

struct Known {
    kind: Kind,
    handle: usize,
    live: bool,
    /// Of a scan: what it was fed.
    fed: Vec<u8>,
    /// Of a scan: nothing was set that changes a verdict, and its engine takes messages whole.
    plain: bool,
    finished: bool,
}

struct Run<'d> {
    data: &'d [u8],
    all: Vec<Known>,
}

/// An engine for all runs. Without stock rules and model, which the target `scan` has and which would take most of the time;
/// what is malformed gives reasons.
fn stock() -> usize {
    static ENGINE: OnceLock<usize> = OnceLock::new();
    *ENGINE.get_or_init(|| {
        let mut out = null_mut();
        let config = "[scan]\nunpacked_bytes = 1000000\nsteps = 100000000\n[rules]\nstock = false\n[bayes]\nmodel = false\n\
                      [rules.scores]\ndefect-bare-lf = 1.0\ndefect-bare-cr = 1.0\n";
        // SAFETY: pointers to what lives during the call, here and below.
        let status = unsafe { tamis_engine_open(config.as_ptr().cast(), config.len(), &mut out) };
        assert_eq!(status, tamis_status::TAMIS_OK);
        out.addr()
    })
}

impl<'d> Run<'d> {
    fn byte(&mut self) -> usize {
        let (&first, rest) = self.data.split_first().unwrap_or((&0, &[]));
        self.data = rest;
        first.into()
    }

    fn bytes(&mut self) -> &'d [u8] {
        let length = (self.byte() * 4).min(self.data.len());
        let (piece, rest) = self.data.split_at(length);
        self.data = rest;
        piece
    }

    fn text(&mut self) -> *const c_char {
        let which = self.byte();
        TEXTS.get(which % 9).map_or(null(), |text| text.as_ptr())
    }

    /// A handle for a call that wants this kind, mostly a good one; and where it stands if it is.
    fn pick<T>(&mut self, kind: Kind) -> (*mut T, Option<usize>) {
        let which = self.byte();
        let good: Vec<usize> = (0..self.all.len()).filter(|&n| self.is_good(n, kind)).collect();
        if which < 224 && !good.is_empty() {
            let n = good[which % good.len()];
            return (without_provenance_mut(self.all[n].handle), Some(n));
        }
        match self.all.len() {
            0 => (without_provenance_mut(which), None),
            length if !which.is_multiple_of(8) => {
                let n = which % length;
                (without_provenance_mut(self.all[n].handle), self.is_good(n, kind).then_some(n))
            }
            _ => (without_provenance_mut(which.wrapping_mul(0x9e37_79b9_7f4a_7c15)), None),
        }
    }

    fn is_good(&self, n: usize, kind: Kind) -> bool {
        self.all[n].live && self.all[n].kind == kind
    }

    fn add<T>(&mut self, kind: Kind, handle: *mut T, plain: bool) {
        let handle = handle.addr();
        assert!(handle != 0);
        assert!(self.all.iter().all(|known| known.handle != handle), "a handle that was there before");
        self.all.push(Known { kind, handle, live: true, fed: Vec::new(), plain, finished: false });
    }
}

/// A status that is about the handle says so exactly where there is none.
fn told(status: tamis_status, good: Option<usize>) {
    assert_ne!(status, tamis_status::TAMIS_PANIC);
    assert!(good.is_none() || status != tamis_status::TAMIS_HANDLE, "a live handle was refused");
    assert!(good.is_some() || status != tamis_status::TAMIS_OK, "a handle that is none was taken");
    // SAFETY: it ends with NUL and stays until this thread's next failure.
    let text = unsafe { CStr::from_ptr(tamis_last_error()) };
    assert!(status == tamis_status::TAMIS_OK || !text.is_empty());
}

fn json(verdict: *const tamis_verdict) -> CString {
    let (mut text, mut length) = (null(), 0);
    // SAFETY: as in `stock`; the text stays as long as the verdict.
    unsafe {
        assert_eq!(tamis_verdict_json(verdict, &mut text, &mut length), tamis_status::TAMIS_OK);
        let text = CStr::from_ptr(text).to_owned();
        assert_eq!(text.as_bytes().len(), length);
        text
    }
}

fn calls(data: &[u8]) {
    let mut run = Run { data, all: Vec::new() };
    run.add(Kind::Engine, shared(), true);
    let mut steps = 0;
    while !run.data.is_empty() && steps < 300 {
        steps += 1;
        // SAFETY: every pointer is to what lives during the call; handles may be anything.
        unsafe { call(&mut run) };
    }
    for known in run.all.drain(..) {
        // SAFETY: handles may be anything.
        unsafe { free(known.kind, known.handle) };
    }
    // Of all kinds only the stock engine's first handle is left.
    assert_eq!(crate::live(), [0, 1, 0, 0, 0], "options, engines, scans, examined, verdicts");
}

/// One more handle for the stock engine.
fn shared() -> *mut tamis_engine {
    let mut out = null_mut();
    // SAFETY: as in `stock`.
    let status = unsafe { tamis_engine_share(without_provenance_mut(stock()), &mut out) };
    assert_eq!(status, tamis_status::TAMIS_OK);
    out
}

unsafe fn free(kind: Kind, handle: usize) {
    // SAFETY: handles may be anything.
    unsafe {
        match kind {
            Kind::Options => tamis_options_free(without_provenance_mut(handle)),
            Kind::Engine => tamis_engine_free(without_provenance_mut(handle)),
            Kind::Scan => tamis_scan_free(without_provenance_mut(handle)),
            Kind::Examined => tamis_examined_free(without_provenance_mut(handle)),
            Kind::Verdict => tamis_verdict_free(without_provenance_mut(handle)),
        }
    }
}

unsafe fn call(run: &mut Run<'_>) {
    const OK: tamis_status = tamis_status::TAMIS_OK;
    // SAFETY: that of the caller, for all calls here.
    unsafe {
        match run.byte() % 32 {
            0 => {
                let mut out = null_mut();
                assert_eq!(tamis_options_new(&mut out), OK);
                run.add(Kind::Options, out, true);
            }
            1 => {
                let (options, good) = run.pick(Kind::Options);
                let text = run.text();
                let status = match run.byte() % 4 {
                    0 => tamis_options_set_base_dir(options, text),
                    1 => tamis_options_set_yara(options, 0),
                    2 => tamis_options_set_threads(options, 65),
                    _ => tamis_options_set_log(options, None, null_mut()),
                };
                told(status, good);
            }
            2 => {
                let (options, _) = run.pick::<tamis_options>(Kind::Options);
                let (which, mut out) = (run.byte() % 5, null_mut());
                // Without stock rules here, too.
                let made = [CONFIGS[0].as_bytes(), &run.data[..run.data.len().min(60)]].concat();
                let text = CONFIGS.get(which).map_or(made.as_slice(), |text| text.as_bytes());
                let status = tamis_engine_open_with(options, text.as_ptr().cast(), text.len(), &mut out);
                assert_eq!(status == OK, !out.is_null());
                if status == OK {
                    run.add(Kind::Engine, out, false);
                }
            }
            3 => {
                let (engine, good) = run.pick(Kind::Engine);
                let mut out = null_mut();
                let status = tamis_engine_share(engine, &mut out);
                told(status, good);
                if let Some(n) = good {
                    let plain = run.all[n].plain;
                    run.add(Kind::Engine, out, plain);
                }
                assert_eq!(tamis_engine_rules_version(engine).is_null(), good.is_none());
                assert_eq!(tamis_engine_model_version(engine).is_null(), good.is_none());
            }
            4..=7 => {
                let (engine, good) = run.pick(Kind::Engine);
                let mut out = null_mut();
                told(tamis_scan_new(engine, &mut out), good);
                if let Some(n) = good {
                    let plain = run.all[n].plain;
                    run.add(Kind::Scan, out, plain);
                }
            }
            8..=9 => {
                let (scan, good) = run.pick(Kind::Scan);
                let (a, b, c) = (run.text(), run.text(), run.text());
                let status = match run.byte() % 9 {
                    0 => tamis_scan_set_direction(scan, (run.byte() % 3) as i32),
                    1 => tamis_scan_set_client(scan, a, b, c),
                    2 => tamis_scan_set_mail_from(scan, a),
                    3 => tamis_scan_add_recipient(scan, a),
                    4 => tamis_scan_set_auth_user(scan, a),
                    5 => tamis_scan_set_tls(scan, 1),
                    6 => tamis_scan_set_received_at(scan, i64::MIN + run.byte() as i64),
                    7 => tamis_scan_add_auth_result(scan, a, b, c),
                    _ => tamis_scan_cancel(scan),
                };
                told(status, good);
                if let (OK, Some(n)) = (status, good) {
                    run.all[n].plain = false;
                }
            }
            10 => {
                let (scan, good) = run.pick(Kind::Scan);
                told(tamis_scan_reset(scan), good);
                if let Some(n) = good {
                    let known = &mut run.all[n];
                    // What was set is forgotten; which engine it has is not, and is not kept here.
                    known.fed.clear();
                    known.finished = false;
                }
            }
            11..=17 => {
                let (scan, good) = run.pick(Kind::Scan);
                let piece = run.bytes();
                let status = tamis_scan_feed(scan, piece.as_ptr(), piece.len());
                if status != tamis_status::TAMIS_TRUNCATED {
                    told(status, good);
                }
                if let Some(n) = good {
                    let known = &mut run.all[n];
                    assert_eq!(known.finished, status == tamis_status::TAMIS_ORDER);
                    if !known.finished {
                        known.fed.extend_from_slice(piece);
                    }
                }
            }
            18..=21 => {
                let (scan, good) = run.pick(Kind::Scan);
                let mut out = null_mut();
                let status = tamis_scan_finish(scan, &mut out);
                told(status, good);
                assert_eq!(status == OK, !out.is_null());
                let Some(n) = good else { return };
                assert_eq!(status == OK, !run.all[n].finished);
                run.all[n].finished = true;
                if status == OK {
                    if run.all[n].plain {
                        let (mut once, mut whole) = (null_mut(), null_mut());
                        assert_eq!(tamis_scan_new(without_provenance_mut(stock()), &mut once), OK);
                        let fed = &run.all[n].fed;
                        assert_eq!(tamis_scan_message(once, fed.as_ptr(), fed.len(), &mut whole), OK);
                        assert_eq!(json(whole), json(out));
                        tamis_scan_free(once);
                        tamis_verdict_free(whole);
                    }
                    run.add(Kind::Verdict, out, false);
                }
            }
            22 => {
                let (scan, good) = run.pick(Kind::Scan);
                let (piece, mut out) = (run.bytes(), null_mut());
                let status = tamis_scan_message(scan, piece.as_ptr(), piece.len(), &mut out);
                told(status, good);
                if status == OK {
                    run.all[good.unwrap()].finished = true;
                    run.add(Kind::Verdict, out, false);
                }
            }
            23 => {
                let (scan, good) = run.pick(Kind::Scan);
                let mut out = null_mut();
                let status = tamis_scan_examine(scan, &mut out);
                told(status, good);
                if status == OK {
                    run.all[good.unwrap()].finished = true;
                    run.add(Kind::Examined, out, false);
                }
            }
            24..=25 => {
                let (examined, good) = run.pick(Kind::Examined);
                let (index, address, mut out) = (run.byte(), run.text(), null_mut());
                assert!(tamis_examined_questions(examined) <= 1);
                tamis_examined_question_kind(examined, index);
                tamis_examined_question_name(examined, index);
                let found = (run.byte() % 2) as i32;
                let status = tamis_examined_answer(examined, index, found, address);
                assert_eq!(status == tamis_status::TAMIS_HANDLE, good.is_none());
                let status = tamis_examined_judge(examined, &mut out);
                told(status, good);
                if status == OK {
                    run.all[good.unwrap()].live = false;
                    run.add(Kind::Verdict, out, false);
                }
            }
            26..=28 => {
                let (verdict, good) = run.pick(Kind::Verdict);
                verdict_calls(verdict, good, run.byte());
            }
            _ => {
                // Any handle as any kind: only that of its own kind is freed by it.
                let kinds = [Kind::Options, Kind::Engine, Kind::Scan, Kind::Examined, Kind::Verdict];
                let kind = kinds[run.byte() % kinds.len()];
                let (handle, good) = run.pick::<u8>(kind);
                free(kind, handle.addr());
                if let Some(n) = good {
                    run.all[n].live = false;
                }
            }
        }
    }
}

unsafe fn verdict_calls(verdict: *const tamis_verdict, good: Option<usize>, index: usize) {
    // SAFETY: structures with their size set; texts that stay as long as the verdict.
    unsafe {
        let some = tamis_verdict_action(verdict) != tamis_action::TAMIS_ACTION_NONE;
        assert_eq!(some, good.is_some());
        assert_eq!(tamis_verdict_score(verdict).is_nan(), good.is_none());
        assert_eq!(tamis_verdict_recipients(verdict) > 0, good.is_some());
        let mut reason: tamis_reason = std::mem::zeroed();
        let mut recipient: tamis_recipient = std::mem::zeroed();
        let mut note: tamis_note = std::mem::zeroed();
        (reason.struct_size, recipient.struct_size, note.struct_size) =
            (size_of_val(&reason), size_of_val(&recipient), size_of_val(&note));
        let within = |count: usize, status: tamis_status| {
            assert_eq!(index < count, status == tamis_status::TAMIS_OK);
            told(status, good);
            status == tamis_status::TAMIS_OK
        };
        let read = |texts: &[*const c_char]| {
            for text in texts {
                assert!(CStr::from_ptr(*text).to_str().is_ok());
            }
        };
        if within(tamis_verdict_reasons(verdict), tamis_verdict_reason(verdict, index, &mut reason)) {
            read(&[reason.rule, reason.explanation, reason.evidence, reason.group, reason.path, reason.view]);
            assert!(reason.score.is_finite() && reason.score_without.is_finite());
        }
        if within(tamis_verdict_recipients(verdict), tamis_verdict_recipient(verdict, index, &mut recipient)) {
            read(&[recipient.address]);
        }
        if within(tamis_verdict_defects(verdict), tamis_verdict_defect(verdict, index, &mut note)) {
            read(&[note.name, note.explanation, note.path, note.view]);
        }
        if within(tamis_verdict_incompletes(verdict), tamis_verdict_incomplete(verdict, index, &mut note)) {
            read(&[note.name, note.explanation, note.path, note.view]);
        }
        if good.is_some() {
            assert!(json(verdict).as_bytes().starts_with(b"{"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What fuzzing found once stays found. `capi.rs` of tests is not there for it: handles are counted, so that no other
    /// test of this process may have some.
    #[test]
    fn what_was_found_and_some_that_were_not() {
        examined_in_use();
        let mut state = 7_u64;
        for _ in 0..200 {
            let input: Vec<u8> = std::iter::repeat_with(|| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 56) as u8
            })
            .take(600)
            .collect();
            calls(&input);
        }
        let found = concat!(env!("CARGO_MANIFEST_DIR"), "/../fuzz/regressions/capi");
        for entry in std::fs::read_dir(found).into_iter().flatten() {
            calls(&std::fs::read(entry.unwrap().path()).unwrap());
        }
    }

    /// A message that another thread judges says so, and is judged by whoever comes again.
    fn examined_in_use() {
        let (mut scan, mut examined, mut verdict) = (null_mut(), null_mut(), null_mut());
        let raw = b"Subject: x\n\nhello\n";
        // SAFETY: pointers to what lives during the call, and handles that live.
        unsafe {
            assert_eq!(tamis_scan_new(without_provenance_mut(stock()), &mut scan), tamis_status::TAMIS_OK);
            assert_eq!(tamis_scan_feed(scan, raw.as_ptr(), raw.len()), tamis_status::TAMIS_OK);
            assert_eq!(tamis_scan_examine(scan, &mut examined), tamis_status::TAMIS_OK);
            crate::examined::in_use(examined, || {
                assert_eq!(tamis_examined_judge(examined, &mut verdict), tamis_status::TAMIS_BUSY);
                assert_eq!(tamis_examined_answer(examined, 0, 0, null()), tamis_status::TAMIS_BUSY);
                assert!(verdict.is_null());
            });
            assert_eq!(tamis_examined_judge(examined, &mut verdict), tamis_status::TAMIS_OK);
            assert_eq!(tamis_examined_judge(examined, &mut null_mut()), tamis_status::TAMIS_HANDLE);
            tamis_verdict_free(verdict);
            tamis_scan_free(scan);
        }
    }
}
