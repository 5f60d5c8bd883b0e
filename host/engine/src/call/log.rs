//! What a plugin logs, within limits.

use transload_domain::{LogLevel, LogLine, limits};

use super::abi::Level;

/// How the last words of a panicking plugin begin. The SDK's panic hook writes them, at level error, just before
/// the trap.
const PANIC: &str = "panic: ";

/// The log of one call.
#[derive(Default)]
pub(super) struct LogBook {
    lines: Vec<LogLine>,
    bytes: usize,
    dropped: u32,
    /// A line that may turn out to be the plugin's last words.
    last_words: Option<String>,
}

impl LogBook {
    /// Takes a line; one over the limits is counted and dropped.
    pub(super) fn write(&mut self, level: Level, message: String) {
        self.keep_last_words();
        if matches!(level, Level::Error) && message.starts_with(PANIC) {
            let text = limits::cut(&message, limits::REASON_BYTES_MAX + PANIC.len());
            self.last_words = Some(text.to_owned());
        } else {
            self.push(level.into(), message);
        }
    }

    /// The text of a panic, where the last line was one. It is then not in the log.
    pub(super) fn take_panic(&mut self) -> Option<String> {
        self.last_words.take().map(|line| line[PANIC.len()..].to_owned())
    }

    /// Takes the lines, and how many there were beyond them.
    pub(super) fn take(&mut self) -> (Vec<LogLine>, u32) {
        self.keep_last_words();
        let Self { lines, dropped, .. } = std::mem::take(self);
        (lines, dropped)
    }

    /// The plugin went on: what looked like its last words was a line like others.
    fn keep_last_words(&mut self) {
        if let Some(line) = self.last_words.take() {
            self.push(LogLevel::Error, line);
        }
    }

    fn push(&mut self, level: LogLevel, message: String) {
        let room = limits::LOG_BYTES_MAX - self.bytes;
        if self.lines.len() == limits::LOG_LINES_MAX || message.len() > room {
            self.dropped = self.dropped.saturating_add(1);
            return;
        }
        self.bytes += message.len();
        self.lines.push(LogLine { level, message });
    }
}

impl From<Level> for LogLevel {
    fn from(level: Level) -> Self {
        match level {
            Level::Debug => Self::Debug,
            Level::Info => Self::Info,
            Level::Warn => Self::Warn,
            Level::Error => Self::Error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(mut log: LogBook) -> (Vec<String>, u32) {
        let (lines, dropped) = log.take();
        (lines.into_iter().map(|line| line.message).collect(), dropped)
    }

    #[test]
    fn a_panic_is_the_last_line_only() {
        let mut log = LogBook::default();
        log.write(Level::Error, "panic: not yet".into());
        log.write(Level::Info, "panic: no error".into());
        assert_eq!(log.take_panic(), None);
        log.write(Level::Error, "panic: boom at src/lib.rs:1:1".into());
        assert_eq!(log.take_panic().as_deref(), Some("boom at src/lib.rs:1:1"));
        assert_eq!(messages(log).0, ["panic: not yet", "panic: no error"]);
    }

    #[test]
    fn a_panics_text_is_kept_although_the_log_is_full() {
        let mut log = LogBook::default();
        for _ in 0..limits::LOG_LINES_MAX + 3 {
            log.write(Level::Debug, "x".into());
        }
        log.write(Level::Error, format!("panic: {}", "y".repeat(1 << 20)));
        assert_eq!(log.take_panic().map(|text| text.len()), Some(limits::REASON_BYTES_MAX));
        assert_eq!(log.take().1, 3);
    }

    #[test]
    fn lines_over_the_limit_are_counted() {
        let mut log = LogBook::default();
        log.write(Level::Info, "a".repeat(limits::LOG_BYTES_MAX - 1));
        log.write(Level::Info, "too long".into());
        log.write(Level::Info, "b".into());
        let (lines, dropped) = messages(log);
        assert_eq!((lines.len(), dropped), (2, 1));
    }
}
