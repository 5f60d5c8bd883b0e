//! Scripted plugins: what they do follows from the event, their version and their state, as with real ones.

use std::time::Duration;

use transload_domain::{
    AskedLimits, AuthenticationKind, Call, Content, Digest, Event, Fault, Hook, HookType,
    LoadedPlugin, Made, Method, Outcome, Pattern, PluginName, PluginRef, Profile, ProfileHook,
    Request, RetryPolicy, StateRead, StateWrite, Success, Suspend, SuspendRule, Timestamp,
    TokenHeader, Webhook, limits,
};

use crate::dice::mix;

/// The state key under which counters keep their last number.
pub(super) const COUNTER: &str = "last";
/// What precedes a counter's number in what it makes.
const COUNTED: &str = "counted ";

/// The plugins of a simulation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Sends the event on. Its vendor takes any 2xx.
    Plain,
    /// Numbers what it sends. Its vendor takes 200 only, and says by 422 that sending again does not help.
    Counter,
    /// Sends the event on, to a vendor that is suspended after 4 failures in 6 hours.
    Strict,
    /// Sends one to three requests, or nothing, or fails in one of the ways in which plugins fail.
    Moody,
}

/// How a run of a plugin is to end.
pub(super) struct Ran {
    pub(super) result: Result<Outcome, Fault>,
    pub(super) writes: Vec<StateWrite>,
    pub(super) took: Duration,
}

impl Kind {
    pub(super) const ALL: [Self; 4] = [Self::Plain, Self::Counter, Self::Strict, Self::Moody];

    pub(super) fn name(self) -> PluginName {
        let name = match self {
            Self::Plain => "plain",
            Self::Counter => "counter",
            Self::Strict => "strict",
            Self::Moody => "moody",
        };
        PluginName::new(name).expect("these are names")
    }

    pub(super) fn of(name: &PluginName) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == *name)
    }

    /// The plugin as the catalogue has it.
    pub(super) fn loaded(self, version: u64) -> LoadedPlugin {
        let (name, text) = (self.name(), format!("{version}.0.0"));
        let digest = Digest::of_parts(&[name.as_str().as_bytes(), text.as_bytes()]);
        LoadedPlugin {
            reference: PluginRef { name: name.clone(), version: text.clone(), digest },
            profile: self.profile(text),
            file: format!("{name}.wasm"),
            bytes: 1,
            loaded_at: Timestamp::EPOCH,
        }
    }

    /// When its vendor wants to be left alone: after more than 3 failures in 6 hours, as ReadyCloud does.
    pub(super) fn suspend(self) -> Option<SuspendRule> {
        let six_hours = Duration::from_secs(6 * 3_600);
        (self == Self::Strict).then_some(SuspendRule { more_than: 3, within: six_hours })
    }

    /// Which answers its vendor means as a success.
    pub(super) fn success(self) -> Success {
        match self {
            Self::Plain | Self::Moody => Success::Any2xx,
            Self::Counter | Self::Strict => Success::Exactly(vec![200]),
        }
    }

    fn profile(self, version: String) -> Profile {
        let seconds = |waits: &[u64]| waits.iter().copied().map(Duration::from_secs).collect();
        let policy = |waits: &[u64], max_attempts, jitter_percent| RetryPolicy {
            schedule: seconds(waits),
            repeat_last: true,
            max_attempts,
            jitter_percent,
        };
        let hook = |kind: &str, events: &str| ProfileHook {
            kind: HookType::new(kind).expect("this is a hook type"),
            events: vec![Pattern::new(events).expect("this is a pattern")],
            method: Method::Post,
            examples: vec![],
        };
        let retry = match self {
            Self::Plain => policy(&[1, 5, 30, 300], 12, 10),
            Self::Counter => policy(&[2, 10, 60, 600], 6, 0),
            Self::Strict => policy(&[60, 300, 1_200], 12, 0),
            Self::Moody => policy(&[1, 20], 5, 50),
        };
        Profile {
            name: self.name(),
            version,
            title: format!("{self:?}"),
            homepage: None,
            hooks: vec![
                hook("orders", "order.*"),
                hook("contacts", "contact.*"),
                hook("notices", "transload.*"),
            ],
            authentication: vec![AuthenticationKind::None],
            token_header: TokenHeader { name: "Auth".into(), template: "%ACCESS_TOKEN%".into() },
            success: self.success(),
            final_statuses: if self == Self::Counter { vec![422] } else { vec![] },
            retry,
            suspend: self.suspend(),
            suppress_echo: false,
            expect_continue: false,
            settings_schema: None,
            limits: AskedLimits::default(),
        }
    }

    /// What this version makes of a call; `read` reads its state, and `runs` is how often it was called so before.
    pub(super) fn run(
        self,
        plugin: &PluginRef,
        call: &Call,
        runs: u32,
        read: &mut impl FnMut(&str) -> Option<Vec<u8>>,
    ) -> Ran {
        let luck = luck(plugin, call);
        let send = |part: u64, words: &str| Request {
            method: call.hook.method,
            path: format!("/{part}"),
            headers: vec![("x-plugin".into(), plugin.version.clone())],
            body: format!("{} for {}: {words}", call.event.id, call.hook.kind).into_bytes(),
        };
        let one = |words: &str| Ok(Outcome::Deliver(vec![send(0, words)]));
        let took = Duration::from_micros(20 + luck % 2_000);
        let (result, writes) = match self {
            Self::Plain | Self::Strict => (one(""), vec![]),
            Self::Counter => {
                let next = read(COUNTER).as_deref().and_then(number).unwrap_or(0) + 1;
                let value = Some(next.to_string().into_bytes());
                let words = format!("{COUNTED}{next}");
                match luck % 10 {
                    // It counted before it failed; that is not kept.
                    0 => (Err(Fault::Internal("counted in vain".into())), vec![]),
                    1 => (Ok(Outcome::Skip(words)), vec![write(value)]),
                    _ => (one(&words), vec![write(value)]),
                }
            }
            Self::Moody => return moody(luck, runs, took, send),
        };
        Ran { result, writes, took }
    }
}

