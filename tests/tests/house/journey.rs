//! An event travels from POST to the vendor.

use serde_json::Value;
use transload_tests::{client::Client, house::House, modules, vendor::Vendor};

use crate::support::{accepted, deliveries};

async fn post_case(client: &Client, plugin: &str, case: &str) -> (String, Value) {
    let case = modules::case(plugin, case).unwrap();
    (accepted(client, &case["event"]).await, case["expect"]["requests"][0].clone())
}

#[tokio::test]
async fn an_order_arrives_at_readycloud_as_its_document_shows() {
    let house = House::start(&["readycloud"]).await.unwrap();
    let mut vendor = Vendor::start().await.unwrap();
    let client = house.client("acme").await.unwrap();
    let webhook = client.webhook("readycloud", "orders", &vendor.url()).await.unwrap();
    let token = webhook["authentication"]["token"].as_str().unwrap();

    let (event, expected) = post_case(&client, "readycloud", "orders-sample").await;
    let arrived = vendor.next().await.unwrap();
    assert_eq!((arrived.method.as_str(), arrived.path.as_str()), ("PUT", "/hook"));
    assert_eq!(arrived.header("auth"), token);
    assert_eq!(arrived.header("content-type"), "application/json");
    assert_eq!(arrived.json(), expected["body"]);

    let delivery = &deliveries(&client, &event, "delivered").await[0];
    assert_eq!(delivery["plugin"]["name"], "readycloud");
    assert_eq!(delivery["attempts"].as_array().unwrap().len(), 1);
    assert!(!delivery.to_string().contains(token), "the token is shown: {delivery:#}");
    house.stop().await.unwrap();
}

#[tokio::test]
async fn a_work_order_arrives_at_corrigopro_with_a_token_that_can_be_verified() {
    let house = House::start(&["corrigopro"]).await.unwrap();
    let mut vendor = Vendor::start().await.unwrap();
    let client = house.client("acme").await.unwrap();
    client.webhook("corrigopro", "notifications", &vendor.url()).await.unwrap();

    let (event, _) = post_case(&client, "corrigopro", "work-order-created").await;
    let arrived = vendor.next().await.unwrap();
    assert_eq!(arrived.method, "POST");
    assert_eq!(arrived.header("event-type"), "NewWorkOrder");
    assert_eq!(arrived.header("expect"), "100-continue");
    assert_eq!(arrived.header("content-type"), "application/json; charset=utf-8");
    let token = arrived.header("authorization").strip_prefix("Bearer ").unwrap();
    assert_eq!(token.split('.').count(), 3, "{token}");

    let delivery = &deliveries(&client, &event, "delivered").await[0];
    assert_eq!(arrived.json()["Header"]["MessageId"], delivery["id"]);
    let keys = Client::new(&house.url(), "").get("/.well-known/jwks.json").await.unwrap();
    assert_eq!(keys.json().unwrap()["keys"][0]["crv"], "Ed25519");
    house.stop().await.unwrap();
}

#[tokio::test]
async fn one_event_goes_to_every_webhook_that_wants_it_and_to_no_other_organization() {
    let house = House::start(&["moody"]).await.unwrap();
    let (acme, umbrella) =
        (house.client("acme").await.unwrap(), house.client("umbrella").await.unwrap());
    let (mut first, mut second) = (Vendor::start().await.unwrap(), Vendor::start().await.unwrap());
    let mut other = Vendor::start().await.unwrap();
    acme.webhook("moody", "moods", &first.url()).await.unwrap();
    acme.webhook("moody", "moods", &second.url()).await.unwrap();
    let foreign = umbrella.webhook("moody", "moods", &other.url()).await.unwrap();

    let event = accepted(&acme, &crate::support::event("1", "mood.generous")).await;
    for vendor in [&mut first, &mut second] {
        let mut paths = Vec::new();
        for _ in 1..=3 {
            paths.push(vendor.next().await.unwrap().path);
        }
        paths.sort();
        assert_eq!(paths, ["/hook/1", "/hook/2", "/hook/3"]);
    }
    assert_eq!(deliveries(&acme, &event, "delivered").await.len(), 6);
    assert!(other.waiting().is_none());

    // Another organization's objects are not there.
    let id = foreign["id"].as_str().unwrap();
    for path in [format!("/v1/webhooks/{id}"), format!("/v1/events/{}", &event)] {
        let client = if path.contains("webhooks") { &acme } else { &umbrella };
        assert_eq!(client.get(&path).await.unwrap().status, 404, "{path}");
    }
    house.stop().await.unwrap();
}
