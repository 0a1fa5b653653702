//! A customer's own page over both databases: who opens a link, what is told, what can be done, and what never.

use base::Error;
use platform::test_on_both;
use platform::testing::TestDb;
use tiers::app::member;
use tiers::model::{Member, MemberPageTexts, RedemptionState};
use uuid::Uuid;

use crate::benefit_support::Firm;
use crate::support::ROOMS;

async fn link(firm: &Firm, customer: Uuid, minutes: u32) -> String {
    let made = member::make_link(&firm.at.room, &firm.at.anna, customer, minutes).await;
    made.unwrap().1
}

async fn opened(firm: &Firm, customer: Uuid) -> (Member, String) {
    let token = link(firm, customer, 60).await;
    member::open(&firm.at.room, &token, "203.0.113.0").await.unwrap()
}

async fn open(firm: &Firm, token: &str) -> Result<Member, &'static str> {
    let opened = member::open(&firm.at.room, token, "203.0.113.0").await;
    opened.map(|(member, _)| member).map_err(|e| e.code())
}

test_on_both!(a_link_is_opened_once_in_its_time, ROOMS);
async fn a_link_is_opened_once_in_its_time(t: &TestDb) {
    let firm = Firm::new(t).await;
    let room = &firm.at.room;
    let one = firm.gold("ONE").await;
    for minutes in [0, 1_441] {
        let refused = member::make_link(room, &firm.at.anna, one, minutes).await;
        assert_eq!(refused.unwrap_err().code(), "minutes_malformed");
    }
    let token = link(&firm, one, 60).await;
    let (first, second) = tokio::join!(open(&firm, &token), open(&firm, &token));
    let (good, bad) = if first.is_ok() {
        (first, second)
    } else {
        (second, first)
    };
    assert_eq!(good.unwrap().customer, one);
    assert_eq!(bad, Err("member_link_over"));
    assert_eq!(open(&firm, &token).await, Err("member_link_over"), "used");

    // Another one takes the place of one that was not opened.
    let forgotten = link(&firm, one, 60).await;
    let newer = link(&firm, one, 5).await;
    assert_eq!(open(&firm, &forgotten).await, Err("member_link_over"), "replaced");
    firm.at.clock.advance(jiff::SignedDuration::from_mins(5));
    assert_eq!(open(&firm, &newer).await, Err("member_link_over"), "too old");
    assert_eq!(open(&firm, "").await, Err("member_link_over"));
    assert_eq!(open(&firm, &"x".repeat(5_000)).await, Err("member_link_over"));
    assert_eq!(firm.at.events("member_link.made", Some(one)).await, 3);
    assert_eq!(firm.at.events("member_link.opened", Some(one)).await, 1);
    firm.at.stop().await;
}

test_on_both!(guesses_are_slowed_down_as_sign_ins_are, ROOMS);
async fn guesses_are_slowed_down_as_sign_ins_are(t: &TestDb) {
    let firm = Firm::new(t).await;
    let one = firm.gold("ONE").await;
    let token = link(&firm, one, 60).await;
    let mut guesses = 0;
    let refused = loop {
        match open(&firm, &format!("guess-{guesses}")).await {
            Err("member_link_over") if guesses < 100 => guesses += 1,
            other => break other,
        }
    };
    assert_eq!((refused, guesses), (Err("too_many_attempts"), 30));
    assert_eq!(
        open(&firm, &token).await,
        Err("too_many_attempts"),
        "a right one waits too"
    );
    let elsewhere = member::open(&firm.at.room, &token, "198.51.100.0").await;
    assert_eq!(elsewhere.unwrap().0.customer, one, "nobody elsewhere does");
    firm.at.stop().await;
}

