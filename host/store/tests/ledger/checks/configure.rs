//! Changing and listing the configuration.

use transload_domain::{Digest, Organization, Webhook};
use transload_store::{Change, Error, LedgerExt, Query, Record};

use crate::world::{SHARD, World, acme, hook, webhook};

pub(crate) async fn a_change_is_made_on_what_was_seen(world: World) {
    let change = |name: &str| Change::Webhook(Webhook { name: name.into(), ..webhook(hook(1)) });
    let put = |name, expected| world.ledger.configure(SHARD, change(name), expected);
    let first = put("one", Some(0)).await.unwrap();
    assert!(matches!(put("two", Some(0)).await, Err(Error::Conflict(_))));
    let second = put("two", Some(first)).await.unwrap();
    assert!(second > first);
    assert!(matches!(put("three", Some(first)).await, Err(Error::Conflict(_))));
    let third = put("three", None).await.unwrap();
    let (revision, found) = world.ledger.webhook(SHARD, &acme(), hook(1)).await.unwrap().unwrap();
    assert_eq!((revision, &*found.name), (third, "three"));

    let remove =
        |expected| world.ledger.configure(SHARD, Change::RemoveWebhook(acme(), hook(1)), expected);
    assert!(matches!(remove(Some(second)).await, Err(Error::Conflict(_))));
    assert_eq!(remove(Some(third)).await, Ok(0));
    assert!(matches!(remove(None).await, Err(Error::NotFound(_))));
    assert_eq!(world.ledger.webhook(SHARD, &acme(), hook(1)).await.unwrap(), None);
    assert!(matches!(put("four", Some(third)).await, Err(Error::Conflict(_))));
    assert!(put("four", Some(0)).await.unwrap() > third, "a revision is not given twice");
}

pub(crate) async fn a_webhook_is_its_organizations(world: World) {
    let other = Organization::new("acme2").unwrap();
    for n in 0..7 {
        world.put_webhook(&webhook(hook(n))).await;
    }
    world.put_webhook(&Webhook { organization: other.clone(), ..webhook(hook(100)) }).await;
    let stolen = Change::Webhook(Webhook { organization: other.clone(), ..webhook(hook(1)) });
    assert!(matches!(world.ledger.configure(SHARD, stolen, None).await, Err(Error::Conflict(_))));
    let foreign = Change::RemoveWebhook(other.clone(), hook(1));
    assert!(matches!(world.ledger.configure(SHARD, foreign, None).await, Err(Error::NotFound(_))));
    assert_eq!(world.ledger.webhook(SHARD, &other, hook(1)).await.unwrap(), None);
    let mine = world.list(Query::Webhooks(acme()), 3).await;
    assert_eq!(mine.len(), 7);
    assert!(
        mine.iter()
            .all(|record| matches!(record, Record::Webhook(_, one) if one.organization == acme()))
    );
    assert_eq!(world.list(Query::Webhooks(other), 3).await.len(), 1);
}

pub(crate) async fn access_records_come_and_go(world: World) {
    let put = |id: &str, value: Option<&[u8]>, expected| {
        let change = Change::Access { id: id.into(), value: value.map(<[u8]>::to_vec) };
        world.ledger.configure(SHARD, change, expected)
    };
    let one = put("one", Some(b"1"), Some(0)).await.unwrap();
    put("two", Some(b"2"), None).await.unwrap();
    assert_eq!(world.ledger.access(SHARD, "one").await.unwrap(), Some((one, b"1".to_vec())));
    assert_eq!(world.list(Query::Access, 1).await.len(), 2);
    assert!(matches!(put("one", None, Some(one + 100)).await, Err(Error::Conflict(_))));
    put("one", None, Some(one)).await.unwrap();
    assert_eq!(world.ledger.access(SHARD, "one").await.unwrap(), None);
    assert!(matches!(put("one", None, None).await, Err(Error::NotFound(_))));
}

pub(crate) async fn a_profile_is_kept_by_its_digest(world: World) {
    let profile = crate::rows::profile();
    let digest = Digest::of(b"module");
    for _ in 0..2 {
        let change = Change::Profile(digest, profile.clone());
        assert_eq!(world.ledger.configure(SHARD, change, None).await, Ok(1));
    }
    assert_eq!(world.ledger.profile(SHARD, digest).await.unwrap(), Some(profile));
    assert_eq!(world.ledger.profile(SHARD, Digest::of(b"other")).await.unwrap(), None);
}
