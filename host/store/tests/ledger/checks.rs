//! What every ledger must do, whatever keeps it. Each check gets an empty ledger and says by its name what holds.

pub(crate) mod accept;
pub(crate) mod agenda;
pub(crate) mod configure;
pub(crate) mod dispatch;
pub(crate) mod failures;
pub(crate) mod lead;
pub(crate) mod page;
pub(crate) mod redrive;
pub(crate) mod replay;
pub(crate) mod retire;
pub(crate) mod settle;
pub(crate) mod suspend;

/// Runs every check as a test of its own, on the world that `$world` makes for it.
macro_rules! conformance {
    ($world:path) => {
        $crate::checks::conformance! { $world:
            accept::i1_an_accepted_event_can_be_read,
            accept::i2_accepting_again_changes_nothing,
            accept::i2_a_repeat_within_a_batch_is_the_same_event,
            accept::i2_other_content_is_refused_with_its_whole_batch,
            accept::i2_of_many_that_post_the_same_one_is_first,
            accept::numbers_grow_in_the_order_of_acceptance,
            accept::events_are_listed_newest_first,
            accept::a_page_is_bounded_in_bytes,
            accept::there_is_no_other_shard,
            dispatch::i3_an_event_is_dispatched_once,
            dispatch::i3_whatever_the_order_each_event_is_dispatched_once,
            dispatch::i1_what_lies_behind_a_full_block_still_waits,
            dispatch::i8_what_waits_is_counted_for_each_organization,
            dispatch::i4_a_dispatch_happens_as_a_whole_or_not_at_all,
            dispatch::i4_two_that_read_the_same_state_do_not_both_write,
            dispatch::i4_a_revision_is_never_given_twice,
            dispatch::i5_bytes_once_made_never_change,
            dispatch::state_has_a_limit_for_each_webhook,
            dispatch::state_goes_with_its_webhook,
            dispatch::a_blocked_delivery_is_made_anew,
            dispatch::a_delivery_belongs_to_its_event,
            dispatch::a_large_request_is_kept_whole,
            settle::i7_each_attempt_number_settles_once,
            settle::i7_an_attempt_is_the_one_that_comes_next,
            settle::i7_a_used_attempt_number_is_not_used_again,
            settle::a_settlement_moves_lists_and_counts,
            settle::a_person_takes_up_a_dead_letter,
            settle::a_blocked_delivery_can_be_blocked_again_or_die,
            failures::the_latest_failures_of_a_webhook_are_kept,
            failures::failures_are_bounded,
            failures::failures_go_with_their_webhook,
            failures::a_new_vendor_begins_without_failures,
            failures::a_resumed_webhook_begins_without_failures,
            failures::i7_a_refused_settlement_counts_no_failure,
            suspend::i4_a_suspension_and_its_event_come_true_together,
            suspend::a_webhook_is_suspended_once,
            suspend::whoever_resumes_a_webhook_is_not_overruled_by_what_was_decided_before,
            suspend::what_a_former_vendor_did_suspends_nobody,
            suspend::a_refused_suspension_leaves_no_trace,
            redrive::a_wish_is_told_and_kept_until_it_is_granted,
            redrive::a_newer_wish_stays_when_an_older_one_is_taken_back,
            redrive::what_is_refused_is_kept_for_whoever_asked_and_for_nobody_else,
            redrive::what_was_refused_is_forgotten_with_its_event,
            redrive::only_what_lets_a_delivery_go_out_again_grants_a_wish,
            redrive::a_delivery_that_is_made_anew_is_asked_for_no_more,
            redrive::nobody_asks_for_what_is_not_there,
            redrive::no_wish_is_lost_on_a_slow_lead,
            replay::a_replays_progress_is_made_on_what_was_seen,
            replay::replays_are_listed_newest_first,
            replay::a_lead_is_told_of_unfinished_replays_and_of_new_ones,
            replay::replays_are_bounded,
            lead::a_lead_lasts_as_long_as_its_lease,
            lead::i7_a_deposed_lead_changes_nothing,
            lead::i7_a_deposed_leads_agenda_ends,
            lead::i7_who_dropped_its_agenda_has_resigned,
            agenda::an_agenda_tells_what_is_there_and_then_what_comes,
            agenda::a_new_agenda_tells_what_was_not_dispatched,
            agenda::an_agenda_misses_nothing_and_repeats_nothing,
            agenda::i8_organizations_take_turns_however_much_one_has_undispatched,
            agenda::i8_what_one_posts_beside_another_that_posts_more_than_is_read_is_told_soon,
            agenda::a_webhook_is_told_before_the_events_after_it,
            agenda::an_agenda_does_not_tell_a_lead_its_own_changes,
            configure::a_change_is_made_on_what_was_seen,
            configure::a_webhook_is_its_organizations,
            configure::access_records_come_and_go,
            configure::a_profile_is_kept_by_its_digest,
            page::deliveries_are_listed_newest_first,
            page::a_list_goes_on_over_blocks,
            page::an_organizations_deliveries_are_one_list,
            page::a_webhook_that_is_gone_is_known_while_deliveries_may_come,
            page::a_foreign_cursor_is_refused,
            retire::only_closed_events_are_forgotten,
            retire::what_ends_late_is_kept_as_long_as_what_ends_at_once,
            retire::no_more_are_forgotten_than_asked,
            retire::a_sweep_looks_at_each_event_once,
            retire::a_young_event_does_not_hide_older_ones,
            retire::a_sweep_ends_where_all_events_are_young,
            retire::what_somebody_asks_for_is_not_forgotten,
        }
    };
    ($world:path: $($module:ident::$check:ident,)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $check() {
                $world($crate::checks::$module::$check).await;
            }
        )*
    };
}

pub(crate) use conformance;
