//! Versions: drafts, simulation, the second person, notice, the day on which one comes into force.

use base::{Error, PageSize};
use platform::access::Role;
use platform::test_on_both;
use platform::testing::{TestDb, caller};
use serde_json::json;
use tiers::app::{programmes, publish, simulation};
use tiers::model::{Sensitivity, VersionState};

use crate::benefit_support::{Firm, promises};
use crate::support::{At, ROOMS, club, document, metals};

test_on_both!(a_draft_is_published_by_a_second_person_and_once_simulated, ROOMS);
async fn a_draft_is_published_by_a_second_person_and_once_simulated(t: &TestDb) {
    let at = At::noon(t).await;
    let room = &at.room;
    let programme = programmes::create(room, &at.anna, club()).await.unwrap();
    let again = programmes::create(room, &at.anna, club()).await.unwrap_err();
    assert_eq!(again.code(), "code_taken");
    let viewer = caller(Role::Viewer);
    let refused = programmes::draft(room, &viewer, programme.id, document(metals()))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), "forbidden");
    let mut wrong = metals();
    wrong["levels"][1]["keep"]["all"][0]["at_least"] = json!(600_000);
    let refused = programmes::draft(room, &at.anna, programme.id, document(wrong))
        .await
        .unwrap_err();
    let Error::Invalid { fields, .. } = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(fields[0].field, "levels[1].keep");

    let draft = programmes::draft(room, &at.anna, programme.id, document(metals()))
        .await
        .unwrap();
    assert_eq!(
        (draft.number, draft.revision, draft.state),
        (1, 1, VersionState::Draft)
    );
    let analyst = caller(Role::Analyst);
    let code = async |who, revision| {
        publish::publish(room, who, draft.id, revision)
            .await
            .map(|version| version.state)
            .map_err(|e| e.code())
    };
    assert_eq!(code(&analyst, 1).await, Err("forbidden"));
    assert_eq!(code(&at.anna, 1).await, Err("second_person_needed"));
    assert_eq!(code(&at.bert, 1).await, Err("simulation_missing"));
    at.simulated(&draft).await;
    let mut other = metals();
    other["levels"][0]["zh"] = json!("白银卡");
    let other = document(other);
    let stale = programmes::change_draft(room, &at.anna, draft.id, 7, other.clone())
        .await
        .unwrap_err();
    assert_eq!(stale.code(), "version_stale");
    let changed = programmes::change_draft(room, &at.anna, draft.id, 1, other)
        .await
        .unwrap();
    assert_eq!(changed.revision, 2);
    assert_eq!(code(&at.bert, 1).await, Err("version_stale"));
    assert_eq!(code(&at.bert, 2).await, Err("simulation_stale"));
    at.simulated(&draft).await;
    let (_, is_current) = simulation::of_version(room, &at.anna, draft.id).await.unwrap();
    assert!(is_current);
    // Nobody stands anywhere, so nobody loses: it holds from today on.
    assert_eq!(code(&at.bert, 2).await, Ok(VersionState::Effective));
    assert_eq!(code(&at.bert, 2).await, Err("not_a_draft"));
    let late = programmes::change_draft(room, &at.anna, draft.id, 2, document(metals()))
        .await
        .unwrap_err();
    assert_eq!(late.code(), "not_a_draft");
    at.look().await;
    assert_eq!(at.events("tier_programme.published", None).await, 1);
    at.stop().await;
}

