//! A plugin for the integration tests: it does what the event's type says, well or badly.

use transload_plugin::prelude::*;

struct Moody;

impl Plugin for Moody {
    type Data = Json;
    type Settings = NoSettings;

    fn profile() -> Profile {
        Profile::new("moody", env!("CARGO_PKG_VERSION"))
            .hook(Hook::new("moods").on("mood.*"))
            .suppress_echo()
    }

    fn transform(
        event: Event<Json>,
        _: Hook<NoSettings>,
        state: &mut State,
    ) -> Result<Outcome, Fault> {
        match event.kind.as_str() {
            "mood.panicking" => panic!("no more of this"),
            "mood.endless" => loop {
                std::hint::black_box(());
            },
            "mood.refusing" => Err(Fault::invalid_event("I do not like it")),
            "mood.lazy" => Ok(skip("not today")),
            "mood.waiting" => Err(Fault::retry_later("not yet")),
            "mood.counting" => {
                let count: u64 = state.get_json("count")?.unwrap_or(0) + 1;
                state.set_json("count", &count)?;
                Ok(deliver(Request::json(&count)?))
            }
            "mood.generous" => {
                let part = |n: u8| Ok(Request::json(&n)?.path(format!("/{n}")));
                let requests: Result<Vec<Request>, Fault> = (1..=3).map(part).collect();
                Ok(deliver(requests?))
            }
            _ => Ok(deliver(Request::json(&event.kind)?)),
        }
    }
}

transload_plugin::export!(Moody);
