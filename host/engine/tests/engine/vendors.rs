//! The plugins of this repository as the modules that are shipped: their rules as the host reads them, and their cases
//! through the sandbox.

use std::{
    collections::BTreeMap,
    fs,
    path::PathBuf,
    sync::{Arc, OnceLock},
    time::Duration,
};

use serde_json::Value;
use transload_domain::{
    Authentication, AuthenticationKind, Event, Filter, HookType, LoadedPlugin, NoState, Ordering,
    Organization, Outcome, Overrides, PluginName, Success, SuspendRule, Timestamp, Transformed,
    Webhook, WebhookId, WebhookLimits, suspended_event,
};
use transload_engine::{
    Engine,
    toolchain::{Build, build_plugins},
};

use crate::guests::{call_with, engine, event, repository};

const VENDORS: [&str; 4] = ["readycloud", "corrigopro", "doo", "relocity"];
/// The delivery's id in the cases; a delivery here has one of its own.
const CASES_DELIVERY: &str = "c1d3d80f-a76c-852c-9261-682279a659cb";

/// The modules' files, by vendor.
fn modules() -> &'static BTreeMap<&'static str, PathBuf> {
    static MODULES: OnceLock<BTreeMap<&str, PathBuf>> = OnceLock::new();
    MODULES.get_or_init(|| {
        let build = Build {
            manifest_dir: repository("."),
            packages: VENDORS.map(|vendor| format!("transload-plugin-{vendor}")).to_vec(),
            locked: true,
            show_progress: false,
        };
        let modules = build_plugins(&build).unwrap();
        let path = |vendor| {
            let name = format!("transload_plugin_{vendor}");
            modules.iter().find(|module| module.name == name).unwrap().path.clone()
        };
        VENDORS.map(|vendor| (vendor, path(vendor))).into()
    })
}

fn load(engine: &Engine, vendor: &str) -> Arc<LoadedPlugin> {
    engine.load_file(&modules()[vendor]).unwrap()
}

/// What the vendors' documents say, see each plugin's README.
#[test]
fn each_vendors_rules_reach_the_host() {
    use AuthenticationKind::{ClientCredentials, None, SignedBearer, Token};
    let minutes =
        |list: &[u64]| list.iter().map(|m| Duration::from_secs(m * 60)).collect::<Vec<_>>();
    let profile = |vendor| load(&engine(&[]), vendor).profile.clone();

    let readycloud = profile("readycloud");
    let rule = SuspendRule { more_than: 3, within: Duration::from_secs(6 * 60 * 60) };
    assert_eq!(readycloud.suspend, Some(rule));
    assert_eq!(readycloud.success, Success::Exactly(vec![200]));
    assert_eq!(readycloud.authentication, [Token]);

    let corrigopro = profile("corrigopro");
    assert_eq!(corrigopro.retry.schedule, minutes(&[5, 10, 20, 40, 60]));
    assert!(corrigopro.retry.repeat_last);
    assert_eq!(corrigopro.retry.max_attempts, 200);
    assert_eq!(
        (corrigopro.suspend, &*corrigopro.authentication),
        (Option::None, &[SignedBearer][..])
    );

    let doo = profile("doo");
    assert_eq!(doo.success, Success::Exactly(vec![200]));
    assert_eq!((doo.retry.max_attempts, doo.retry.repeat_last), (10, false));
    assert_eq!((doo.suspend, &*doo.authentication), (Option::None, &[ClientCredentials, None][..]));
    assert_eq!(doo.hooks.len(), 11);

    let relocity = profile("relocity");
    assert_eq!(relocity.success, Success::Any2xx);
    assert_eq!(relocity.authentication, [ClientCredentials]);
    assert_eq!(relocity.token_header.template, "Bearer %ACCESS_TOKEN%");
}

