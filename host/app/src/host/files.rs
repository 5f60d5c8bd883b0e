//! How many files the process may have open. A connection is one, too, and many systems allow 1,024 unless a process
//! asks for more.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::config::Config;

/// Connections to vendors that are kept open while nothing is sent, and files beside all connections: the store's, the
/// plugins', the log.
const KEPT: usize = 1_024 + 256;

/// Raises the limit to the highest that the process may ask for, and warns where that may not be enough. It is the
/// whole process's: for whoever runs one host.
pub(crate) fn raise(config: &Config) {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    let limit = if raised.is_ok() { maximum } else { current };
    if let Some(advice) = advice(limit, config) {
        tracing::warn!("{advice}");
    }
}

/// What to do where so many files may not be enough; no limit is always enough.
fn advice(limit: Option<u64>, config: &Config) -> Option<String> {
    let needed = (config.connections_max + config.concurrency + KEPT) as u64;
    let limit = limit.filter(|limit| *limit < needed)?;
    Some(format!(
        "this process may have {limit} files open and may need {needed} for connections_max = {} \
         and concurrency = {}: raise its limit (ulimit -Hn, or LimitNOFILE= of its systemd unit), \
         or lower the settings",
        config.connections_max, config.concurrency
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_few_files_are_told_with_what_helps() {
        let defaults = Config::defaults().unwrap();
        let config = Config { connections_max: 1_000, concurrency: 500, ..defaults };
        assert_eq!(advice(None, &config), None);
        assert_eq!(advice(Some(2_780), &config), None);
        let advice = advice(Some(2_779), &config).unwrap();
        assert!(advice.starts_with("this process may have 2779 files open and may need 2780"));
    }
}
