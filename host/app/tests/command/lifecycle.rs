//! Two-stage shutdown in the middle of a delivery.

use crate::vendors::World;

const SOURCE: &str = "/orders";

#[test]
fn i6_a_first_signal_finishes_the_exchange_and_nothing_is_sent_twice() {
    let world = World::new();
    let host = world.host();
    world.webhook(&host, SOURCE);
    world.fail(&["slow:500ms"]);
    let first = world.order(&host, SOURCE, "1");
    world.arrived(1);
    host.signal("-TERM");
    let (code, log) = host.end();
    assert_eq!(code, Some(0), "{log}");

    let host = world.host();
    let delivery = world.tried(&host, &first, 1);
    assert_eq!(delivery["status"], "delivered", "{delivery:#}");
    // What comes after it has overtaken nothing: whatever was to be sent again would have been before.
    let second = world.order(&host, SOURCE, "2");
    world.tried(&host, &second, 1);
    assert_eq!(world.arrived(2).len(), 2);
    host.signal("-TERM");
    assert_eq!(host.end().0, Some(0));
    world.end();
}

#[test]
fn i6_a_second_signal_cuts_and_the_delivery_goes_out_again_after_the_start() {
    let world = World::new();
    let host = world.host();
    world.webhook(&host, SOURCE);
    world.fail(&["hang"]);
    let event = world.order(&host, SOURCE, "1");
    world.arrived(1);
    host.signal("-TERM");
    host.signal("-INT");
    let (code, log) = host.end();
    assert_eq!(code, Some(1), "{log}");
    assert!(log.contains("cut before everything in flight was finished"), "{log}");

    let host = world.host();
    let delivery = world.tried(&host, &event, 1);
    assert_eq!(delivery["status"], "delivered", "{delivery:#}");
    let arrived = world.arrived(2);
    assert_eq!(arrived.len(), 2);
    assert_eq!(arrived[0].body, arrived[1].body);
    host.signal("-TERM");
    assert_eq!(host.end().0, Some(0));
    world.end();
}
