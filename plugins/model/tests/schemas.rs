//! The schemas in `schemas/` are those of the types. After a change of a type, `UPDATE_SCHEMAS=1 cargo test -p
//! transload-model` writes them anew.

use std::{env, fs, path::Path};

use schemars::{JsonSchema, schema_for};
use transload_model::{
    AcceptanceScan, Appointment, Attendee, Contact, ContactAddress, Order, Packaging, Subscription,
    Suspension, WorkOrderEvent,
};

#[test]
fn the_schemas_are_current() {
    let outdated: Vec<&str> = [
        ("acceptance-scan", written::<AcceptanceScan>()),
        ("appointment", written::<Appointment>()),
        ("attendee", written::<Attendee>()),
        ("contact", written::<Contact>()),
        ("contact-address", written::<ContactAddress>()),
        ("order", written::<Order>()),
        ("packaging", written::<Packaging>()),
        ("subscription", written::<Subscription>()),
        ("suspension", written::<Suspension>()),
        ("work-order", written::<WorkOrderEvent>()),
    ]
    .into_iter()
    .filter_map(|(name, schema)| (!is_current(name, &schema)).then_some(name))
    .collect();
    assert!(
        outdated.is_empty(),
        "these schemas are not current: {outdated:?}; run UPDATE_SCHEMAS=1 cargo test -p transload-model"
    );
}

fn written<T: JsonSchema>() -> String {
    serde_json::to_string_pretty(&schema_for!(T)).expect("a schema is JSON") + "\n"
}

fn is_current(name: &str, schema: &str) -> bool {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("schemas/{name}.json"));
    if env::var_os("UPDATE_SCHEMAS").is_some() {
        fs::write(&file, schema).expect("write the schema");
    }
    fs::read_to_string(&file).is_ok_and(|kept| kept == schema)
}