fn moody(luck: u64, runs: u32, took: Duration, send: impl Fn(u64, &str) -> Request) -> Ran {
    let (result, took) = match luck % 12 {
        0 => (Err(Fault::InvalidEvent("not for us".into())), took),
        1 => (Err(Fault::Time(limits::TRANSFORM_TIME_MAX)), limits::TRANSFORM_TIME_MAX),
        2 => (Err(Fault::Panic("no more of this".into())), took),
        3 => (Ok(Outcome::Skip("not today".into())), took),
        4 => (Err(Fault::RetryLater("never".into())), took),
        5 if runs < 2 => (Err(Fault::RetryLater("not yet".into())), took),
        6 => (Ok(Outcome::Deliver(vec![send(0, "slowly")])), Duration::from_millis(200)),
        more => (Ok(Outcome::Deliver((0..1 + more % 3).map(|n| send(n, "")).collect())), took),
    };
    Ran { result, writes: vec![], took }
}

/// A number that is always the same for the same plugin version, event and hook.
fn luck(plugin: &PluginRef, call: &Call) -> u64 {
    let digest = Digest::of_parts(&[
        &plugin.digest.0,
        call.event.id.as_bytes(),
        call.hook.kind.as_str().as_bytes(),
    ]);
    mix(digest.0.iter().fold(0, |all, byte| (all << 8) ^ u64::from(*byte) ^ (all >> 56)))
}

fn write(value: Option<Vec<u8>>) -> StateWrite {
    StateWrite { key: COUNTER.to_owned(), value }
}

/// What a run read, as the ledger wants to know it.
pub(super) fn read_of(key: &str, found: Option<&(u64, Vec<u8>)>) -> StateRead {
    StateRead { key: key.to_owned(), revision: found.map_or(0, |(revision, _)| *revision) }
}

/// A number in plugin state.
pub(super) fn number(value: &[u8]) -> Option<u64> {
    std::str::from_utf8(value).ok()?.parse().ok()
}

/// The number that a counter gave to what it made.
pub(super) fn number_in(made: &Made) -> Option<u64> {
    let text = match &made.content {
        Content::Request(request) => std::str::from_utf8(&request.body).ok()?,
        Content::Skipped(reason) => reason,
        Content::Faulted(_) | Content::Blocked(_) => return None,
    };
    text.split_once(COUNTED)?.1.parse().ok()
}

/// When this webhook is to be suspended: by its own rule where it has one, and else by its vendor's.
pub(super) fn suspend_rule(webhook: &Webhook) -> Option<SuspendRule> {
    match webhook.overrides.suspend {
        None => Kind::of(&webhook.plugin).and_then(Kind::suspend),
        Some(Suspend::Never) => None,
        Some(Suspend::After(rule)) => Some(rule),
    }
}

/// How long a delivery of this webhook waits at least after so many failed attempts: by the webhook's own schedule where
/// it has one, and else by its vendor's. The versions of a plugin do not differ in that.
pub(super) fn wait_after(webhook: &Webhook, attempts: u32) -> Duration {
    let vendors = Kind::of(&webhook.plugin).map(|kind| kind.profile(String::new()).retry);
    let schedule = webhook.overrides.retry.clone().or(vendors).map(|policy| policy.schedule);
    let schedule = schedule.unwrap_or_default();
    let step = usize::try_from(attempts.saturating_sub(1)).unwrap_or(usize::MAX);
    schedule.get(step).or(schedule.last()).copied().unwrap_or_default()
}

/// Whether this hook of a webhook wants the event. The versions of a plugin do not differ in that.
pub(super) fn accepts(webhook: &Webhook, hook: &Hook, event: &Event) -> bool {
    if let Some(only) = event.emulated_for {
        return only == webhook.id && accepts_kind(webhook, hook, event);
    }
    webhook.filter.accepts(event) && accepts_kind(webhook, hook, event)
}

fn accepts_kind(webhook: &Webhook, hook: &Hook, event: &Event) -> bool {
    let profile = Kind::of(&webhook.plugin).map(|kind| kind.profile(String::new()));
    profile.is_some_and(|p| p.hook(&hook.kind).is_some_and(|rules| rules.accepts(&event.kind)))
}
