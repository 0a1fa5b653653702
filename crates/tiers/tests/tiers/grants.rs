//! Levels given by hand: two people, dates, and an end of their own.

use base::PageSize;
use platform::test_on_both;
use platform::testing::TestDb;
use serde_json::json;
use tiers::app::grants;
use tiers::model::{Grant, GrantKind, GrantState, NewGrant, ProgrammeId};
use tiers::store::grants::Filter;

use crate::support::{At, ROOMS, club, day, metals};

fn asked(programme: ProgrammeId, kind: GrantKind, level: Option<&str>, until: &str) -> NewGrant {
    NewGrant {
        programme,
        kind,
        level: level.map(str::to_owned),
        reason: "投诉补偿".to_owned(),
        from: day("2026-03-15"),
        until: day(until),
    }
}

test_on_both!(a_level_given_by_hand_needs_two_people_and_ends_by_itself, ROOMS);
async fn a_level_given_by_hand_needs_two_people_and_ends_by_itself(t: &TestDb) {
    let at = At::noon(t).await;
    let room = &at.room;
    let [one] = at.customers(["ONE"]).await;
    at.bought(one, "1", "2026-03-01T04:00:00Z", 150_000).await;
    let programme = at.in_force(club(), metals()).await.id;
    let gold = |until| asked(programme, GrantKind::Level, Some("gold"), until);
    for (wrong, code) in [
        (gold("2027-03-15"), "grant_too_long"),
        (gold("2026-03-14"), "dates_malformed"),
        (
            asked(programme, GrantKind::Level, Some("tin"), "2026-03-20"),
            "level_unknown",
        ),
        (
            asked(programme, GrantKind::Level, None, "2026-03-20"),
            "level_unknown",
        ),
        (
            asked(programme, GrantKind::Suspension, Some("gold"), "2026-03-20"),
            "level_not_asked",
        ),
        (
            NewGrant {
                reason: " ".to_owned(),
                ..gold("2026-03-20")
            },
            "reason_malformed",
        ),
    ] {
        let refused = grants::request(room, &at.anna, one, wrong).await.unwrap_err();
        assert_eq!(refused.code(), code);
    }
    let given = grants::request(room, &at.anna, one, gold("2026-03-20"))
        .await
        .unwrap();
    assert_eq!(
        at.level(programme, one).await.as_deref(),
        Some("silver"),
        "asked for is not given"
    );
    let decide = async |who, grant: &Grant, version, next| {
        grants::decide(room, who, grant.id, version, next)
            .await
            .map(|grant| grant.state)
            .map_err(|e| e.code())
    };
    assert_eq!(
        decide(&at.anna, &given, 1, GrantState::Approved).await,
        Err("second_person_needed")
    );
    assert_eq!(
        decide(&at.bert, &given, 2, GrantState::Approved).await,
        Err("version_stale")
    );
    assert_eq!(
        decide(&at.bert, &given, 1, GrantState::Approved).await,
        Ok(GrantState::Approved)
    );
    assert_eq!(
        decide(&at.bert, &given, 2, GrantState::Refused).await,
        Err("grant_state")
    );
    let (level, earned) = at.stands(programme, one).await;
    assert_eq!(
        (level.as_deref(), earned.as_deref()),
        (Some("gold"), Some("silver"))
    );

    let later = grants::request(
        room,
        &at.bert,
        one,
        asked(programme, GrantKind::Nomination, None, "2026-12-31"),
    )
    .await
    .unwrap();
    let size = PageSize::new(Some(1)).unwrap();
    let first = grants::list(room, &at.anna, Filter::default(), size, None)
        .await
        .unwrap();
    assert_eq!(first.items[0].id, given.id, "the soonest to end first");
    let cursor = first.next_cursor.unwrap();
    let second = grants::list(room, &at.anna, Filter::default(), size, Some(&cursor))
        .await
        .unwrap();
    assert_eq!((second.items[0].id, second.next_cursor), (later.id, None));
    let only = Filter {
        state: Some(GrantState::Requested),
        customer: Some(one),
        programme: Some(programme),
    };
    assert_eq!(
        grants::list(room, &at.anna, only, size, None)
            .await
            .unwrap()
            .items,
        [later]
    );

    // It holds on its last day and ends by itself on the next.
    at.days_later(5);
    at.look().await;
    assert_eq!(at.level(programme, one).await.as_deref(), Some("gold"));
    at.days_later(1);
    at.look().await;
    assert_eq!(at.level(programme, one).await.as_deref(), Some("silver"));
    assert_eq!(at.events("tier_grant.ended", Some(one)).await, 1);
    assert_eq!(
        decide(&at.anna, &given, 3, GrantState::Revoked).await,
        Err("grant_state")
    );
    at.stop().await;
}

test_on_both!(a_suspension_and_a_nomination_are_decided_on_at_once, ROOMS);
async fn a_suspension_and_a_nomination_are_decided_on_at_once(t: &TestDb) {
    let at = At::noon(t).await;
    let room = &at.room;
    let [one] = at.customers(["ONE"]).await;
    at.bought(one, "1", "2026-03-01T04:00:00Z", 150_000).await;
    let mut by_nomination = metals();
    by_nomination["levels"][1]["qualify"] = json!({ "any": [
        { "measure": "spend", "at_least": 500_000 }, { "measure": "nomination" }
    ] });
    by_nomination["levels"][1]["keep"] = json!({ "any": [
        { "measure": "spend", "at_least": 400_000 }, { "measure": "nomination" }
    ] });
    let programme = at.in_force(club(), by_nomination).await;
    let give = async |kind| {
        let new = asked(programme.id, kind, None, "2026-04-30");
        let grant = grants::request(room, &at.anna, one, new).await.unwrap();
        grants::decide(room, &at.bert, grant.id, 1, GrantState::Approved)
            .await
            .unwrap()
    };
    let nomination = give(GrantKind::Nomination).await;
    assert_eq!(at.level(programme.id, one).await.as_deref(), Some("gold"));
    let suspension = give(GrantKind::Suspension).await;
    let (level, earned) = at.stands(programme.id, one).await;
    assert_eq!((level, earned.as_deref()), (None, Some("gold")));
    let taken_back = async |grant: &Grant| {
        grants::decide(room, &at.anna, grant.id, 2, GrantState::Revoked)
            .await
            .unwrap();
    };
    taken_back(&nomination).await;
    assert_eq!(at.stands(programme.id, one).await.1.as_deref(), Some("silver"));
    taken_back(&suspension).await;
    assert_eq!(at.level(programme.id, one).await.as_deref(), Some("silver"));
    assert_eq!(at.events("tier_grant.revoked", Some(one)).await, 2);
    at.replayed(&programme).await;
    at.stop().await;
}