test_on_both!(who_loses_is_known_told_in_time_and_decided_on_the_day, ROOMS);
async fn who_loses_is_known_told_in_time_and_decided_on_the_day(t: &TestDb) {
    let at = At::noon(t).await;
    let room = &at.room;
    let [rich, middle, poor, new] = at.customers(["RICH", "MIDDLE", "POOR", "NEW"]).await;
    at.bought(rich, "1", "2026-02-03T04:00:00Z", 900_000).await;
    at.bought(middle, "2", "2026-02-03T04:00:00Z", 600_000).await;
    at.bought(poor, "3", "2026-02-03T04:00:00Z", 150_000).await;
    at.bought(new, "4", "2026-02-03T04:00:00Z", 50_000).await;
    let programme = at.in_force(club(), metals()).await;
    for (customer, level) in [
        (rich, Some("gold")),
        (middle, Some("gold")),
        (poor, Some("silver")),
        (new, None),
    ] {
        assert_eq!(at.level(programme.id, customer).await.as_deref(), level);
    }
    let shown = programmes::get(room, &at.anna, programme.id).await.unwrap();
    let mut counts = shown.counts.unwrap();
    counts.sort();
    assert_eq!(counts, [("gold".to_owned(), 2), ("silver".to_owned(), 1)]);

    // Gold from 8,000 on, silver from 400 on: one goes down, one comes in.
    let mut stricter = metals();
    for (level, rule, at_least) in [
        (1, "qualify", 800_000),
        (1, "keep", 800_000),
        (0, "qualify", 40_000),
    ] {
        stricter["levels"][level][rule]["all"][0]["at_least"] = json!(at_least);
    }
    stricter["effective_on"] = json!("2026-04-13");
    let draft = programmes::draft(room, &at.anna, programme.id, document(stricter.clone()))
        .await
        .unwrap();
    let wrong = Sensitivity {
        level: "gold".to_owned(),
        of_keep: false,
        condition: 1,
        values: vec![1.0],
    };
    let refused = simulation::start(room, &at.anna, draft.id, Some(wrong))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), "sensitivity_invalid");
    let asked = Sensitivity {
        level: "gold".to_owned(),
        of_keep: false,
        condition: 0,
        values: vec![100_000.0, 600_000.0, 900_001.0],
    };
    let job = simulation::start(room, &at.anna, draft.id, Some(asked))
        .await
        .unwrap();
    at.over(&job).await;
    let (made, _) = simulation::of_version(room, &at.anna, draft.id).await.unwrap();
    let told = made.result;
    assert_eq!(
        (told.customers, told.lose.customers, told.gain.customers),
        (4, 1, 1)
    );
    assert_eq!(
        (told.lose.revenue_minor, told.gain.revenue_minor),
        (600_000, 50_000)
    );
    let cells: Vec<_> = told
        .matrix
        .iter()
        .map(|cell| {
            (
                cell.from.as_deref(),
                cell.to.as_deref(),
                cell.customers,
                cell.revenue_minor,
            )
        })
        .collect();
    assert_eq!(
        cells,
        [
            (None, Some("silver"), 1, 50_000),
            (Some("silver"), Some("silver"), 1, 150_000),
            (Some("gold"), Some("silver"), 1, 600_000),
            (Some("gold"), Some("gold"), 1, 900_000),
        ]
    );
    // Of those who would have gold if its threshold were another: what keeps it stays as the draft says.
    let curve: Vec<u64> = told
        .curve
        .unwrap()
        .points
        .iter()
        .map(|point| {
            point
                .levels
                .iter()
                .find(|count| count.level.as_deref() == Some("gold"))
                .unwrap()
                .customers
        })
        .collect();
    assert_eq!(curve, [3, 2, 1]);
    let size = PageSize::new(Some(1)).unwrap();
    let losers = simulation::moves(room, &at.anna, (draft.id, true), size, None)
        .await
        .unwrap();
    let (of, name) = &losers.items[0];
    assert_eq!(
        (of.customer, name.external_id.as_str(), losers.next_cursor),
        (middle, "MIDDLE", None)
    );
    assert_eq!(
        (of.from.as_deref(), of.to.as_deref()),
        (Some("gold"), Some("silver"))
    );

    // Thirty days of notice are due, and there are 29.
    let refused = publish::publish(room, &at.bert, draft.id, 1).await.unwrap_err();
    assert_eq!(refused.code(), "notice_too_short");
    stricter["effective_on"] = json!("2026-04-14");
    let draft = programmes::change_draft(room, &at.anna, draft.id, 1, document(stricter))
        .await
        .unwrap();
    at.simulated(&draft).await;
    let published = publish::publish(room, &at.bert, draft.id, 2).await.unwrap();
    assert_eq!(published.state, VersionState::Scheduled);
    let notices = simulation::notices(room, &at.anna, draft.id, size, None)
        .await
        .unwrap();
    let (_, customer, from, to, due_on) = notices.items[0].clone();
    assert_eq!(
        (customer, from.as_deref(), to.as_deref()),
        (middle, Some("gold"), Some("silver"))
    );
    assert_eq!(base::Day(due_on).to_string(), "2026-03-15");
    assert_eq!(notices.next_cursor, None);

    let another = programmes::draft(room, &at.anna, programme.id, document(metals()))
        .await
        .unwrap();
    at.simulated(&another).await;
    let waits = publish::publish(room, &at.bert, another.id, 1).await.unwrap_err();
    assert_eq!(waits.code(), "version_scheduled");

    at.days_later(29);
    at.look().await;
    assert_eq!(at.level(programme.id, middle).await.as_deref(), Some("gold"));
    at.days_later(1);
    at.look().await;
    for (customer, level) in [
        (rich, "gold"),
        (middle, "silver"),
        (poor, "silver"),
        (new, "silver"),
    ] {
        assert_eq!(at.level(programme.id, customer).await.as_deref(), Some(level));
    }
    let versions = programmes::versions(room, &at.anna, programme.id, PageSize::new(None).unwrap(), None)
        .await
        .unwrap();
    let states: Vec<_> = versions.items.iter().map(|version| version.state).collect();
    assert_eq!(
        states,
        [
            VersionState::Draft,
            VersionState::Effective,
            VersionState::Retired
        ]
    );
    at.replayed(&programme).await;
    at.stop().await;
}

test_on_both!(a_simulation_says_what_benefits_would_cost, ROOMS);
async fn a_simulation_says_what_benefits_would_cost(t: &TestDb) {
    let firm = Firm::new(t).await;
    firm.gold("ONE").await;
    let mut more = promises();
    more["levels"][1]["benefits"][0]["quantity"] = json!(20);
    let (room, anna) = (&firm.at.room, &firm.at.anna);
    let draft = programmes::draft(room, anna, firm.programme, document(more)).await;
    let draft = draft.unwrap();
    firm.at.simulated(&draft).await;
    let (made, _) = simulation::of_version(room, anna, draft.id).await.unwrap();
    // 12 visits to a lounge, 24 car washes and one thing chosen, 50.00 each; then 20 visits.
    assert_eq!(made.result.benefit_cost.before_minor, (12 + 24 + 1) * 5_000);
    assert_eq!(made.result.benefit_cost.after_minor, (20 + 24 + 1) * 5_000);
    firm.at.stop().await;
}
