//! Limits that hold everywhere, each with its unit and its reason.

use std::time::Duration;

/// Bytes of a name (organization, plugin, hook type). Long enough for every vendor's, short enough for a key.
pub const NAME_LEN_MAX: usize = 64;

/// Bytes of one posted event. CloudEvents asks intermediaries for 64 KiB; orders with many boxes are larger.
pub const EVENT_BYTES_MAX: usize = 1 << 20;
/// Events of one batch: one durable write each, so that a batch stays well below a second.
pub const BATCH_EVENTS_MAX: usize = 1_000;
/// Bytes of one batch: it is held in memory whole, because it is taken whole or not at all.
pub const BATCH_BYTES_MAX: usize = 8 << 20;
/// Extension attributes of one event. CloudEvents sets no bound; real events have a handful.
pub const EVENT_EXTENSIONS_MAX: usize = 64;
/// Bytes of one context attribute (`id`, `source`, `subject`, an extension). They travel as headers in binary mode,
/// and servers take some 8 KiB of headers in all.
pub const EVENT_ATTRIBUTE_BYTES_MAX: usize = 1_024;

/// Bytes of a module file. A plugin with serde has half a MiB; 16 MiB leaves room for an interpreter inside.
pub const MODULE_BYTES_MAX: usize = 16 << 20;
/// Bytes of a guest's linear memory: some sixty times the largest event.
pub const MEMORY_BYTES_MAX: usize = 64 << 20;
/// Processor time for one transform. A usual one takes microseconds; what takes longer than this holds a thread that
/// all share.
pub const TRANSFORM_TIME_MAX: Duration = Duration::from_millis(250);
/// Processor time for `describe`, which runs once for each load.
pub const DESCRIBE_TIME_MAX: Duration = Duration::from_secs(1);
/// Bytes of a guest's native stack. The deepest JSON that is taken (128 levels) needs a small part of it.
pub const STACK_BYTES_MAX: usize = 512 << 10;
/// Requests of one outcome: one event may become several calls to a vendor, but not a flood.
pub const REQUESTS_MAX: usize = 16;
/// Bytes of one request's body: as much as an event may have.
pub const BODY_BYTES_MAX: usize = 1 << 20;
/// Headers of one request. Vendors name about ten; common servers stop at 100.
pub const HEADERS_MAX: usize = 64;
/// Bytes of one request's headers, names and values together. Common servers refuse more than 8 to 16 KiB.
pub const HEADER_BYTES_MAX: usize = 16 << 10;
/// Bytes of a request's path: with the endpoint it stays below the 8,000 that RFC 9110 (4.1) asks all to take.
pub const PATH_BYTES_MAX: usize = 2 << 10;
/// Bytes of a plugin state key: it is part of a row's key, which a store keeps in memory.
pub const STATE_KEY_BYTES_MAX: usize = 256;
/// Bytes of a plugin state value. State is for counters, marks and small maps; each change is written whole.
pub const STATE_VALUE_BYTES_MAX: usize = 64 << 10;
/// Bytes of plugin state that one call may change: it becomes part of one write.
pub const STATE_CHANGE_BYTES_MAX: usize = 1 << 20;
/// Bytes of plugin state kept for one webhook, so that a thousand webhooks cannot fill a usual disk.
pub const STATE_BYTES_PER_WEBHOOK_MAX: usize = 16 << 20;
/// Log lines of one call; further ones are counted and dropped. More is not read by anybody.
pub const LOG_LINES_MAX: usize = 64;
/// Bytes of log of one call: a thousand calls a second stay within what a log pipeline takes.
pub const LOG_BYTES_MAX: usize = 8 << 10;
/// Calls of host functions in one transform; each costs the host time that no epoch interrupts.
pub const HOST_CALLS_MAX: u32 = 10_000;
/// Bytes of a profile's JSON, its examples and settings schema included.
pub const PROFILE_BYTES_MAX: usize = 256 << 10;
/// Bytes of a reason or of a panic's text that is kept: a screen of text.
pub const REASON_BYTES_MAX: usize = 2 << 10;

/// Hooks of one webhook. The vendor with the most notifications has some thirty.
pub const HOOKS_MAX: usize = 64;
/// Bytes of a webhook's settings: they are handed to every call.
pub const SETTINGS_BYTES_MAX: usize = 64 << 10;
/// Bytes of an endpoint; as a request's path.
pub const ENDPOINT_BYTES_MAX: usize = 2 << 10;

