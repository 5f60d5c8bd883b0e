//! The `transload` command. Everything it does is in the library beside it.

/// Most of the work is small values that live for a moment, on several threads at once: the system's allocator takes a
/// fifth of the journal's time for them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    transload::cli::main()
}
