//! Consent and the days of a customer's life on both databases.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that meets an error has failed"
)]

use base::{Day, PageSize};
use customers::app::{consents, life_events};
use customers::rules::consent::{ContactReason, MayContactFacts, may_contact};
use customers::{
    Channel, ContactPolicy, ContactPreferences, CustomerId, LifeCalendar, LifeEventFacts, LifeEventKind,
    MIGRATIONS, NewStatements, QuietHours, store,
};
use jiff::{SignedDuration, Timestamp};
use platform::access::Role;
use platform::clock::Clock;
use platform::testing::{TestDb, caller};
use platform::{Platform, events, ids, test_on_both};

/// At noon in Shanghai.
const NOON: &str = "2026-03-01T12:00:00+08:00";

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

async fn customer(p: &Platform) -> CustomerId {
    let mut tx = p.db.write().await.unwrap();
    let made = store::ensure_many(&mut tx, &p.clock, &p.keys, &["C1"])
        .await
        .unwrap();
    tx.commit().await.unwrap();
    made.ids["C1"]
}

fn statement(given: bool, channels: &[Channel]) -> NewStatements {
    NewStatements {
        purposes: vec!["marketing".into(), "care".into()],
        channels: channels.to_vec(),
        given,
        source: "counter form".into(),
        at: None,
        expires_at: None,
    }
}

test_on_both!(what_customers_said_decides, [MIGRATIONS]);
async fn what_customers_said_decides(t: &TestDb) {
    let p = &t.with_clock(Clock::fixed(time(NOON)));
    let (analyst, viewer) = (caller(Role::Analyst), caller(Role::Viewer));
    let id = customer(p).await;
    let reasons = async |purpose, channel| {
        let (answer, facts) = consents::may_contact(p, &viewer, id, (purpose, channel), None)
            .await
            .unwrap();
        let kept = serde_json::to_string(&facts).unwrap();
        let facts: MayContactFacts = serde_json::from_str(&kept).unwrap();
        let zone = platform::firm::time_zone(&facts.zone).unwrap();
        assert_eq!(
            may_contact(&facts, &zone),
            answer,
            "an answer is replayed from its facts"
        );
        answer.reasons
    };
    assert_eq!(reasons("care", Channel::Phone).await, [ContactReason::NoConsent]);
    assert_eq!(
        reasons("service", Channel::Phone).await,
        [ContactReason::NotWithdrawn]
    );

    let agrees = statement(true, &[Channel::Phone, Channel::Sms]);
    let refused = consents::say(p, &viewer, id, agrees.clone()).await.unwrap_err();
    assert_eq!(refused.code(), "forbidden");
    assert_eq!(
        consents::say(p, &analyst, id, agrees.clone())
            .await
            .unwrap()
            .len(),
        4
    );
    assert_eq!(
        consents::say(p, &analyst, id, agrees.clone()).await.unwrap(),
        [],
        "the same said at the same time is said once"
    );
    assert_eq!(
        reasons("care", Channel::Phone).await,
        [ContactReason::ConsentGiven]
    );
    assert_eq!(reasons("care", Channel::Email).await, [ContactReason::NoConsent]);

    p.clock.advance(SignedDuration::from_hours(1));
    let withdraws = statement(false, &[Channel::Phone]);
    assert_eq!(consents::say(p, &analyst, id, withdraws).await.unwrap().len(), 2);
    assert_eq!(
        reasons("care", Channel::Phone).await,
        [ContactReason::ConsentWithdrawn]
    );
    assert_eq!(reasons("care", Channel::Sms).await, [ContactReason::ConsentGiven]);
    // A form that turns up later, signed before the withdrawal, changes nothing.
    let late = NewStatements {
        at: Some(time(NOON)),
        source: "a form found later".into(),
        ..agrees
    };
    assert_eq!(consents::say(p, &analyst, id, late).await.unwrap().len(), 4);
    assert_eq!(
        reasons("care", Channel::Phone).await,
        [ContactReason::ConsentWithdrawn]
    );
    let (then, _) = consents::may_contact(p, &viewer, id, ("care", Channel::Phone), Some(time(NOON)))
        .await
        .unwrap();
    assert!(then.allowed, "what held before the withdrawal is still known");

    let unknown = consents::may_contact(p, &viewer, id, ("spam", Channel::Sms), None).await;
    assert_eq!(unknown.unwrap_err().code(), "purpose_unknown");
    let nobody: CustomerId = ids::new(&p.clock);
    let nobody = consents::may_contact(p, &viewer, nobody, ("care", Channel::Sms), None).await;
    assert_eq!(nobody.unwrap_err().code(), "not_found");

    let mut seen = Vec::new();
    let mut cursor = None;
    loop {
        let size = PageSize::new(Some(3)).unwrap();
        let page = consents::history(p, &viewer, id, size, cursor.as_deref())
            .await
            .unwrap();
        seen.extend(page.items);
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen.len(), 10);
    assert!(seen.windows(2).all(|pair| pair[0].at >= pair[1].at));
    let mut tx = p.db.read().await.unwrap();
    let log = events::of_subject(&mut tx, "customer", id.uuid(), 10)
        .await
        .unwrap();
    let mut kinds: Vec<_> = log.iter().map(|event| event.kind.as_str()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["consent.given", "consent.given", "consent.withdrawn"]);
}

