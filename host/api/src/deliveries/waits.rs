//! What keeps an open delivery back beside its own time, in words.

use transload_delivery::{
    Trouble, TroubleKind,
    order::{Other, open_before},
};
use transload_domain::{Delivery, Webhook};

use crate::{Api, problem::Problem, time::Rfc3339};

/// What keeps back every delivery of this webhook; `None` where nothing does.
pub(super) fn for_its_webhook(webhook: &Webhook, trouble: Option<&Trouble>) -> Option<String> {
    if let Some(since) = webhook.suspended_at {
        let because = webhook.suspended_because.as_deref().unwrap_or_default();
        let because = if because.is_empty() { String::new() } else { format!(" ({because})") };
        let since = Rfc3339(since);
        return Some(format!(
            "its webhook is suspended since {since}{because}; it goes out after resume"
        ));
    }
    trouble.map(for_trouble)
}

/// The same for this trouble, and how to end that.
pub(super) fn for_trouble(Trouble { kind, detail, next_try, .. }: &Trouble) -> String {
    let next_try = Rfc3339(*next_try);
    let waits = match kind {
        TroubleKind::Paused => {
            format!("all of its webhook's deliveries wait until {next_try}: {detail}")
        }
        TroubleKind::Failing | TroubleKind::Credentials => format!(
            "its webhook is in trouble ({detail}), so that one delivery at a time is tried, the next not before {next_try}"
        ),
    };
    format!("{waits}; resume the webhook to try at once")
}

/// That another goes out first, where both are in order.
pub(super) async fn for_another(api: &Api, delivery: &Delivery) -> Result<Option<String>, Problem> {
    let other = open_before(api.ledger.as_ref(), api.shard, &delivery.head).await?;
    let Other::Is(other) = other else { return Ok(None) };
    Ok(Some(format!("it goes out in order and waits for delivery {other} of the same subject")))
}

#[cfg(test)]
mod tests {
    use transload_domain::{Organization, Timestamp};
    use transload_store::{LedgerExt, Shard};

    use super::*;
    use crate::testing;

    #[tokio::test]
    async fn what_keeps_all_of_a_webhooks_deliveries_back_is_told_with_the_time_and_the_way_out() {
        let host = testing::Host::new().await;
        let id = testing::subscribe(&host, &testing::webhook()).await;
        let acme = Organization::new(testing::ACME).unwrap();
        let (_, mut webhook) = host.ledger.webhook(Shard(0), &acme, id).await.unwrap().unwrap();
        assert_eq!(for_its_webhook(&webhook, None), None);
        let trouble = |kind| Trouble {
            kind,
            since: Timestamp::EPOCH,
            detail: "the vendor answered 503".into(),
            next_try: Timestamp::from_micros(1_536_055_928_000_000),
        };
        for (kind, expected) in [
            (
                TroubleKind::Paused,
                "all of its webhook's deliveries wait until 2018-09-04T10:12:08.000000Z: the vendor answered 503; \
                 resume the webhook to try at once",
            ),
            (
                TroubleKind::Credentials,
                "its webhook is in trouble (the vendor answered 503), so that one delivery at a time is tried, the \
                 next not before 2018-09-04T10:12:08.000000Z; resume the webhook to try at once",
            ),
        ] {
            let told = for_its_webhook(&webhook, Some(&trouble(kind)));
            assert_eq!(told.as_deref(), Some(expected));
        }
        webhook.suspended_at = Some(Timestamp::EPOCH);
        let told = for_its_webhook(&webhook, Some(&trouble(TroubleKind::Paused)));
        let held =
            "its webhook is suspended since 1970-01-01T00:00:00.000000Z; it goes out after resume";
        assert_eq!(told.as_deref(), Some(held));
    }
}
