//! What customers have over both databases: opened by level, carried over, lost, picked, ended.

use platform::test_on_both;
use platform::testing::TestDb;
use tiers::app::choices::{self, Pick};
use tiers::app::{benefits, entitlements, giving_back, programmes};
use tiers::model::{EntryKind, Terms};

use crate::benefit_support::{Firm, facts, promises};
use crate::support::{At, ROOMS, club, day, document};

test_on_both!(
    a_level_gives_what_it_promises_and_takes_its_share_when_it_is_lost,
    ROOMS
);
async fn a_level_gives_what_it_promises_and_takes_its_share_when_it_is_lost(t: &TestDb) {
    let firm = Firm::new(t).await;
    let one = firm.gold("ONE").await;
    let [lounge] = firm.has(one, "lounge").await.try_into().unwrap();
    assert_eq!((lounge.balances.available, lounge.until), (12, day("2026-12-31")));
    assert!(
        !lounge.id.uuid().is_nil(),
        "a decision on one opens what it gives"
    );
    assert_eq!(firm.left(one, "wash").await, 2);
    assert_eq!(
        firm.left(one, "spa").await,
        0,
        "nothing of a group is given before it is picked"
    );
    let (has, groups) = entitlements::of_customer(&firm.at.room, &firm.at.anna, one)
        .await
        .unwrap();
    let window = has.iter().find(|has| has.benefit.facts.code == "window").unwrap();
    assert!(
        window.promise.is_some() && window.entitlement.is_none(),
        "it holds as long as the level"
    );
    assert_eq!(
        (groups.len(), groups[0].of.len(), groups[0].picked.len()),
        (1, 2, 0)
    );

    for n in 0..3 {
        firm.redeem(one, &firm.wanted("lounge", 1, &format!("v{n}")))
            .await
            .unwrap();
    }
    // What earned gold is given back, silver stays: 73 of 365 days are over, of 12 visits 3 are the customer's.
    firm.at
        .bought(one, "back", "2026-03-10T04:00:00Z", -450_000)
        .await;
    firm.at.look().await;
    assert_eq!(
        firm.at.level(firm.programme, one).await.as_deref(),
        Some("silver")
    );
    let [lounge] = firm.has(one, "lounge").await.try_into().unwrap();
    assert_eq!(lounge.level.as_deref(), Some("silver"));
    assert_eq!((lounge.balances.available, lounge.balances.withdrawn), (0, 9));
    let left = firm
        .redeem(one, &firm.wanted("lounge", 1, "v3"))
        .await
        .unwrap_err();
    assert_eq!(left.code(), "entitlement_insufficient");
    assert_eq!(
        firm.left(one, "wash").await,
        2,
        "what is kept stays until its period ends"
    );
    // And gold again in the same period gives what was taken.
    firm.at
        .bought(one, "again", "2026-03-12T04:00:00Z", 450_000)
        .await;
    firm.at.look().await;
    assert_eq!(firm.left(one, "lounge").await, 9);
    firm.at.look().await;
    assert_eq!(firm.at.events("entitlement.withdrawn", Some(one)).await, 1);
    firm.books_balance().await;
    firm.at.stop().await;
}

test_on_both!(a_month_carries_over_to_the_cap_and_the_rest_expires, ROOMS);
async fn a_month_carries_over_to_the_cap_and_the_rest_expires(t: &TestDb) {
    let firm = Firm::new(t).await;
    let [one, two] = [firm.gold("ONE").await, firm.gold("TWO").await];
    let use_one = firm.wanted("wash", 1, "march");
    firm.redeem(two, &use_one).await.unwrap();
    // March ends; the level began in it, so nothing of March is carried.
    firm.at.days_later(17);
    assert_eq!(day("2026-04-01").0, day("2026-03-15").0 + 17);
    assert_eq!(firm.left(one, "wash").await, 2, "seen before it is stored");
    firm.at.look().await;
    assert_eq!(firm.left(one, "wash").await, 2);
    assert_eq!(firm.at.events("entitlement.expired", Some(one)).await, 1);
    firm.redeem(two, &firm.wanted("wash", 1, "april")).await.unwrap();
    // Of April one is carried where it is left, and one at most.
    firm.at.days_later(30);
    firm.at.look().await;
    assert_eq!(
        (firm.left(one, "wash").await, firm.left(two, "wash").await),
        (3, 3)
    );
    firm.redeem(one, &firm.wanted("wash", 3, "may")).await.unwrap();
    firm.at.days_later(31);
    firm.at.look().await;
    assert_eq!(
        (firm.left(one, "wash").await, firm.left(two, "wash").await),
        (2, 3)
    );
    firm.books_balance().await;

    let [wash] = firm.has(two, "wash").await.try_into().unwrap();
    let size = base::PageSize::new(Some(50)).unwrap();
    let entries = entitlements::entries(&firm.at.room, &firm.at.anna, wash.id, size, None)
        .await
        .unwrap();
    let mut kinds: Vec<_> = entries
        .items
        .iter()
        .map(|entry| (entry.kind.name(), entry.quantity))
        .collect();
    kinds.sort_unstable();
    let carried = EntryKind::CarriedIn.name();
    assert_eq!(kinds, [(carried, 1), (EntryKind::Granted.name(), 2)]);
    firm.at.stop().await;
}

