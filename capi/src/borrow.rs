//! Pointers of the caller's. Takes pointers, gives what they point to, or says what is wrong with them. What it cannot
//! see is whether a pointer that is not NULL points to as much as the caller says: that is the caller's promise, and
//! the first one of the header.

use std::ffi::{CStr, CString, c_char};

use crate::status::{Fault, tamis_status};

/// A string that C hands over: NUL at its end, UTF-8.
pub(crate) fn text<'c>(name: &str, pointer: *const c_char) -> Result<&'c str, Fault> {
    if pointer.is_null() {
        return Err(Fault::new(tamis_status::TAMIS_ARGUMENT, format!("{name} is NULL")));
    }
    // SAFETY: it is not NULL, and the caller promises that a NUL ends it and that it stays as it is during the call.
    let bytes = unsafe { CStr::from_ptr(pointer) };
    bytes.to_str().map_err(|_| Fault::new(tamis_status::TAMIS_ARGUMENT, format!("{name} is not UTF-8")))
}

/// The same, where NULL means that there is none.
pub(crate) fn text_or_none<'c>(name: &str, pointer: *const c_char) -> Result<Option<&'c str>, Fault> {
    if pointer.is_null() { Ok(None) } else { text(name, pointer).map(Some) }
}

/// Bytes that C hands over. NULL is fine where there are none.
pub(crate) fn bytes<'c>(name: &str, pointer: *const u8, length: usize) -> Result<&'c [u8], Fault> {
    if length == 0 {
        return Ok(&[]);
    }
    if pointer.is_null() || length > isize::MAX as usize {
        return Err(Fault::new(tamis_status::TAMIS_ARGUMENT, format!("{name} is NULL, or longer than memory")));
    }
    // SAFETY: it is not NULL, and the caller promises that so many bytes can be read and stay as they are during the
    // call. Bytes have no alignment.
    Ok(unsafe { std::slice::from_raw_parts(pointer, length) })
}

/// Where C wants a result.
pub(crate) struct Out<T>(*mut T);

impl<T> Out<T> {
    /// Refuses NULL.
    pub(crate) fn new(name: &str, pointer: *mut T) -> Result<Out<T>, Fault> {
        match pointer.is_null() || !pointer.is_aligned() {
            true => Err(Fault::new(tamis_status::TAMIS_ARGUMENT, format!("{name} is NULL, or not aligned"))),
            false => Ok(Out(pointer)),
        }
    }

    pub(crate) fn set(&self, value: T) {
        // SAFETY: neither NULL nor unaligned, by `new`; the caller promises that it points to a place for a `T`, which
        // may hold anything before, since it is written and not dropped.
        unsafe { self.0.write(value) }
    }
}

/// A structure that grows from version to version: its first member is its size, as the caller was compiled with.
///
/// # Safety
///
/// `repr(C)`; its first member is a `usize`, and all bytes of the others may be copied in part.
pub(crate) unsafe trait Grows: Copy {
    /// Its size in the first version: less is no such structure.
    const FIRST: usize;
}

/// Writes as much of a structure as the caller has room for. The first member stays as the caller set it.
pub(crate) fn write_sized<T: Grows>(name: &str, pointer: *mut T, value: T) -> Result<(), Fault> {
    let out = Out::new(name, pointer)?;
    let size = size_of::<usize>();
    // SAFETY: neither NULL nor unaligned; the caller promises that it points to a structure whose first member, a
    // `size_t`, is set.
    let room = unsafe { out.0.cast::<usize>().read() };
    if room < T::FIRST {
        let message = format!("{name}: set struct_size to sizeof *{name} before the call");
        return Err(Fault::new(tamis_status::TAMIS_ARGUMENT, message));
    }
    let length = room.min(size_of::<T>()).saturating_sub(size);
    // SAFETY: source and target are `size + length` bytes long at least, the target by the caller's promise; they do not
    // overlap, since `value` is ours. `T` is `Grows`, so that any part of it may be copied.
    unsafe {
        let from = (&raw const value).cast::<u8>().add(size);
        std::ptr::copy_nonoverlapping(from, out.0.cast::<u8>().add(size), length);
    }
    Ok(())
}

/// A string for C. A NUL inside, which mail may have, becomes `\u{0}`, as it does in evidence.
pub(crate) fn c_text(text: &str) -> CString {
    let whole = if text.contains('\0') { text.replace('\0', "\\u{0}") } else { text.to_owned() };
    CString::new(whole).unwrap_or_default()
}
