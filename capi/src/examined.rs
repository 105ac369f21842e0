//! Messages that were looked at and wait for answers of the network.

use std::ffi::{CString, c_char, c_int};
use std::sync::{Arc, Mutex};

use ::tamis_engine::{Answer, Answers, Examined, Question};

use crate::borrow::{Out, c_text, text};
use crate::engine::Opened;
use crate::handle::Registry;
use crate::scan;
use crate::status::{Fault, guard, guard_or, tamis_status};
use crate::verdict::tamis_verdict;

/// A message that was looked at, and questions that only the network can answer: for hosts that have DNS. Ask, hand in
/// the answers that came in time, and judge; a question without an answer is neutral. Belongs to one thread at a time;
/// any thread may judge.
pub struct tamis_examined(());

/// What a question asks for. Numbers are never used again for something else; what a host does not know it leaves open.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum tamis_question {
    /// No question: the index is beyond the last one.
    TAMIS_QUESTION_NONE = 0,
    /// The addresses of a name: its DNS records of type A.
    TAMIS_QUESTION_DNS_A = 1,
    /// Something that this version cannot tell C of.
    TAMIS_QUESTION_OTHER = 2,
}

struct Waiting {
    opened: Arc<Opened>,
    names: Vec<CString>,
    questions: Vec<Question>,
    inner: Mutex<Inner>,
}

struct Inner {
    /// Gone when it was judged.
    examined: Option<Examined>,
    answers: Vec<Option<Answer>>,
}

static EXAMINED: Registry<Waiting> = Registry::new(4);

/// Runs `then` while the message is in use, as it is by another thread that judges it.
#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub(crate) fn in_use<R>(handle: *const tamis_examined, then: impl FnOnce() -> R) -> R {
    let waiting = EXAMINED.get(handle).unwrap();
    let _used = waiting.inner.lock().unwrap();
    then()
}

#[cfg(any(test, feature = "fuzzing"))]
pub(crate) fn live() -> usize {
    EXAMINED.live()
}

fn of(handle: *const tamis_examined) -> Result<Arc<Waiting>, Fault> {
    EXAMINED.get(handle).ok_or_else(|| Fault::handle("examined"))
}

pub(crate) fn insert(opened: Arc<Opened>, examined: Examined) -> Result<*mut tamis_examined, Fault> {
    let questions = examined.questions().to_vec();
    let name = |question: &Question| match question {
        Question::DnsAddress(name) => c_text(name),
        _ => CString::default(),
    };
    let names = questions.iter().map(name).collect();
    let answers = vec![None; questions.len()];
    let waiting = Waiting { opened, names, questions, inner: Mutex::new(Inner { examined: Some(examined), answers }) };
    EXAMINED.insert(waiting).ok_or_else(|| Fault::new(tamis_status::TAMIS_RESOURCES, "too many examined messages"))
}

/// How many questions there are; 0 where there are none, or where it is no such handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tamis_examined_questions(examined: *const tamis_examined) -> usize {
    guard_or(0, || Ok(of(examined)?.questions.len()))
}

/// What question `index` asks for.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tamis_examined_question_kind(examined: *const tamis_examined, index: usize) -> tamis_question {
    guard_or(tamis_question::TAMIS_QUESTION_NONE, || {
        Ok(match of(examined)?.questions.get(index).ok_or_else(Fault::absent)? {
            Question::DnsAddress(_) => tamis_question::TAMIS_QUESTION_DNS_A,
            _ => tamis_question::TAMIS_QUESTION_OTHER,
        })
    })
}

/// The name that question `index` is about, without a dot at its end. Stays valid until the handle is freed or judged;
/// NULL where there is no such question.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tamis_examined_question_name(examined: *const tamis_examined, index: usize) -> *const c_char {
    guard_or(std::ptr::null(), || Ok(of(examined)?.names.get(index).ok_or_else(Fault::absent)?.as_ptr()))
}

/// Hands in the answer to question `index`. `found` is 0 where the name does not exist, else 1; then each call adds one
/// address, IPv4 or IPv6. At most 100 addresses count.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tamis_examined_answer(
    examined: *mut tamis_examined,
    index: usize,
    found: c_int,
    address: *const c_char,
) -> tamis_status {
    guard(|| {
        let waiting = of(examined)?;
        let mut inner = Fault::try_lock("examined message", &waiting.inner)?;
        let slot = inner.answers.get_mut(index).ok_or_else(Fault::absent)?;
        if found == 0 {
            *slot = Some(Answer::Addresses(Vec::new()));
            return Ok(());
        }
        let address = text("address", address)?;
        let wrong = |_| Fault::new(tamis_status::TAMIS_ARGUMENT, format!("{address:?} is no IP address"));
        let address = address.parse().map_err(wrong)?;
        match slot {
            Some(Answer::Addresses(addresses)) if addresses.len() < 100 => addresses.push(address),
            Some(Answer::Addresses(_)) => {}
            _ => *slot = Some(Answer::Addresses(vec![address])),
        }
        Ok(())
    })
}

/// Judges, with the answers that were handed in, and frees `examined` where it gives TAMIS_OK; else it is still to be
/// freed. Free the verdict with tamis_verdict_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tamis_examined_judge(
    examined: *mut tamis_examined,
    out: *mut *mut tamis_verdict,
) -> tamis_status {
    guard(|| {
        let out = Out::new("out", out)?;
        out.set(std::ptr::null_mut());
        let waiting = of(examined)?;
        waiting.opened.same_process()?;
        // Held while judging: a fault there poisons it.
        let mut inner = Fault::try_lock("examined message", &waiting.inner)?;
        let message = inner.examined.take().ok_or_else(|| Fault::handle("examined"))?;
        let mut answers = Answers::new();
        for (question, answer) in waiting.questions.iter().zip(&mut inner.answers) {
            if let Some(answer) = answer.take() {
                answers.insert(question.clone(), answer);
            }
        }
        out.set(scan::judge(&waiting.opened, message, &answers)?);
        drop(EXAMINED.remove(examined));
        Ok(())
    })
}

/// Frees an examined message without judging it. NULL is fine, and so is a handle that was freed or judged.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tamis_examined_free(examined: *mut tamis_examined) {
    let _ = guard(|| {
        drop(EXAMINED.remove(examined));
        Ok(())
    });
}
