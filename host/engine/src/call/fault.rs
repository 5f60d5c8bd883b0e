//! Why a call ended without a result, in plain words.

use std::time::Duration;

use transload_domain::{Fault, NotRun};
use wasmtime::{Error, Trap};

use super::guest::{Guest, OverMemory, Stop};

/// Where a guest's own stack has run below address 0, addresses wrap round to the end of what 32 bits can say.
/// Accesses in this last part are that, and no index gone wrong.
const WRAPPED: u64 = 0xfff0_0000;

/// The host lacks what an instance needs: address space, or a place in the pool.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct NoInstance(String);

impl NoInstance {
    /// Takes an error of instantiating apart: what the guest's own start did stays as it is.
    pub(super) fn unless_guests(error: Error, guest: &Guest) -> Error {
        let guests = guest.stopped.is_some() || error.is::<OverMemory>() || error.is::<Trap>();
        if guests { error } else { Error::new(Self(format!("{error:#}"))) }
    }
}

/// Names the reason. `time` is what the guest was given.
pub(super) fn name(error: &Error, guest: &mut Guest, time: Duration) -> Stop {
    if let Some(stop) = guest.stopped.take() {
        return stop;
    }
    if error.is::<OverMemory>() {
        return Stop::Fault(Fault::Memory(guest.memory.max));
    }
    if let Some(lack) = error.downcast_ref::<NoInstance>() {
        return Stop::NotRun(NotRun::Host(lack.0.clone()));
    }
    Stop::Fault(match error.downcast_ref::<Trap>() {
        Some(trap) => named(*trap, error, guest, time),
        None => Fault::Output(without_trap(error)),
    })
}

fn named(trap: Trap, error: &Error, guest: &mut Guest, time: Duration) -> Fault {
    match trap {
        Trap::Interrupt => Fault::Time(time),
        Trap::StackOverflow => Fault::Stack,
        Trap::MemoryOutOfBounds if is_below_the_stack(error) => Fault::Stack,
        Trap::UnreachableCodeReached => match guest.log.take_panic() {
            Some(text) => Fault::Panic(text),
            None => Fault::Trap(
                "it gave up without a message (unreachable): a panic without the SDK's hook, \
                 an abort, or memory that could not be had"
                    .to_owned(),
            ),
        },
        other => Fault::Trap(words(other)),
    }
}

fn words(trap: Trap) -> String {
    match trap {
        Trap::MemoryOutOfBounds => "it touched memory that it does not have".to_owned(),
        Trap::TableOutOfBounds => "it touched a table entry that it does not have".to_owned(),
        Trap::IndirectCallToNull => "it called a function pointer that is null".to_owned(),
        Trap::BadSignature => "it called a function pointer of another type".to_owned(),
        Trap::IntegerDivisionByZero => "it divided by zero".to_owned(),
        Trap::IntegerOverflow => "an integer division overflowed".to_owned(),
        Trap::BadConversionToInteger => "it converted a float that is no integer".to_owned(),
        other => other.to_string(),
    }
}

fn is_below_the_stack(error: &Error) -> bool {
    // wasmtime tells the address only as text.
    const BEFORE: &str = "memory fault at wasm address 0x";
    let text = format!("{error:#}");
    let Some((_, rest)) = text.split_once(BEFORE) else { return false };
    let digits: String = rest.chars().take_while(char::is_ascii_hexdigit).collect();
    u64::from_str_radix(&digits, 16).is_ok_and(|address| address >= WRAPPED)
}

/// A result, or an argument of a host function, that breaks the contract's binary form.
fn without_trap(error: &Error) -> String {
    let text = format!("{error:#}");
    if text.contains("fuel allocated for hostcalls has been exhausted") {
        let max = super::outcome::LIFTED_BYTES_MAX >> 20;
        return format!("more than {max} MiB at once, which was not even read");
    }
    if error.is::<std::str::Utf8Error>() || text.contains("utf-8") {
        return "a text that is not UTF-8".to_owned();
    }
    text
}
