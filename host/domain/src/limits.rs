//! Limits that hold everywhere, each with its unit and its reason. Design section 4.4 and 5 name most of them.

use std::time::Duration;

/// Bytes of a name (organization, plugin, hook type). Long enough for every vendor's, short enough for a key.
pub const NAME_LEN_MAX: usize = 64;

/// Bytes of one posted event. CloudEvents asks intermediaries for 64 KiB; orders with many boxes are larger.
pub const EVENT_BYTES_MAX: usize = 1 << 20;
/// Events of one batch.
pub const BATCH_EVENTS_MAX: usize = 1_000;
/// Bytes of one batch.
pub const BATCH_BYTES_MAX: usize = 8 << 20;
/// Extension attributes of one event.
pub const EVENT_EXTENSIONS_MAX: usize = 64;
/// Bytes of one context attribute (`id`, `source`, `subject`, an extension).
pub const EVENT_ATTRIBUTE_BYTES_MAX: usize = 1_024;

/// Bytes of a module file.
pub const MODULE_BYTES_MAX: usize = 16 << 20;
/// Bytes of a guest's linear memory.
pub const MEMORY_BYTES_MAX: usize = 64 << 20;
/// Time for one transform.
pub const TRANSFORM_TIME_MAX: Duration = Duration::from_millis(250);
/// Time for `describe`, which runs once for each load.
pub const DESCRIBE_TIME_MAX: Duration = Duration::from_secs(1);
/// Bytes of a guest's native stack.
pub const STACK_BYTES_MAX: usize = 512 << 10;
/// Requests of one outcome: one event may become several calls to a vendor, but not a flood.
pub const REQUESTS_MAX: usize = 16;
/// Bytes of one request's body.
pub const BODY_BYTES_MAX: usize = 1 << 20;
/// Headers of one request.
pub const HEADERS_MAX: usize = 64;
/// Bytes of one request's headers, names and values together.
pub const HEADER_BYTES_MAX: usize = 16 << 10;
/// Bytes of a request's path.
pub const PATH_BYTES_MAX: usize = 2 << 10;
/// Bytes of a plugin state key.
pub const STATE_KEY_BYTES_MAX: usize = 256;
/// Bytes of a plugin state value.
pub const STATE_VALUE_BYTES_MAX: usize = 64 << 10;
/// Bytes of plugin state that one call may change.
pub const STATE_CHANGE_BYTES_MAX: usize = 1 << 20;
/// Bytes of plugin state kept for one webhook.
pub const STATE_BYTES_PER_WEBHOOK_MAX: usize = 16 << 20;
/// Log lines of one call; further ones are counted and dropped.
pub const LOG_LINES_MAX: usize = 64;
/// Bytes of log of one call.
pub const LOG_BYTES_MAX: usize = 8 << 10;
/// Calls of host functions in one transform; each costs the host time that no epoch interrupts.
pub const HOST_CALLS_MAX: u32 = 10_000;
/// Bytes of a profile's JSON.
pub const PROFILE_BYTES_MAX: usize = 256 << 10;
/// Bytes of a reason or of a panic's text that is kept.
pub const REASON_BYTES_MAX: usize = 2 << 10;

/// Hooks of one webhook.
pub const HOOKS_MAX: usize = 64;
/// Bytes of a webhook's settings.
pub const SETTINGS_BYTES_MAX: usize = 64 << 10;
/// Bytes of an endpoint.
pub const ENDPOINT_BYTES_MAX: usize = 2 << 10;

/// Time for one exchange: connect, headers and body together. Standard Webhooks advises 15 to 30 s.
pub const EXCHANGE_TIME_MAX: Duration = Duration::from_secs(30);
/// Bytes read of an answer's body.
pub const ANSWER_BYTES_READ_MAX: usize = 64 << 10;
/// Bytes kept of an answer's body.
pub const ANSWER_BYTES_KEPT_MAX: usize = 16 << 10;
/// Headers kept of an answer.
pub const ANSWER_HEADERS_MAX: usize = 32;
/// The longest `Retry-After` that is obeyed. A vendor that asks for more is asked again after a day.
pub const RETRY_AFTER_MAX: Duration = Duration::from_secs(24 * 60 * 60);
/// Steps of a retry schedule.
pub const RETRY_STEPS_MAX: usize = 100;
/// Attempts of one delivery, whatever a profile asks.
pub const ATTEMPTS_MAX: u32 = 1_000;
/// Runs of a transform that keeps asking for time.
pub const TRANSFORM_RUNS_MAX: u32 = 100;
/// Exchanges at the same time with one webhook, where nothing else is said.
pub const CONCURRENCY_PER_WEBHOOK: u16 = 16;
/// The most that a webhook may ask for.
pub const CONCURRENCY_PER_WEBHOOK_MAX: u16 = 256;

/// Cuts a text to `max` bytes at a character's edge.
pub fn cut(text: &str, max: usize) -> &str {
    &text[..text.floor_char_boundary(max)]
}