test_on_both!(what_is_picked_is_given_and_stays_once_it_is_used, ROOMS);
async fn what_is_picked_is_given_and_stays_once_it_is_used(t: &TestDb) {
    let firm = Firm::new(t).await;
    let one = firm.gold("ONE").await;
    let choose = async |choice: &str, picked: &[&str]| {
        let pick = Pick {
            programme: firm.programme,
            choice: choice.to_owned(),
            benefits: picked.iter().map(|&code| code.to_owned()).collect(),
        };
        let chosen = choices::choose(&firm.at.room, &firm.at.anna, one, pick).await;
        chosen.map_err(|e| e.code())
    };
    let refused = firm.redeem(one, &firm.wanted("spa", 1, "s")).await.unwrap_err();
    assert_eq!(refused.code(), "not_entitled");
    assert_eq!(choose("other", &["spa"]).await, Err("choice_group_unknown"));
    for wrong in [&[][..], &["spa", "checkup"], &["lounge"], &["tin"]] {
        assert_eq!(choose("care", wrong).await, Err("choice_invalid"), "{wrong:?}");
    }
    choose("care", &["spa"]).await.unwrap();
    assert_eq!(
        (firm.left(one, "spa").await, firm.left(one, "checkup").await),
        (1, 0)
    );
    choose("care", &["checkup"]).await.unwrap();
    assert_eq!(
        (firm.left(one, "spa").await, firm.left(one, "checkup").await),
        (0, 1)
    );
    choose("care", &["spa"]).await.unwrap();
    choose("care", &["spa"]).await.unwrap();
    assert_eq!(
        (firm.left(one, "spa").await, firm.left(one, "checkup").await),
        (1, 0)
    );
    let used = firm.redeem(one, &firm.wanted("spa", 1, "s")).await.unwrap();
    assert_eq!(choose("care", &["checkup"]).await, Err("choice_used"));
    let room = &firm.at.room;
    giving_back::reverse(room, &firm.at.anna, used.id, "取消")
        .await
        .unwrap();
    choose("care", &["checkup"]).await.unwrap();
    assert_eq!(
        (firm.left(one, "spa").await, firm.left(one, "checkup").await),
        (0, 1)
    );
    firm.books_balance().await;
    firm.at.stop().await;
}

test_on_both!(a_catalogue_and_promises_that_cannot_be_are_refused, ROOMS);
async fn a_catalogue_and_promises_that_cannot_be_are_refused(t: &TestDb) {
    let at = At::noon(t).await;
    let (room, anna) = (&at.room, &at.anna);
    let made = benefits::create(room, anna, facts("lounge", Terms::Count {}))
        .await
        .unwrap();
    let taken = benefits::create(room, anna, facts("lounge", Terms::Count {}))
        .await
        .unwrap_err();
    assert_eq!(taken.code(), "benefit_code_taken");
    for wrong in [
        facts("Bad Code", Terms::Count {}),
        facts("off", Terms::Discount { basis_points: 10_001 }),
        facts("window", Terms::ComplaintWindow { days: 0 }),
        facts(
            "advance",
            Terms::AdvanceLimits {
                per_claim_minor: 2,
                outstanding_minor: 1,
            },
        ),
    ] {
        let refused = benefits::create(room, anna, wrong).await.unwrap_err();
        assert_eq!(refused.code(), "benefit_invalid");
    }
    let change = async |version, facts| {
        benefits::change(room, anna, made.id, version, facts)
            .await
            .map(|benefit| benefit.version)
            .map_err(|e| e.code())
    };
    assert_eq!(
        change(2, facts("lounge", Terms::Count {})).await,
        Err("version_stale")
    );
    assert_eq!(
        change(1, facts("club", Terms::Count {})).await,
        Err("benefit_fixed")
    );
    assert_eq!(
        change(1, facts("lounge", Terms::Amount {})).await,
        Err("benefit_fixed")
    );
    assert_eq!(change(1, facts("lounge", Terms::Count {})).await, Ok(2));

    let programme = programmes::create(room, anna, club()).await.unwrap();
    let draft = async |edit: &dyn Fn(&mut serde_json::Value)| {
        let mut version = promises();
        version["levels"][1]["benefits"] = serde_json::json!([
            { "benefit": "lounge", "quantity": 1, "per": "month" }
        ]);
        version["levels"][1]["choices"] = serde_json::json!([]);
        edit(&mut version);
        let drafted = programmes::draft(room, anna, programme.id, document(version)).await;
        drafted.map(|_| ()).map_err(|e| e.code())
    };
    assert_eq!(draft(&|_| {}).await, Ok(()));
    assert_eq!(
        draft(&|version| version["schema"] = 1.into()).await,
        Err("document_invalid")
    );
    for (field, value) in [
        ("benefit", serde_json::json!("tin")),
        ("quantity", 0.into()),
        ("carry_over_max", 2.into()),
        ("companions_max", 21.into()),
        ("validity_days", 0.into()),
        ("choice", serde_json::json!("none")),
    ] {
        let wrong = draft(&|version| version["levels"][1]["benefits"][0][field] = value.clone()).await;
        assert_eq!(wrong, Err("promises_invalid"), "{field}");
    }
    at.stop().await;
}
