use proptest::prelude::*;
use uuid::Uuid;

use super::*;

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

fn hours(from: &str, until: &str) -> QuietHours {
    QuietHours {
        from: from.parse().unwrap(),
        until: until.parse().unwrap(),
    }
}

fn said(given: bool, at: Timestamp, expires_at: Option<Timestamp>) -> Statement {
    Statement {
        id: Uuid::nil().into(),
        purpose: "care".into(),
        channel: Channel::Phone,
        given,
        source: "form".into(),
        at,
        expires_at,
        recorded_at: at,
    }
}

fn facts(at: &str, statements: Vec<Statement>) -> MayContactFacts {
    MayContactFacts {
        at: time(at),
        channel: Channel::Phone,
        purpose: ContactPolicy::default().purpose("care").unwrap().clone(),
        policy_version: 0,
        statements,
        quiet_hours: Some(hours("21:00", "09:00")),
        zone: "Asia/Shanghai".into(),
    }
}

const LONG_AGO: &str = "2020-01-01T00:00:00Z";

#[test]
fn the_policy_that_is_shipped_can_be_one() {
    let policy = ContactPolicy::default();
    policy.check().unwrap();
    assert_eq!(policy.purposes.len(), 6);
    assert_eq!(policy.purpose("spam").unwrap_err().code(), "purpose_unknown");
}

#[test]
fn a_customer_who_agreed_is_called_by_day_only() {
    let shanghai = zone("Asia/Shanghai");
    let consent = vec![said(true, time(LONG_AGO), None)];
    let answer = may_contact(&facts("2026-03-01T10:00:00+08:00", consent.clone()), &shanghai);
    assert_eq!(
        (answer.allowed, answer.reasons),
        (true, vec![ContactReason::ConsentGiven])
    );
    for (at, next) in [
        ("2026-03-01T21:00:00+08:00", "2026-03-02T09:00:00+08:00"),
        ("2026-03-02T00:00:00+08:00", "2026-03-02T09:00:00+08:00"),
        ("2026-03-02T08:59:59+08:00", "2026-03-02T09:00:00+08:00"),
    ] {
        let answer = may_contact(&facts(at, consent.clone()), &shanghai);
        assert!(!answer.allowed, "{at}");
        assert_eq!(
            answer.reasons,
            [ContactReason::ConsentGiven, ContactReason::QuietHours]
        );
        assert_eq!(answer.next_at, Some(time(next)), "{at}");
    }
}

#[test]
fn consent_that_ends_in_quiet_hours_does_not_come_back() {
    let consent = vec![said(
        true,
        time(LONG_AGO),
        Some(time("2026-03-02T08:00:00+08:00")),
    )];
    let at_night = may_contact(
        &facts("2026-03-01T22:00:00+08:00", consent.clone()),
        &zone("Asia/Shanghai"),
    );
    assert_eq!((at_night.allowed, at_night.next_at), (false, None));
    let after = may_contact(
        &facts("2026-03-02T10:00:00+08:00", consent),
        &zone("Asia/Shanghai"),
    );
    assert_eq!(after.reasons, [ContactReason::ConsentExpired]);
}

#[test]
fn quiet_hours_end_by_the_clock_where_it_is_moved() {
    let new_york = zone("America/New_York");
    let consent = vec![said(true, time(LONG_AGO), None)];
    let end = |at: &str, from: &str, until: &str| {
        let facts = MayContactFacts {
            quiet_hours: Some(hours(from, until)),
            zone: "America/New_York".into(),
            ..facts(at, consent.clone())
        };
        may_contact(&facts, &new_york).next_at
    };
    // The night of 8 March 2026 has eleven hours from 21:00 to 9:00, that of 1 November thirteen.
    assert_eq!(
        end("2026-03-08T02:00:00Z", "21:00", "09:00"),
        Some(time("2026-03-08T09:00:00-04:00"))
    );
    assert_eq!(
        end("2026-11-01T02:00:00Z", "21:00", "09:00"),
        Some(time("2026-11-01T09:00:00-05:00"))
    );
    // 2:00 to 3:00 does not exist: the jump is the end.
    assert_eq!(
        end("2026-03-08T05:00:00Z", "21:00", "02:30"),
        Some(time("2026-03-08T03:00:00-04:00"))
    );
    assert_eq!(
        end("2026-03-08T05:00:00Z", "21:00", "02:00"),
        Some(time("2026-03-08T03:00:00-04:00"))
    );
    // 1:00 to 2:00 comes twice, and the second is as quiet as the first.
    assert_eq!(
        end("2026-11-01T04:30:00Z", "21:00", "01:30"),
        Some(time("2026-11-01T01:30:00-04:00"))
    );
    assert_eq!(
        end("2026-11-01T06:10:00Z", "21:00", "01:30"),
        Some(time("2026-11-01T01:30:00-05:00"))
    );
}

