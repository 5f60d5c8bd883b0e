//! What templates become.

use transload_plugin::{
    Event, Fault, Hook, Json,
    serde_json::{self, json},
    testing,
};
use transload_template::{JsonTemplate, PathTemplate, Values};

const DATA: &str = r#"{"id": 42, "price": 1.10, "name": "Jon \"Snow\"", "tags": ["a", "b"], "gone": null, "dots": "..",
    "none": "", "path": "a/b ä", "yes": true}"#;

fn event() -> Event<Json> {
    let mut event = testing::event("work_order.created", &json!(null));
    event.data = Json::new(DATA);
    event
}

/// Fills with the values of [`event`]; `ABOUT` is a name for its id.
fn filled<T>(fill: impl FnOnce(&Values<'_>) -> T) -> T {
    let (event, hook): (_, Hook<Json>) = (event(), testing::hook("work_order"));
    let values = Values::new(&event, &hook).expect("the data is JSON").place("ABOUT", "/id");
    fill(&values)
}

fn body(template: &str) -> Result<String, Fault> {
    let template: JsonTemplate = serde_json::from_str(template).expect(template);
    filled(|values| template.fill(values))
}

fn path(template: &str) -> Result<String, Fault> {
    let template: PathTemplate = serde_json::from_value(template.into()).expect(template);
    filled(|values| template.fill(values))
}

#[test]
fn a_body_is_the_template_with_the_events_values() {
    for (template, expected) in [
        ("7.50", "7.50"),
        (r#" { "b" : 1.10 , "a" : [ true ] } "#, r#"{"b":1.10,"a":[true]}"#),
        (r#"{"about": "%ABOUT%"}"#, r#"{"about":42}"#),
        (r#"{"price": "%DATA/price%"}"#, r#"{"price":1.10}"#),
        (r#""%DATA/tags%""#, r#"["a", "b"]"#),
        (r#"["%SUBJECT%", "%DATA/gone%", "%DATA/no/such%"]"#, "[null,null,null]"),
        (
            r#""%TYPE% by %DATA/name%: %ABOUT% for %DATA/price% %DATA/yes%""#,
            r#""work_order.created by Jon \"Snow\": 42 for 1.10 true""#,
        ),
        (r#""100%% \"%ID%\" \u0025ID% a% b""#, r#""100% \"1\" 1 a% b""#),
        (r#"{"%ID%": "%ID%"}"#, r#"{"%ID%":"1"}"#),
        (
            r#""%DELIVERY_ID% %HOOK% %ORGANIZATION% %SOURCE% %TIME%""#,
            r#""c1d3d80f-a76c-852c-9261-682279a659cb work_order acme /test 2026-01-02T03:04:05Z""#,
        ),
    ] {
        assert_eq!(body(template).unwrap(), expected, "{template}");
    }
    assert_eq!(body(r#""%DATA%""#).unwrap(), DATA);
}

#[test]
fn a_body_that_cannot_be_filled_says_what_to_do() {
    for (template, kind, words) in [
        (r#""%EVNT%""#, "internal", "%EVNT%, which nothing stands for; known are %ID%, "),
        (r#""%ACCESS_TOKEN%""#, "internal", "%ACCESS_TOKEN%, which nothing stands for"),
        (r#""%ABOUT/x%""#, "internal", "%ABOUT/x%, which nothing stands for"),
        (r#""a %DATA/tags%""#, "internal", "an object or a list"),
        (
            r#""a %DATA/gone%""#,
            "invalid_event",
            "write %DATA/gone% out, and the event has nothing there",
        ),
        (r#""a %SUBJECT%""#, "invalid_event", "%SUBJECT%"),
    ] {
        let fault = body(template).unwrap_err();
        assert_eq!(fault.kind(), kind, "{template}: {fault}");
        assert!(fault.reason().contains(words), "{template}: {fault}");
    }
}

#[test]
fn a_body_does_not_grow_without_bound() {
    let many = vec![r#""%DATA%""#; (1 << 20) / DATA.len() + 1].join(",");
    let fault = body(&format!("[{many}]")).unwrap_err();
    assert!(fault.reason().contains("more than 1048576 bytes"), "{fault}");
}

#[test]
fn a_path_takes_values_as_parts_of_segments() {
    for (template, expected) in [
        ("/work-orders", "/work-orders"),
        ("/work-orders/%ABOUT%/%HOOK%.json", "/work-orders/42/work_order.json"),
        ("?id=%DATA/path%&x=%%20", "?id=a%2Fb%20%C3%A4&x=%20"),
        ("/%DATA/tags/1%", "/b"),
    ] {
        assert_eq!(path(template).unwrap(), expected);
    }
}

#[test]
fn a_path_that_would_lead_elsewhere_is_refused() {
    for (template, kind, words) in [
        ("/%DATA/dots%/x", "invalid_event", "\"..\" in this event, which cannot stand in a path"),
        ("/%DATA/none%/x", "invalid_event", "cannot stand in a path"),
        ("/%DATA/gone%", "invalid_event", "nothing there"),
        ("/%DATA/tags%", "internal", "an object or a list"),
        ("/%NAME%", "internal", "which nothing stands for"),
    ] {
        let fault = path(template).unwrap_err();
        assert_eq!(fault.kind(), kind, "{template}: {fault}");
        assert!(fault.reason().contains(words), "{template}: {fault}");
    }
    for template in ["", "work-orders", "/a b", "/ä", "/a#b"] {
        let refused = serde_json::from_value::<PathTemplate>(template.into()).unwrap_err();
        assert!(
            refused.to_string().contains("expected a path that begins with"),
            "{template}: {refused}"
        );
    }
}