test_on_both!(a_member_sees_and_does_what_is_its_own, ROOMS);
async fn a_member_sees_and_does_what_is_its_own(t: &TestDb) {
    let firm = Firm::new(t).await;
    let room = &firm.at.room;
    let (one, other) = (firm.gold("ONE").await, firm.gold("OTHER").await);
    let texts = MemberPageTexts {
        complaint_zh: "投诉热线 400-800".to_owned(),
        complaint_en: "Call 400-800".to_owned(),
    };
    let changed = member::change_texts(room, &firm.at.anna, 1, texts.clone()).await;
    assert_eq!(changed.unwrap().0, 2);
    let stale = member::change_texts(room, &firm.at.anna, 1, texts.clone()).await;
    assert_eq!(stale.unwrap_err().code(), "version_stale");

    let (who, _) = opened(&firm, one).await;
    let page = member::page(room, who).await.unwrap();
    assert_eq!(page.texts, texts);
    assert_eq!(page.levels[0].decision.standing.level.as_deref(), Some("gold"));
    assert_eq!(page.levels[0].decision.to_next, None, "there is none above");
    let [change] = &page.changes[..] else {
        panic!("one change of a level")
    };
    assert_eq!(change.to.as_ref().map(|level| level.zh.as_str()), Some("金卡"));
    let lounge = page
        .has
        .iter()
        .find(|has| has.benefit.facts.code == "lounge")
        .unwrap();
    assert_eq!(lounge.entitlement.as_ref().unwrap().balances.available, 12);

    // A code, once; the same again gives none.
    let wanted = firm.wanted("lounge", 1, "visit");
    let (reserved, code) = member::reserve(room, who, &wanted).await.unwrap();
    assert!(code.is_some());
    let (again, none) = member::reserve(room, who, &wanted).await.unwrap();
    assert_eq!((again.id, none.is_none()), (reserved.id, true));
    let refused = member::reserve(room, who, &firm.wanted("window", 1, "w")).await;
    assert_eq!(refused.map(|_| ()).unwrap_err().code(), "no_codes_for_this");
    let page = member::page(room, who).await.unwrap();
    assert_eq!(page.uses[0].redemption.state, RedemptionState::Reserved);
    assert_eq!(page.uses[0].benefit.facts.code, "lounge");
    assert_eq!(firm.left(one, "lounge").await, 11);

    // Somebody else's is not there, and nothing of it is changed.
    let (stranger, _) = opened(&firm, other).await;
    let refused = member::cancel(room, stranger, reserved.id).await.unwrap_err();
    assert_eq!(refused, Error::NotFound { what: "redemption" });
    assert!(member::page(room, stranger).await.unwrap().uses.is_empty());
    let given_up = member::cancel(room, who, reserved.id).await.unwrap();
    assert_eq!(given_up.state, RedemptionState::Cancelled);
    let again = member::cancel(room, who, reserved.id).await.unwrap();
    assert_eq!(again.state, RedemptionState::Cancelled, "the same again");
    assert_eq!(firm.left(one, "lounge").await, 12);

    // What was used stays used, whoever asks.
    let used = firm
        .redeem(one, &firm.wanted("lounge", 1, "at once"))
        .await
        .unwrap();
    let refused = member::cancel(room, who, used.id).await.unwrap_err();
    assert_eq!(refused.code(), "redemption_state");

    // Asking and giving up for ever is bounded.
    let mut asked = 1;
    let refused = loop {
        let wanted = firm.wanted("lounge", 1, &format!("again-{asked}"));
        match member::reserve(room, who, &wanted).await {
            Ok((redemption, _)) => member::cancel(room, who, redemption.id).await.unwrap(),
            Err(e) => break e.code(),
        };
        asked += 1;
        assert!(asked < 100);
    };
    assert_eq!((refused, asked), ("too_many_codes", 20));
    firm.books_balance().await;
    firm.at.stop().await;
}

test_on_both!(
    a_session_ends_by_itself_by_signing_out_and_with_the_customer,
    ROOMS
);
async fn a_session_ends_by_itself_by_signing_out_and_with_the_customer(t: &TestDb) {
    let firm = Firm::new(t).await;
    let room = &firm.at.room;
    let [one, two, three, four] = firm.at.customers(["ONE", "TWO", "THREE", "FOUR"]).await;
    let session = async |secret: &str| {
        let found = member::session(room, secret).await;
        found.map(|member| member.customer).map_err(|e| e.code())
    };
    let (_, secret) = opened(&firm, one).await;
    assert_eq!(session(&secret).await, Ok(one));
    member::sign_out(room, &secret).await.unwrap();
    assert_eq!(session(&secret).await, Err("member_session_over"));
    let (_, secret) = opened(&firm, one).await;
    firm.at.clock.advance(member::SESSION);
    assert_eq!(session(&secret).await, Err("member_session_over"));

    // Who is merged or erased has no page, and a link that is under way leads nowhere.
    let under_way = [link(&firm, two, 60).await, link(&firm, three, 60).await];
    let (of_four, secret) = opened(&firm, four).await;
    let mut tx = room.platform.db.write().await.unwrap();
    let ids = [
        (two, "merged_into = $2"),
        (three, "erased_at = 1"),
        (four, "erased_at = 1"),
    ];
    for (id, becomes) in ids {
        let sql = format!("UPDATE customers SET {becomes} WHERE id = $1");
        let sql: &'static str = Box::leak(sql.into_boxed_str());
        let args = if becomes.contains("$2") {
            platform::args![id, one]
        } else {
            platform::args![id]
        };
        tx.execute(sql, args).await.unwrap();
    }
    tx.commit().await.unwrap();
    for token in &under_way {
        assert_eq!(open(&firm, token).await, Err("member_link_over"));
    }
    assert_eq!(session(&secret).await, Err("member_session_over"));
    let wanted = firm.wanted("lounge", 1, "k");
    let refused = member::reserve(room, of_four, &wanted).await.map(|_| ());
    assert_eq!(refused.unwrap_err().code(), "member_session_over");
    for gone in [two, three] {
        let refused = member::make_link(room, &firm.at.anna, gone, 60).await;
        let code = refused.map(|_| ()).unwrap_err().code();
        assert!(["customer_merged", "customer_erased"].contains(&code), "{code}");
    }
    firm.at.stop().await;
}