/// Keys that sign one webhook's requests at the same time: the current one, and old ones during a rotation.
pub const SIGNING_KEYS_MAX: usize = 4;

/// Time for one exchange: connect, headers and body together. Standard Webhooks advises 15 to 30 s.
pub const EXCHANGE_TIME_MAX: Duration = Duration::from_secs(30);
/// Bytes read of an answer's body: enough for any error text, and no vendor can fill the memory.
pub const ANSWER_BYTES_READ_MAX: usize = 64 << 10;
/// Bytes kept of an answer's body: what a person reads to understand a failure, for each attempt.
pub const ANSWER_BYTES_KEPT_MAX: usize = 16 << 10;
/// Headers kept of an answer; usual ones have fewer.
pub const ANSWER_HEADERS_MAX: usize = 32;
/// The longest `Retry-After` that is obeyed. A vendor that asks for more is asked again after a day.
pub const RETRY_AFTER_MAX: Duration = Duration::from_secs(24 * 60 * 60);
/// Steps of a retry schedule; a longer one is better said by repeating its last wait.
pub const RETRY_STEPS_MAX: usize = 100;
/// Attempts of one delivery, whatever a profile asks. The most patient vendor makes 200.
pub const ATTEMPTS_MAX: u32 = 1_000;
/// Runs of a transform that keeps asking for time, or that the host could not run: hours by the shortest waits.
pub const TRANSFORM_RUNS_MAX: u32 = 100;
/// When a delivery whose plugin is missing is looked at again. A change of the plugin folder is noticed at once; this
/// is for the change that was missed.
pub const MISSING_PLUGIN_RECHECK: Duration = Duration::from_secs(300);
/// The first wait after a transform that the host could not run; it doubles each time.
pub const NOT_RUN_WAIT_MIN: Duration = Duration::from_secs(5);
/// The longest such wait.
pub const NOT_RUN_WAIT_MAX: Duration = Duration::from_secs(300);
/// Exchanges at the same time with one webhook, where nothing else is said: fast enough for a vendor that answers in
/// 100 ms to get 160 a second, and gentle enough for one that did not ask for more.
pub const CONCURRENCY_PER_WEBHOOK: u16 = 16;
/// The most exchanges at the same time that a webhook may ask for: a quarter of the host's.
pub const CONCURRENCY_PER_WEBHOOK_MAX: u16 = 64;

/// Failures in a row after which an endpoint is tried with one delivery at a time. More than a vendor's usual hiccup,
/// and fewer than a webhook has in flight by default, so that one burst is enough to notice a dead vendor.
pub const BREAKER_FAILURES: u32 = 10;
/// The first wait before an endpoint that keeps failing is tried again; it doubles with each failure.
pub const BREAKER_WAIT_MIN: Duration = Duration::from_secs(5);
/// The longest such wait: so long a vendor that is back may go unnoticed.
pub const BREAKER_WAIT_MAX: Duration = Duration::from_secs(300);
/// The first wait after the token endpoint refused the credentials; it doubles each time. Authorization servers lock
/// clients that hammer them.
pub const CREDENTIALS_WAIT_MIN: Duration = Duration::from_secs(60);
/// The longest such wait. Changed credentials are tried at once.
pub const CREDENTIALS_WAIT_MAX: Duration = Duration::from_secs(3_600);
/// How long an endpoint may keep failing without one sign of life before its webhook is suspended, as Standard Webhooks
/// advises for long failures: five days bridge the longest weekend on which nobody looks.
pub const BREAKER_SUSPENDS_AFTER: Duration = Duration::from_secs(5 * 24 * 3_600);
/// Failures kept for one webhook, for its suspension rule. A rule that tolerates more tolerates one less than this.
pub const FAILURES_KEPT_MAX: u32 = 1_000;

/// How far clocks may have been set back between two events: whoever looks for the events of a time in the order of their
/// numbers looks so far beyond it.
pub const CLOCK_SLACK: Duration = Duration::from_secs(60 * 60);

/// Cuts a text to `max` bytes at a character's edge.
pub fn cut(text: &str, max: usize) -> &str {
    &text[..text.floor_char_boundary(max)]
}
