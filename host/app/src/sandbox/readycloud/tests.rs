use serde_json::{Value, json};

use super::*;
use crate::sandbox::cases::expected_requests;

const TOKEN: &str = "a3f7f07de894cd3c2f7f50248ccbd4";

fn address() -> Value {
    json!({ "address_1": "Belmont Street 45", "address_2": null, "city": "New York", "company": null,
            "country": "United States", "created_at": "2015-08-13T09:33:07Z", "email": null,
            "first_name": "Shipping", "last_name": null, "phone": null, "post_code": "10019", "region": "NY",
            "residential": null, "updated_at": "2015-08-13T09:33:07Z", "validated": false })
}

fn order() -> Value {
    json!({
        "billing": { "bill_to": null, "shipping": null, "status": "paid", "subtotal": null, "tax": "0.40 USD",
                     "total": null },
        "boxes": [{ "items": [], "url": "/api/v2/orgs/1/orders/4/boxes/5/" }],
        "created_at": "2015-08-13T09:33:07Z",
        "custom_fields": { "Bank deposit": { "value": "Can not check" } },
        "customer_number": null, "message": null, "nested_updated_at": "2015-08-13T09:33:07Z", "notes": [],
        "order_number": null, "ordered_at": "2014-12-17T15:34:11Z", "po_number": null, "primary_id": "127283",
        "printed_at": null, "relations": [],
        "shipping": { "ship_cost": null, "ship_from": address(), "ship_to": address(), "ship_agent": null,
                      "ship_type": null, "ship_via": null, "shipped_at": null, "status": null,
                      "to_ship_at": null, "warehouse": null },
        "source": { "account": null, "channel": null, "id": null, "name": null,
                    "retrieved_at": "2015-08-13T09:33:07Z", "updated_at": "2015-08-13T09:33:07Z" },
        "tags": ["new"], "terms": null, "unique_id": "00002yeYogO~zaetH-RlAqLY",
        "updated_at": "2015-08-13T09:33:07Z", "url": "/api/v2/orgs/1/orders/4/"
    })
}

fn put(body: &Value) -> Arrival {
    Arrival {
        method: Method::PUT,
        path: "orders".into(),
        headers: vec![
            ("auth".into(), TOKEN.into()),
            ("content-type".into(), "application/json".into()),
        ],
        body: body.to_string().into_bytes(),
    }
}

fn answer(arrival: &Arrival) -> (u16, String) {
    let complaints = ReadyCloud::new(TOKEN).check(arrival);
    (complaints.status().as_u16(), complaints.into_words().join("; "))
}

#[test]
fn the_documents_order_is_taken() {
    assert_eq!(answer(&put(&order())), (200, String::new()));
}

#[test]
fn whatever_is_wrong_with_the_head_is_refused_in_words() {
    let good = put(&order());
    let mut wrong_headers = good.clone();
    wrong_headers.headers = vec![
        ("auth".into(), "guessed".into()),
        ("content-type".into(), "application/json; charset=utf-8".into()),
    ];
    let mut twice = good.clone();
    twice.headers.push(("Auth".into(), TOKEN.into()));
    let cases = [
        (
            Arrival { method: Method::POST, ..good.clone() },
            405,
            "the method is POST and must be PUT",
        ),
        (
            Arrival { path: "order".into(), ..good.clone() },
            404,
            "no entity \"order\"; there are orders",
        ),
        (Arrival { path: "orders/".into(), ..good.clone() }, 404, "no entity"),
        (Arrival { headers: vec![], ..good.clone() }, 401, "the header Auth is missing"),
        (Arrival { headers: vec![], ..good.clone() }, 401, "the header Content-Type is missing"),
        (twice, 401, "the header Auth is repeated"),
        (wrong_headers.clone(), 401, "Auth is not the webhook's token"),
        (wrong_headers, 401, "Content-Type is \"application/json; charset=utf-8\" and must be"),
        (Arrival { body: b"{".to_vec(), ..good }, 400, "the body is no JSON"),
    ];
    for (arrival, status, words) in cases {
        let (found, said) = answer(&arrival);
        assert_eq!(found, status, "{said}");
        assert!(said.contains(words), "{said:?} does not say {words:?}");
        assert!(!said.contains(TOKEN) && !said.contains("guessed"), "{said}");
    }
}

#[test]
fn whatever_is_wrong_with_the_order_is_refused_with_its_pointer() {
    let cases = [
        ("/terms", None, "#/terms is missing"),
        ("/shipping/ship_to/phone", None, "#/shipping/ship_to/phone is missing"),
        ("/surprise", Some(json!(1)), "#/surprise is no member"),
        ("/billing/tax", Some(json!(0.4)), "#/billing/tax is 0.4 and must be an amount"),
        ("/billing/tax", Some(json!("0.4")), "#/billing/tax is \"0.4\""),
        ("/billing/status", Some(json!("Paid")), "#/billing/status is \"Paid\" and must be one of"),
        ("/primary_id", Some(Value::Null), "#/primary_id is null and must be a string"),
        ("/order_number", Some(json!("12")), "#/order_number is \"12\" and must be a whole number"),
        ("/tags", Some(json!([1])), "#/tags/0 is 1"),
        (
            "/updated_at",
            Some(json!("yesterday")),
            "#/updated_at is \"yesterday\" and must be a time",
        ),
        ("/url", Some(json!("https://example.com")), "#/url is"),
        ("/boxes", Some(json!([{ "items": [] }])), "#/boxes/0/url is missing"),
        ("/shipping", Some(json!(null)), "#/shipping is null and must be an object"),
        ("/url", Some(json!(null)), "#/url is null and must be a path"),
    ];
    for (pointer, value, words) in cases {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let mut body = order();
        let object = body.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        match value {
            Some(value) => object.insert(name.into(), value),
            None => object.remove(name),
        };
        let (status, said) = answer(&put(&body));
        assert_eq!(status, 422, "{pointer}: {said}");
        assert!(said.contains(words), "{said:?} does not say {words:?}");
    }
}

#[test]
fn an_acceptance_scan_has_its_four_members() {
    let scan = json!({ "url": "/api/v2/orgs/DP/orders/PK/", "ship_cost": "2.34 USD", "tax": "7.65 USD",
                       "packing_cost": "4.56 USD" });
    let arrival = |body: &Value| Arrival { path: "acceptance-scan".into(), ..put(body) };
    assert_eq!(answer(&arrival(&scan)).0, 200);
    assert_eq!(answer(&arrival(&order())).0, 422);
}

#[test]
fn whatever_the_plugin_makes_is_taken() {
    let expected = expected_requests("readycloud");
    for (entity, _) in ENTITIES {
        assert!(expected.iter().any(|case| case.hook == entity), "no case is for {entity}");
    }
    let mut refused = Vec::new();
    for case in expected {
        let mut headers = case.headers;
        headers.push(("Auth".into(), TOKEN.into()));
        let (status, said) = answer(&Arrival { path: case.hook, headers, ..put(&case.body) });
        if status != 200 {
            refused.push(format!("{}: {said}", case.file));
        }
    }
    assert!(refused.is_empty(), "{refused:#?}");
}