#[test]
fn what_the_law_demands_needs_no_consent_and_a_voice_menu_plays_what_was_chosen() {
    let policy = ContactPolicy::default();
    let noon = |purpose: &str, channel, statements| {
        let facts = MayContactFacts {
            channel,
            purpose: policy.purpose(purpose).unwrap().clone(),
            ..facts("2026-03-01T12:00:00+08:00", statements)
        };
        may_contact(&facts, &zone("Asia/Shanghai")).reasons
    };
    let withdrawn = vec![said(false, time(LONG_AGO), None)];
    let none = Vec::new();
    assert_eq!(
        noon("obligation", Channel::Phone, withdrawn.clone()),
        [ContactReason::NothingNeeded]
    );
    assert_eq!(
        noon("service", Channel::Phone, none.clone()),
        [ContactReason::NotWithdrawn]
    );
    assert_eq!(
        noon("service", Channel::Phone, withdrawn),
        [ContactReason::ConsentWithdrawn]
    );
    assert_eq!(
        noon("advertising_in_ivr", Channel::Ivr, none.clone()),
        [ContactReason::NoConsent]
    );
    assert_eq!(
        noon("advertising_in_ivr", Channel::Phone, none),
        [ContactReason::ChannelNotForPurpose]
    );
}

#[test]
fn statements_that_cannot_be_are_refused() {
    let now = time("2026-03-01T12:00:00Z");
    let policy = ContactPolicy::default();
    let good = NewStatements {
        purposes: vec!["care".into(), "care".into()],
        channels: vec![Channel::Sms, Channel::Phone, Channel::Sms],
        given: true,
        source: " form ".into(),
        at: None,
        expires_at: None,
    };
    let (checked, at) = good.clone().checked(&policy, now).unwrap();
    assert_eq!((checked.purposes.len(), checked.channels.len(), at), (1, 2, now));
    let bad = [
        (
            "purposes_missing",
            NewStatements {
                purposes: vec![],
                ..good.clone()
            },
        ),
        (
            "channels_missing",
            NewStatements {
                channels: vec![],
                ..good.clone()
            },
        ),
        (
            "purpose_unknown",
            NewStatements {
                purposes: vec!["x".into()],
                ..good.clone()
            },
        ),
        (
            "text_empty",
            NewStatements {
                source: " ".into(),
                ..good.clone()
            },
        ),
        (
            "at_in_future",
            NewStatements {
                at: Some(time("2026-03-01T12:00:01Z")),
                ..good.clone()
            },
        ),
        (
            "expires_before_at",
            NewStatements {
                expires_at: Some(now),
                ..good.clone()
            },
        ),
        (
            "withdrawal_expires",
            NewStatements {
                given: false,
                expires_at: Some(now),
                ..good
            },
        ),
    ];
    for (code, statements) in bad {
        assert_eq!(statements.checked(&policy, now).unwrap_err().code(), code);
    }
}

const YEAR_2026_S: i64 = 1_767_225_600;

prop_compose! {
    fn moments()(s in 0_i64..366 * 86_400) -> Timestamp {
        Timestamp::from_second(YEAR_2026_S + s).unwrap()
    }
}