test_on_both!(quiet_hours_are_the_customers_before_the_firms, [MIGRATIONS]);
async fn quiet_hours_are_the_customers_before_the_firms(t: &TestDb) {
    let p = &t.with_clock(Clock::fixed(time("2026-03-01T22:00:00+08:00")));
    let (analyst, admin) = (caller(Role::Analyst), caller(Role::Administrator));
    let id = customer(p).await;
    consents::say(p, &analyst, id, statement(true, &[Channel::Phone]))
        .await
        .unwrap();
    let next = async || {
        let (answer, _) = consents::may_contact(p, &analyst, id, ("care", Channel::Phone), None)
            .await
            .unwrap();
        answer.next_at
    };
    assert_eq!(next().await, Some(time("2026-03-02T09:00:00+08:00")));

    let wanted = ContactPreferences {
        quiet_hours: Some(QuietHours {
            from: "20:00".parse().unwrap(),
            until: "10:30".parse().unwrap(),
        }),
        language: Some("en".into()),
        ..ContactPreferences::default()
    };
    let preferred = consents::prefer(p, &analyst, id, 0, wanted.clone())
        .await
        .unwrap();
    assert_eq!(
        (preferred.version, preferred.language.as_str(), preferred.channel),
        (1, "en", Channel::Phone)
    );
    assert_eq!(next().await, Some(time("2026-03-02T10:30:00+08:00")));
    let again = consents::prefer(p, &analyst, id, 1, wanted.clone())
        .await
        .unwrap();
    assert_eq!(again.version, 1, "nothing new");
    let stale = consents::prefer(p, &analyst, id, 0, wanted.clone())
        .await
        .unwrap_err();
    assert_eq!(stale.code(), "version_stale");
    let nowhere = ContactPreferences {
        zone: Some("Mars/Olympus".into()),
        ..wanted.clone()
    };
    let nowhere = consents::prefer(p, &analyst, id, 1, nowhere).await.unwrap_err();
    assert_eq!(nowhere.code(), "zone_unknown");
    // In London it is two in the afternoon.
    let abroad = ContactPreferences {
        zone: Some("Europe/London".into()),
        ..wanted
    };
    consents::prefer(p, &analyst, id, 1, abroad).await.unwrap();
    assert_eq!(next().await, None);

    let (version, mut policy) = consents::policy(p, &analyst).await.unwrap();
    assert_eq!((version, policy.purposes.len()), (0, 6));
    let refused = consents::decide(p, &analyst, 0, policy.clone())
        .await
        .unwrap_err();
    assert_eq!(refused.code(), "forbidden", "only an administrator decides");
    policy.purposes.retain(|purpose| purpose.name != "care");
    let (version, _) = consents::decide(p, &admin, 0, policy.clone()).await.unwrap();
    assert_eq!(version, 1);
    let stale = consents::decide(p, &admin, 0, ContactPolicy::default())
        .await
        .unwrap_err();
    assert_eq!(stale.code(), "version_stale");
    let gone = consents::may_contact(p, &analyst, id, ("care", Channel::Phone), None).await;
    assert_eq!(gone.unwrap_err().code(), "purpose_unknown");
}

test_on_both!(days_of_life_come_round, [MIGRATIONS]);
async fn days_of_life_come_round(t: &TestDb) {
    let p = &t.with_clock(Clock::fixed(time(NOON)));
    let analyst = caller(Role::Analyst);
    let id = customer(p).await;
    let birthday = LifeEventFacts {
        kind: LifeEventKind::Birthday,
        label: None,
        calendar: LifeCalendar::Lunar,
        year: Some(1980),
        month: 8,
        day: 15,
        leap_month: false,
    };
    let added = life_events::add(p, &analyst, id, birthday.clone()).await.unwrap();
    let twice = life_events::add(p, &analyst, id, birthday.clone())
        .await
        .unwrap_err();
    assert_eq!(twice.code(), "life_event_exists");
    let listed = life_events::list(p, &caller(Role::Viewer), id, (None, None))
        .await
        .unwrap();
    assert_eq!(listed[0].0, added);
    assert_eq!(listed[0].1[0].on, Day::parse("2026-09-25").unwrap());
    assert_eq!((listed[0].1.len(), listed[0].1[0].years), (1, Some(46)));

    let by_sun = LifeEventFacts {
        calendar: LifeCalendar::Solar,
        ..birthday.clone()
    };
    let change = async |version, said| life_events::change(p, &analyst, (id, added.id), version, said).await;
    let changed = change(1, by_sun.clone()).await.unwrap();
    assert_eq!((changed.version, &changed.facts), (2, &by_sun));
    assert_eq!(change(1, birthday).await.unwrap_err().code(), "version_stale");
    assert_eq!(change(2, by_sun).await.unwrap(), changed);
    let never = LifeEventFacts {
        day: 32,
        ..changed.facts.clone()
    };
    assert_eq!(change(2, never).await.unwrap_err().code(), "date_does_not_exist");
    life_events::remove(p, &analyst, (id, added.id), 2).await.unwrap();
    let gone = life_events::remove(p, &analyst, (id, added.id), 2)
        .await
        .unwrap_err();
    assert_eq!(gone.code(), "not_found");
    let mut tx = p.db.read().await.unwrap();
    let log = events::of_subject(&mut tx, "life_event", added.id.uuid(), 10)
        .await
        .unwrap();
    assert_eq!(log.len(), 3);
}
