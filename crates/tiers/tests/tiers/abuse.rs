//! Abuse over both databases: what is tried stores nothing, what is found is found once, and what becomes of it.

use std::collections::BTreeSet;

use base::PageSize;
use jiff::{SignedDuration, Timestamp};
use platform::test_on_both;
use platform::testing::TestDb;
use tiers::app::abuse::{self, Action};
use tiers::app::abuse_look::look_if_due;
use tiers::app::{benefits, grants, redemptions};
use tiers::model::{
    AbuseRule, AbuseSettings, Evidence, Finding, FindingState, Grant, GrantKind, GrantState, NewGrant,
    Partner, PartnerFacts, Redemption, RedemptionState, Site,
};
use tiers::store::abuse::Filter;
use uuid::Uuid;
use value::model::Line;

use crate::benefit_support::Firm;
use crate::support::{ROOMS, day, line};

fn all_on() -> AbuseSettings {
    let mut settings = AbuseSettings::default();
    settings.unearned_level.on = true;
    settings.impossible_travel.on = true;
    settings.refund_after_level.on = true;
    for (count, at_least) in [
        (&mut settings.velocity, 4),
        (&mut settings.companions, 4),
        (&mut settings.same_staff, 5),
    ] {
        *count = tiers::model::CountWithin {
            on: true,
            at_least,
            within_hours: 24,
        };
    }
    settings
}

impl Firm {
    async fn airport(&self, code: &str, latitude: f64, longitude: f64) -> Partner {
        let facts = PartnerFacts {
            code: code.to_owned(),
            zh: format!("机场{code}"),
            en: code.to_owned(),
            active: true,
            sites: vec![Site {
                code: "t1".to_owned(),
                zh: "一号航站楼".to_owned(),
                en: "Terminal 1".to_owned(),
                latitude: Some(latitude),
                longitude: Some(longitude),
            }],
            benefits: vec!["lounge".to_owned()],
            user: None,
        };
        benefits::create_partner(&self.at.room, &self.at.anna, facts)
            .await
            .unwrap()
    }

    /// A visit of the lounge, by Anna's hands or Bert's.
    async fn visit(
        &self,
        customer: Uuid,
        key: &str,
        companions: i32,
        by_bert: bool,
        at: Option<&Partner>,
    ) -> Redemption {
        let mut wanted = self.wanted("lounge", 1, key);
        wanted.companions = companions;
        let who = if by_bert { &self.at.bert } else { &self.at.anna };
        let at = at.map(|partner| (partner.id, Some("t1".to_owned())));
        redemptions::redeem(&self.at.room, who, customer, &wanted, at)
            .await
            .unwrap()
    }

    /// Something by hand that Anna asked for and Bert agreed to.
    async fn given(&self, customer: Uuid, kind: GrantKind, level: Option<&str>) -> Grant {
        let new = NewGrant {
            programme: self.programme,
            kind,
            level: level.map(str::to_owned),
            reason: "关系客户".to_owned(),
            from: day("2026-03-15"),
            until: day("2026-06-30"),
        };
        let room = &self.at.room;
        let grant = grants::request(room, &self.at.anna, customer, new).await.unwrap();
        grants::decide(room, &self.at.bert, grant.id, 1, GrantState::Approved)
            .await
            .unwrap()
    }

    async fn findings(&self, filter: Filter) -> Vec<Finding> {
        let size = PageSize::new(Some(100)).unwrap();
        let page = abuse::list(&self.at.room, &self.at.anna, filter, size, None)
            .await
            .unwrap();
        page.items.into_iter().map(|(finding, _)| finding).collect()
    }

    fn minutes_later(&self, minutes: i64) {
        self.at.clock.advance(SignedDuration::from_mins(minutes));
    }
}