prop_compose! {
    fn statements()(given: bool, at in moments(), lasts in proptest::option::of(1_i64..5_000_000)) -> Statement {
        let end = lasts.filter(|_| given).map(|s| Timestamp::from_second(at.as_second() + s).unwrap());
        said(given, at, end)
    }
}

prop_compose! {
    fn any_facts()(
        at in moments(),
        needs in prop_oneof![Just(Need::Consent), Just(Need::NoWithdrawal), Just(Need::Nothing)],
        statements in proptest::collection::vec(statements(), 0..6),
        minutes in (0_i8..24, 0_i8..60, 0_i8..24, 0_i8..60),
        zone in prop_oneof![Just("Asia/Shanghai"), Just("America/New_York"), Just("Australia/Lord_Howe"), Just("UTC")],
    ) -> MayContactFacts {
        let (h, m, until_h, until_m) = minutes;
        let hours = QuietHours { from: Time::constant(h, m, 0, 0), until: Time::constant(until_h, until_m, 0, 0) };
        let mut facts = facts(LONG_AGO, statements);
        facts.purpose.needs = needs;
        MayContactFacts { at, quiet_hours: (hours.from != hours.until).then_some(hours), zone: zone.into(), ..facts }
    }
}

proptest! {
    #[test]
    fn without_consent_never(facts in any_facts()) {
        let mut facts = facts;
        facts.statements.retain(|said| !said.given);
        facts.purpose.needs = Need::Consent;
        let answer = may_contact(&facts, &zone(&facts.zone));
        prop_assert!(!answer.allowed && answer.next_at.is_none());
    }

    #[test]
    fn a_withdrawal_wins_over_all_that_was_said_before(facts in any_facts()) {
        let mut facts = facts;
        let latest = facts.statements.iter().map(|said| said.at).max().unwrap_or(facts.at);
        facts.at = latest.max(facts.at);
        facts.statements.push(said(false, latest, None));
        let answer = may_contact(&facts, &zone(&facts.zone));
        if facts.purpose.needs == Need::Nothing {
            prop_assert_eq!(answer.reasons[0], ContactReason::NothingNeeded);
        } else {
            prop_assert_eq!(answer.reasons[0], ContactReason::ConsentWithdrawn);
            prop_assert!(!answer.allowed && answer.next_at.is_none());
        }
    }

    #[test]
    fn quiet_hours_only_delay(facts in any_facts()) {
        let zone = zone(&facts.zone);
        let loud = MayContactFacts { quiet_hours: None, ..facts.clone() };
        let (answer, without) = (may_contact(&facts, &zone), may_contact(&loud, &zone));
        prop_assert!(without.allowed || !answer.allowed);
        if without.allowed && !answer.allowed {
            let two_days = facts.at + jiff::SignedDuration::from_hours(50);
            let until_then = loud.statements.iter().all(|said| said.at <= facts.at)
                && loud.statements.iter().all(|said| said.expires_at.is_none_or(|end| end > two_days || end <= facts.at));
            if until_then {
                prop_assert!(answer.next_at.is_some_and(|next| next <= two_days), "{:?}", answer);
            }
        }
    }

    #[test]
    fn the_next_moment_is_the_first_that_is_allowed(facts in any_facts(), share in 0.0_f64..1.0) {
        let zone = zone(&facts.zone);
        let answer = may_contact(&facts, &zone);
        if let Some(next) = answer.next_at {
            prop_assert!(next > facts.at);
            let then = MayContactFacts { at: next, ..facts.clone() };
            prop_assert!(may_contact(&then, &zone).allowed);
            let wait_s = next.as_second() - facts.at.as_second();
            let between = facts.at.as_second() + (wait_s as f64 * share) as i64;
            for s in [between, next.as_second() - 1] {
                let at = Timestamp::from_second(s).unwrap().max(facts.at);
                let waiting = may_contact(&MayContactFacts { at, ..facts.clone() }, &zone);
                prop_assert!(!waiting.allowed, "{}", at);
            }
        }
        let replayed: MayContactFacts = serde_json::from_value(serde_json::to_value(&facts).unwrap()).unwrap();
        prop_assert_eq!(may_contact(&replayed, &zone), answer);
    }
}