/// What the API can refuse when a webhook is made, before any event.
#[test]
fn the_schemas_tell_settings_that_fit_from_those_that_do_not() {
    for (vendor, settings, fits) in [
        ("doo", r#"{}"#, true),
        ("doo", r#"{"event_id": "e-17", "bodies": {"event_created": {"id": "%EVENT_ID%"}}}"#, true),
        ("doo", r#"{"bodies": {"event_canceled": {}}}"#, false),
        ("doo", r#"{"body": {}}"#, false),
        ("relocity", r#"{}"#, true),
        ("relocity", r#"{"path": "/work-orders/%WORK_ORDER_ID%", "body": ["%DATA%"]}"#, true),
        ("relocity", r#"{"path": "work-orders"}"#, false),
        ("relocity", r#"{"paths": "/work-orders"}"#, false),
    ] {
        let plugin = load(&engine(&[]), vendor);
        let schema = plugin.profile.settings_schema.as_deref().unwrap();
        let schema = jsonschema::validator_for(&serde_json::from_str(schema).unwrap()).unwrap();
        let settings = serde_json::from_str(settings).unwrap();
        assert_eq!(schema.is_valid(&settings), fits, "{vendor}: {settings}");
    }
}

#[test]
fn every_case_of_every_vendor_comes_out_of_the_sandbox_as_it_says() {
    let engine = engine(&[]);
    for vendor in VENDORS {
        load(&engine, vendor);
        for (name, case) in cases(vendor) {
            let (ran, delivery) = run(&engine, vendor, &case["hook"], event_of(&case["event"]));
            let expect = own_delivery(&case["expect"], &delivery);
            assert_eq!(came_out(&ran, &expect), expect, "{vendor}/{name}");
        }
    }
}

/// The two sides of the event's data are written apart: `domain` makes it, and knows no plugin.
#[test]
fn a_suspension_as_the_host_tells_it_becomes_a_notification_of_readycloud() {
    let engine = engine(&[]);
    load(&engine, "readycloud");
    let webhook = webhook("corrigopro", "work orders");
    let at = Timestamp::from_micros(1_536_055_928_167_161);
    let event = suspended_event(&webhook, at, "the vendor answered 410 \"Gone\"");
    let hook = serde_json::json!({"type": "webhook"});
    let (ran, _) = run(&engine, "readycloud", &hook, event);
    let Ok(Outcome::Deliver(requests)) = ran.result else { panic!("{:?}", ran.result) };
    let body: Value = serde_json::from_slice(&requests[0].body).unwrap();
    assert_eq!(body["url"], format!("/api/v2/orgs/acme/webhooks/{}/", webhook.id));
    assert_eq!(body["suspended_at"], "2018-09-04T10:12:08.167161Z");
    assert_eq!(body["reason"], "the vendor answered 410 \"Gone\"");
    assert_eq!((&body["name"], &body["plugin"]), (&"work orders".into(), &"corrigopro".into()));
}

fn webhook(plugin: &str, name: &str) -> Webhook {
    Webhook {
        id: WebhookId::from_random([1; 16]),
        organization: Organization::new("acme").unwrap(),
        name: name.into(),
        description: None,
        plugin: PluginName::new(plugin).unwrap(),
        hooks: vec![],
        hooks_made: 0,
        authentication: Authentication::None,
        signing: None,
        settings: "{}".into(),
        filter: Filter::default(),
        limits: WebhookLimits::default(),
        ordering: Ordering::None,
        overrides: Overrides::default(),
        suspended_at: None,
        suspended_because: None,
        resumed_at: None,
        created_at: Timestamp::EPOCH,
        updated_at: Timestamp::EPOCH,
    }
}

fn cases(vendor: &str) -> BTreeMap<String, Value> {
    let folder = repository("plugins").join(vendor).join("cases");
    let files = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let read = |path: PathBuf| {
        let case = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        (path.file_stem().unwrap().to_string_lossy().into_owned(), case)
    };
    let cases: BTreeMap<_, _> = files.map(read).collect();
    assert!(!cases.is_empty(), "no case in {}", folder.display());
    cases
}

/// The case's event; what it does not say is what the plugin's own tests assume.
fn event_of(case: &Value) -> Event {
    let text = |name: &str| case[name].as_str().map(str::to_owned);
    Event {
        organization: Organization::new("acme").unwrap(),
        id: text("id").unwrap_or_else(|| "1".into()),
        source: text("source").unwrap_or_else(|| "/test".into()),
        kind: text("type").unwrap(),
        subject: text("subject"),
        time: text("time").or_else(|| Some("2026-01-02T03:04:05Z".into())),
        ..event(&case["data"].to_string())
    }
}

/// Runs an event in the sandbox; with the delivery's id.
fn run(engine: &Engine, vendor: &str, hook: &Value, event: Event) -> (Transformed, String) {
    let mut call = call_with(vendor, event, NoState);
    let context = Arc::make_mut(&mut call.hook);
    context.kind = HookType::new(hook["type"].as_str().unwrap()).unwrap();
    let plugin = engine.catalog().borrow().running[&call.plugin].clone();
    context.method = plugin.profile.hook(&context.kind).unwrap().method;
    if let Some(settings) = hook.get("settings") {
        context.settings = settings.to_string();
    }
    let delivery = call.hook.delivery.to_string();
    (engine.transform_here(call).unwrap(), delivery)
}

fn own_delivery(expect: &Value, delivery: &str) -> Value {
    serde_json::from_str(&expect.to_string().replace(CASES_DELIVERY, delivery)).unwrap()
}

/// What came out, in the words of a case's `expect`. A fault's reason is the expected part of it, where it has that part.
fn came_out(ran: &Transformed, expect: &Value) -> Value {
    match &ran.result {
        Ok(Outcome::Deliver(requests)) => {
            let expected = expect["requests"].as_array().into_iter().flatten();
            let methods = expected.map(|request| request.get("method").is_some());
            let methods = methods.chain(std::iter::repeat(true));
            let written = requests.iter().zip(methods).map(|(request, with_method)| {
                let mut written = serde_json::json!({
                    "headers": request.headers.iter().cloned().collect::<BTreeMap<_, _>>(),
                    "body": serde_json::from_slice::<Value>(&request.body).unwrap(),
                });
                if with_method {
                    written["method"] = request.method.as_str().into();
                }
                if !request.path.is_empty() {
                    written["path"] = request.path.as_str().into();
                }
                written
            });
            serde_json::json!({ "requests": written.collect::<Vec<_>>() })
        }
        Ok(Outcome::Skip(reason)) => serde_json::json!({ "skip": reason }),
        Err(fault) => {
            let reason = fault.to_string();
            let part = expect["fault"][fault.kind()].as_str().filter(|part| reason.contains(part));
            serde_json::json!({ "fault": { fault.kind(): part.unwrap_or(&reason) } })
        }
    }
}