fn state(decided: &Result<Finding, &'static str>) -> Result<FindingState, &'static str> {
    decided
        .as_ref()
        .map(|finding| finding.state)
        .map_err(|code| *code)
}

async fn taken_back(firm: &Firm, customer: Uuid, name: &str, amount_minor: i64) {
    let back = Line {
        reverses: Some(name.to_owned()),
        ..line(
            customer,
            &format!("{name} back"),
            "2026-03-15T04:30:00Z",
            -amount_minor,
        )
    };
    firm.at.lines(&[back]).await;
}

/// A day with one case of each rule, and a near miss of each; who is to be found by which.
async fn a_day_of_abuse(firm: &Firm) -> BTreeSet<(AbuseRule, Uuid)> {
    let shanghai = firm.airport("pudong", 31.1443, 121.8083).await;
    let beijing = firm.airport("capital", 40.0799, 116.6031).await;
    let (often, less) = (firm.gold("OFTEN").await, firm.gold("LESS").await);
    let (far, flown) = (firm.gold("FAR").await, firm.gold("FLOWN").await);
    let (party, pair) = (firm.gold("PARTY").await, firm.gold("PAIR").await);
    let (friend, guest) = (firm.gold("FRIEND").await, firm.gold("GUEST").await);
    let (returned, partly) = (firm.gold("RETURNED").await, firm.gold("PARTLY").await);
    let [unearned, once] = firm.at.customers(["UNEARNED", "ONCE"]).await;
    for n in 0..4 {
        firm.visit(often, &format!("v{n}"), 0, n % 2 == 0, None).await;
    }
    for n in 0..3 {
        firm.visit(less, &format!("v{n}"), 0, n % 2 == 0, None).await;
    }
    for customer in [far, flown] {
        firm.visit(customer, "first", 0, false, Some(&shanghai)).await;
    }
    firm.visit(party, "1", 2, false, None).await;
    firm.visit(party, "2", 2, true, None).await;
    firm.visit(pair, "1", 2, false, None).await;
    firm.visit(pair, "2", 1, true, None).await;
    for (customer, nominations) in [(friend, 3), (guest, 2)] {
        firm.visit(customer, "1", 0, false, None).await;
        firm.visit(customer, "2", 0, false, None).await;
        for _ in 0..nominations {
            firm.given(customer, GrantKind::Nomination, None).await;
        }
    }
    firm.given(unearned, GrantKind::Level, Some("gold")).await;
    firm.given(unearned, GrantKind::Level, Some("gold")).await;
    firm.given(once, GrantKind::Level, Some("gold")).await;
    firm.given(once, GrantKind::Level, Some("silver")).await;
    firm.minutes_later(60);
    firm.visit(far, "second", 0, true, Some(&beijing)).await;
    firm.minutes_later(60);
    firm.visit(flown, "second", 0, true, Some(&beijing)).await;
    // A third, and a quarter, of 600,000.
    taken_back(firm, returned, "RETURNED", 200_000).await;
    taken_back(firm, partly, "PARTLY", 150_000).await;
    BTreeSet::from([
        (AbuseRule::UnearnedLevel, unearned),
        (AbuseRule::Velocity, often),
        (AbuseRule::ImpossibleTravel, far),
        (AbuseRule::Companions, party),
        (AbuseRule::SameStaff, friend),
        (AbuseRule::RefundAfterLevel, returned),
    ])
}

test_on_both!(each_rule_finds_its_case_and_not_its_near_miss_and_once, ROOMS);
async fn each_rule_finds_its_case_and_not_its_near_miss_and_once(t: &TestDb) {
    let firm = Firm::new(t).await;
    let (room, anna) = (&firm.at.room, &firm.at.anna);
    let wanted = a_day_of_abuse(&firm).await;

    // Tried, whether it is on or not, it tells the same and stores nothing.
    let mut tried_off = all_on();
    tried_off.velocity.on = false;
    let since: Timestamp = "2026-03-01T00:00:00Z".parse().unwrap();
    let tried = abuse::try_out(room, anna, &tried_off, since).await.unwrap();
    let seen: BTreeSet<(AbuseRule, Uuid)> = tried
        .iter()
        .flat_map(|of| of.examples.iter().map(|found| (found.rule, found.customer)))
        .collect();
    assert_eq!(seen, wanted);
    assert!(tried.iter().all(|of| of.findings == 1), "one of each");
    assert_eq!(firm.findings(Filter::default()).await, []);
    assert_eq!(firm.at.events("tier_finding.found", None).await, 0);
    assert_eq!(
        abuse::settings(room, anna).await.unwrap(),
        (0, AbuseSettings::default())
    );
    assert_eq!(
        look_if_due(room).await.unwrap(),
        0,
        "nothing is looked for until it is on"
    );
    let early: Timestamp = "2025-01-01T00:00:00Z".parse().unwrap();
    let too_far = abuse::try_out(room, anna, &all_on(), early)
        .await
        .map(|_| ())
        .unwrap_err();
    assert_eq!(too_far.code(), "since_malformed");

    // Switched on, it is found once however often it is looked for.
    let mut wrong = all_on();
    wrong.companions.at_least = 101;
    let change = async |expected, settings| {
        abuse::change_settings(room, anna, expected, settings)
            .await
            .map(|(version, _)| version)
            .map_err(|e| e.code())
    };
    assert_eq!(change(0, wrong).await, Err("abuse_settings_invalid"));
    assert_eq!(change(0, all_on()).await, Ok(1));
    assert_eq!(change(0, all_on()).await, Err("version_stale"));
    assert_eq!(look_if_due(room).await.unwrap(), 6);
    assert_eq!(look_if_due(room).await.unwrap(), 0, "not due");
    for _ in 0..3 {
        firm.minutes_later(61);
        assert_eq!(look_if_due(room).await.unwrap(), 0, "found before");
    }
    let found = firm.findings(Filter::default()).await;
    let of = |finding: &Finding| (finding.rule, finding.customer);
    assert_eq!(
        (found.len(), found.iter().map(of).collect::<BTreeSet<_>>()),
        (6, wanted)
    );
    assert_eq!(firm.at.events("tier_finding.found", None).await, 6);
    assert!(
        found
            .iter()
            .all(|finding| finding.settings_version == 1 && finding.state == FindingState::Open)
    );

    // The evidence says what, when and where.
    let by = async |rule| {
        let filter = Filter {
            rule: Some(rule),
            ..Filter::default()
        };
        firm.findings(filter).await.remove(0)
    };
    let Evidence::ImpossibleTravel {
        distance_km,
        minutes,
        first,
        ..
    } = by(AbuseRule::ImpossibleTravel).await.evidence
    else {
        panic!()
    };
    assert!(
        (1_090..=1_110).contains(&distance_km) && minutes == 60,
        "{distance_km} {minutes}"
    );
    assert_eq!(
        (first.site.as_deref(), first.benefit.as_str()),
        (Some("t1"), "lounge")
    );
    let Evidence::UnearnedLevel { given } = by(AbuseRule::UnearnedLevel).await.evidence else {
        panic!()
    };
    assert_eq!(
        (given.len(), given[1].levels_above, given[1].earned.as_deref()),
        (2, 2, None)
    );
    let Evidence::RefundAfterLevel {
        refunded_minor,
        spend_minor,
        ..
    } = by(AbuseRule::RefundAfterLevel).await.evidence
    else {
        panic!()
    };
    assert_eq!((refunded_minor, spend_minor), (200_000, 600_000));
    // What someone else does in his own time is found on a later day.
    firm.at.days_later(3);
    let far = by(AbuseRule::ImpossibleTravel).await.customer;
    for n in 0..4 {
        firm.visit(far, &format!("again {n}"), 0, n % 2 == 0, None).await;
    }
    assert_eq!(look_if_due(room).await.unwrap(), 1);
    let of_far = Filter {
        customer: Some(far),
        ..Filter::default()
    };
    let rules: Vec<_> = firm
        .findings(of_far)
        .await
        .iter()
        .map(|finding| finding.rule)
        .collect();
    assert_eq!(
        rules,
        [AbuseRule::Velocity, AbuseRule::ImpossibleTravel],
        "the newest first"
    );
    firm.at.stop().await;
}

test_on_both!(people_decide_what_becomes_of_a_finding, ROOMS);
async fn people_decide_what_becomes_of_a_finding(t: &TestDb) {
    let firm = Firm::new(t).await;
    let (room, anna, bert) = (&firm.at.room, &firm.at.anna, &firm.at.bert);
    let airport = firm.airport("pudong", 31.1443, 121.8083).await;
    abuse::change_settings(room, anna, 0, all_on()).await.unwrap();
    let mut findings = Vec::new();
    let mut visits = Vec::new();
    for name in ["A", "B", "C"] {
        let customer = firm.gold(name).await;
        for n in 0..4 {
            visits.push(
                firm.visit(customer, &format!("v{n}"), 0, n % 2 == 0, Some(&airport))
                    .await,
            );
        }
        firm.minutes_later(61);
        assert_eq!(look_if_due(room).await.unwrap(), 1);
        findings.push(firm.findings(Filter::default()).await.remove(0));
    }
    let [a, b, c] = findings.try_into().unwrap();
    let decide = async |of: &Finding, version, action, reason: &str| {
        abuse::decide(room, anna, (of.id, version), action, reason)
            .await
            .map_err(|e| e.code())
    };

    assert_eq!(
        state(&decide(&a, 2, Action::Dismiss, "误报").await),
        Err("version_stale")
    );
    assert_eq!(
        state(&decide(&a, 1, Action::Dismiss, " ").await),
        Err("reason_malformed")
    );
    let dismissed = decide(&a, 1, Action::Dismiss, "团队出行").await;
    assert_eq!(state(&dismissed), Ok(FindingState::Dismissed));
    assert_eq!(dismissed.unwrap().reason.as_deref(), Some("团队出行"));
    assert_eq!(
        state(&decide(&a, 2, Action::Warn, "再看").await),
        Err("finding_state")
    );
    let open = Filter {
        state: Some(FindingState::Open),
        ..Filter::default()
    };
    assert_eq!(firm.findings(open).await.len(), 2);
    // What was dismissed is not found again.
    firm.minutes_later(61);
    assert_eq!(look_if_due(room).await.unwrap(), 0);

    // A warning, then a suspension, which waits for a second person like any other.
    assert_eq!(
        state(&decide(&b, 1, Action::Warn, "电话提醒").await),
        Ok(FindingState::Warned)
    );
    let long = Action::Suspend(day("2028-01-01"));
    assert_eq!(state(&decide(&b, 2, long, "多次").await), Err("grant_too_long"));
    let suspended = decide(&b, 2, Action::Suspend(day("2026-04-30")), "多次滥用").await;
    assert_eq!(state(&suspended), Ok(FindingState::Suspended));
    let grant = suspended.unwrap().grant.unwrap();
    assert_eq!(
        firm.at.level(firm.programme, b.customer).await.as_deref(),
        Some("gold"),
        "asked for is not given"
    );
    let alone = grants::decide(room, anna, grant.into(), 1, GrantState::Approved)
        .await
        .unwrap_err();
    assert_eq!(alone.code(), "second_person_needed");
    grants::decide(room, bert, grant.into(), 1, GrantState::Approved)
        .await
        .unwrap();
    assert_eq!(firm.at.level(firm.programme, b.customer).await, None);

    // A use is given back with what the partner was owed; another customer's is not in the evidence.
    let left = firm.left(c.customer, "lounge").await;
    let (of_a, first, second) = (&visits[0], &visits[8], &visits[9]);
    let reverse = async |version, visit: &Redemption| {
        state(&decide(&c, version, Action::Reverse(visit.id), "代刷").await)
    };
    assert_eq!(reverse(1, of_a).await, Err("redemption_not_in_evidence"));
    assert_eq!(reverse(1, first).await, Ok(FindingState::Reversed));
    assert_eq!(reverse(1, first).await, Err("version_stale"));
    assert_eq!(reverse(2, second).await, Ok(FindingState::Reversed));
    assert_eq!(firm.left(c.customer, "lounge").await, left + 2);
    let size = PageSize::new(Some(10)).unwrap();
    let uses = redemptions::of_customer(room, anna, c.customer, size, None)
        .await
        .unwrap();
    let reversed = uses
        .items
        .iter()
        .filter(|of| of.state == RedemptionState::Reversed)
        .count();
    assert_eq!(reversed, 2);
    let owed = tiers::app::settlement::of_month(room, anna, airport.id, "2026-03")
        .await
        .unwrap();
    assert_eq!(
        (owed.lines, owed.amount_minor),
        (14, 100_000),
        "twelve visits less two"
    );
    firm.books_balance().await;
    // That one was given back makes no other finding.
    firm.minutes_later(61);
    assert_eq!(look_if_due(room).await.unwrap(), 0);
    for (kind, times) in [
        ("found", 3),
        ("dismissed", 1),
        ("warned", 1),
        ("suspended", 1),
        ("reversed", 2),
    ] {
        assert_eq!(
            firm.at.events(&format!("tier_finding.{kind}"), None).await,
            times,
            "{kind}"
        );
    }
    let viewer = platform::testing::caller(platform::access::Role::Viewer);
    let refused = abuse::decide(room, &viewer, (c.id, 3), Action::Dismiss, "无权")
        .await
        .unwrap_err();
    assert_eq!(refused.code(), "forbidden");
    firm.at.stop().await;
}

test_on_both!(findings_follow_a_merge_and_go_with_an_erasure, ROOMS);
async fn findings_follow_a_merge_and_go_with_an_erasure(t: &TestDb) {
    use customers::everything::{About, RecordParts};
    use customers::{Choices, NewMerge};
    let firm = Firm::new(t).await;
    let (room, anna) = (&firm.at.room, &firm.at.anna);
    let p = &room.platform;
    abuse::change_settings(room, anna, 0, all_on()).await.unwrap();
    let (survivor, twin) = (firm.gold("SURVIVOR").await, firm.gold("TWIN").await);
    for n in 0..4 {
        firm.visit(twin, &format!("v{n}"), 0, n % 2 == 0, None).await;
    }
    assert_eq!(look_if_due(room).await.unwrap(), 1);
    let references = customers::references::References::default()
        .with(value::REFERENCES)
        .with(tiers::REFERENCES);
    let version = async |id: Uuid| customers::app::get(p, anna, id.into()).await.unwrap().version;
    let new = NewMerge {
        survivor: survivor.into(),
        survivor_version: version(survivor).await,
        merged: twin.into(),
        merged_version: version(twin).await,
        fields: Choices::default(),
    };
    customers::app::merges::merge(p, &references, anna, new)
        .await
        .unwrap();
    firm.minutes_later(61);
    assert_eq!(
        look_if_due(room).await.unwrap(),
        0,
        "the same uses of who it is now"
    );
    let of_survivor = Filter {
        customer: Some(survivor),
        ..Filter::default()
    };
    assert_eq!(firm.findings(of_survivor).await.len(), 1);

    let parts = tiers::api::with_record_parts(RecordParts::default());
    let part = parts
        .all()
        .iter()
        .find(|part| part.name() == "tier_findings")
        .unwrap();
    let mut tx = p.db.write().await.unwrap();
    let about = About {
        platform: p.clone(),
        customer: survivor.into(),
        as_one: vec![survivor, twin],
        scope: platform::Scope::of_system(),
        firm: platform::firm::load(&mut tx).await.unwrap(),
    };
    let told: serde_json::Value = serde_json::from_slice(&part.read(&mut tx, &about).await.unwrap()).unwrap();
    assert_eq!(told.as_array().unwrap().len(), 1, "{told:#}");
    assert_eq!(told[0]["evidence"]["uses"].as_array().unwrap().len(), 4);
    assert_eq!(part.erase(&mut tx, &[survivor, twin]).await.unwrap(), 1);
    tx.commit().await.unwrap();
    assert_eq!(firm.findings(Filter::default()).await, []);
    firm.at.stop().await;
}
