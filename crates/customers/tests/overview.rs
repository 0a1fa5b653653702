//! A customer's page on both databases: what is there comes, what is late, fails or is not allowed is marked.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that meets an error has failed"
)]

mod page_support;

use std::sync::Arc;
use std::time::{Duration, Instant};

use base::Day;
use customers::overview::{Asked, Overview, OverviewPart, PartState, Parts, with_parts};
use customers::panels::PanelRoom;
use customers::{
    Channel, ContactFacts, ContactRole, LifeCalendar, LifeEventFacts, LifeEventKind, MIGRATIONS, NewNote,
    NewStatements, SubscriptionFacts, SubscriptionStatus, TagChange, app, identities,
};
use page_support::{branch, customer, overview_of, page, page_for, panels_none, user};
use platform::access::{BranchId, Role};
use platform::testing::{TestDb, caller};
use platform::{Permission, Platform, Tx, test_on_both};
use serde_json::{Value, json};
use tokio::sync::Barrier;

/// The number that a statement gives.
async fn number(tx: &mut Tx, statement: &'static str) -> base::Result<i64> {
    let (number,): (i64,) = tx.one(statement, []).await?;
    Ok(number)
}

macro_rules! sql_part {
    ($part:ident, $name:literal, $permission:ident, $statement:expr) => {
        struct $part;

        impl OverviewPart for $part {
            type Body = i64;
            const NAME: &'static str = $name;
            const PERMISSION: Permission = Permission::$permission;

            async fn load(&self, tx: &mut Tx, _: &Asked) -> base::Result<i64> {
                number(tx, $statement).await
            }
        }
    };
}

const FOR_EVER: &str = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000000000) \
    SELECT count(*) FROM n";

sql_part!(Quick, "quick", CustomersRead, "SELECT count(*) FROM customers");
sql_part!(Last, "last", CustomersRead, "SELECT count(*) FROM notes");
sql_part!(
    Broken,
    "broken",
    CustomersRead,
    "SELECT count(*) FROM no_such_table"
);
sql_part!(Hidden, "hidden", WebhooksManage, "SELECT count(*) FROM customers");
sql_part!(Slow, "slow", CustomersRead, FOR_EVER);

/// A part that waits for something else than the database.
struct Waiting;

impl OverviewPart for Waiting {
    type Body = i64;
    const NAME: &'static str = "waiting";
    const PERMISSION: Permission = Permission::CustomersRead;

    async fn load(&self, _: &mut Tx, _: &Asked) -> base::Result<i64> {
        tokio::time::sleep(Duration::from_secs(30)).await;
        Ok(1)
    }
}

fn overview(p: &Platform, parts: Parts<()>) -> Overview {
    let panels = PanelRoom::open(p.clone()).unwrap();
    Overview::new(p.clone(), &parts, &(), panels)
}

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

/// Everything a page can show of a person.
async fn furnish(p: &Platform, id: customers::CustomerId) {
    let analyst = caller(Role::Analyst);
    identities::app::add(p, &analyst, id, identities::IdentityKind::Phone, "13900000001")
        .await
        .unwrap();
    let tags = TagChange {
        add: vec!["vip".to_owned()],
        remove: Vec::new(),
    };
    app::record::change_tags(p, &analyst, id, tags).await.unwrap();
    for n in 0..7 {
        let note = NewNote {
            text: format!("note {n}"),
            pinned: n == 2,
        };
        app::record::write_note(p, &analyst, id, note).await.unwrap();
    }
    let subscription = SubscriptionFacts {
        product: "mobile".to_owned(),
        plan: None,
        number: Some("13900000002".to_owned()),
        device: None,
        started_on: day("2024-01-01"),
        term_ends_on: None,
        ended_on: None,
        status: SubscriptionStatus::Active,
    };
    app::holdings::add_subscription(p, &analyst, id, subscription)
        .await
        .unwrap();
    let said = |given, at: &str| NewStatements {
        purposes: vec!["care".to_owned()],
        channels: vec![Channel::Email],
        given,
        source: "form".to_owned(),
        at: Some(at.parse().unwrap()),
        expires_at: None,
    };
    for statement in [
        said(true, "2024-01-01T00:00:00Z"),
        said(false, "2024-06-01T00:00:00Z"),
        said(true, "2025-01-01T00:00:00Z"),
    ] {
        app::consents::say(p, &analyst, id, statement).await.unwrap();
    }
    let zone = jiff::tz::TimeZone::get("Asia/Shanghai").unwrap();
    let today = zone.to_datetime(p.clock.now()).date();
    for (ahead, label) in [(40, "later"), (3, "soon"), (200, "far")] {
        let on = Day(Day::from_date(today).0 + ahead).date();
        let facts = LifeEventFacts {
            kind: LifeEventKind::Other,
            label: Some(label.to_owned()),
            calendar: LifeCalendar::Solar,
            year: None,
            month: u8::try_from(on.month()).unwrap(),
            day: u8::try_from(on.day()).unwrap(),
            leap_month: false,
        };
        app::life_events::add(p, &analyst, id, facts).await.unwrap();
    }
}

test_on_both!(one_request_has_the_whole_page, [MIGRATIONS]);
async fn one_request_has_the_whole_page(t: &TestDb) {
    let p = &t.platform;
    let (firm, person) = (
        customer(p, "O-1", "华东物流").await,
        customer(p, "C-1", "张伟").await,
    );
    let analyst = caller(Role::Analyst);
    let said = serde_json::from_value(json!({ "organisation": firm })).unwrap();
    let version = app::get(p, &analyst, person).await.unwrap().version;
    app::edit::change(p, &analyst, person, version, said)
        .await
        .unwrap();
    furnish(p, person).await;
    let contact = ContactFacts {
        name: "李经理".to_owned(),
        role: ContactRole::DecisionMaker,
        influence: 5,
        customer_id: Some(person),
        since: None,
        until: None,
    };
    app::holdings::add_contact(p, &analyst, firm, contact)
        .await
        .unwrap();

    let overview = overview_of(p);
    let page = page(&overview, Role::Analyst, person).await;
    let names: Vec<_> = page["parts"].as_object().unwrap().keys().collect();
    assert_eq!(
        names,
        [
            "consents",
            "contacts",
            "identities",
            "life_events",
            "notes",
            "record",
            "subscriptions",
            "timeline"
        ]
    );
    for (name, part) in page["parts"].as_object().unwrap() {
        assert_eq!(
            (&part["state"], &part["code"]),
            (&json!("ok"), &Value::Null),
            "{name}"
        );
    }
    let body = |part: &str| page["parts"][part]["body"].clone();
    let record = body("record");
    assert_eq!(record["name"], "张伟");
    assert_eq!(record["organisation"], json!({ "id": firm, "name": "华东物流" }));
    assert_eq!(record["tags"], json!(["vip"]));
    // The page says what the parts' own use cases say.
    let complete = app::record::completeness(p, &analyst, person).await.unwrap();
    assert_eq!(record["completeness"], json!(complete));
    assert_eq!(body("identities")["items"][0]["value"], "+8613900000001");
    assert_eq!(body("subscriptions")["items"][0]["product"], "mobile");
    let notes = body("notes");
    let texts: Vec<_> = notes["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|note| note["text"].as_str().unwrap())
        .collect();
    assert_eq!(texts, ["note 2", "note 6", "note 5", "note 4", "note 3"]);
    let size = base::PageSize::new(None).unwrap();
    let rest = app::record::notes(p, &analyst, person, size, notes["next_cursor"].as_str())
        .await
        .unwrap();
    let rest: Vec<_> = rest.items.into_iter().map(|note| note.text).collect();
    assert_eq!(rest, ["note 1", "note 0"]);
    let coming = body("life_events");
    let labels: Vec<_> = coming["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| &e["label"])
        .collect();
    assert_eq!(labels, ["soon", "later"]);
    assert_eq!(body("timeline")["items"].as_array().unwrap().len(), 10);
    assert!(body("timeline")["next_cursor"].is_string());
    assert_eq!(body("contacts")["items"], json!([]));

    let of_firm = page_support::page(&overview, Role::Viewer, firm).await;
    let contacts = &of_firm["parts"]["contacts"]["body"]["items"];
    assert_eq!(
        (&contacts[0]["name"], &contacts[0]["influence"]),
        (&json!("李经理"), &json!(5))
    );
    assert_eq!(of_firm["panels"], panels_none());
}

test_on_both!(
    whether_a_customer_may_be_contacted_is_what_the_one_place_says,
    [MIGRATIONS]
);
async fn whether_a_customer_may_be_contacted_is_what_the_one_place_says(t: &TestDb) {
    let p = &t.platform;
    let person = customer(p, "C-1", "张伟").await;
    furnish(p, person).await;
    let page = page(&overview_of(p), Role::Viewer, person).await;
    let purposes = page["parts"]["consents"]["body"]["purposes"]
        .as_array()
        .unwrap()
        .clone();
    let viewer = caller(Role::Viewer);
    let (_, policy) = app::consents::policy(p, &viewer).await.unwrap();
    assert_eq!(purposes.len(), policy.purposes.len());
    let mut compared = 0;
    for (shown, purpose) in purposes.iter().zip(&policy.purposes) {
        assert_eq!(shown["purpose"], json!(purpose.name));
        for (shown, channel) in shown["channels"]
            .as_array()
            .unwrap()
            .iter()
            .zip(&purpose.channels)
        {
            let (answer, facts) =
                app::consents::may_contact(p, &viewer, person, (&purpose.name, *channel), None)
                    .await
                    .unwrap();
            assert_eq!(
                shown["allowed"],
                json!(answer.allowed),
                "{} {channel:?}",
                purpose.name
            );
            assert_eq!(
                shown["reasons"],
                json!(answer.reasons),
                "{} {channel:?}",
                purpose.name
            );
            let last = facts.statements.iter().map(|said| said.at).max();
            assert_eq!(shown["said_at"], json!(last));
            compared += 1;
        }
    }
    assert!(compared > 20, "{compared}");
}

test_on_both!(
    what_fails_or_is_not_allowed_is_marked_and_the_rest_comes,
    [MIGRATIONS]
);
async fn what_fails_or_is_not_allowed_is_marked_and_the_rest_comes(t: &TestDb) {
    let p = &t.platform;
    let person = customer(p, "C-1", "张伟").await;
    // More failures than transactions: what comes after them still has one.
    let parts = Parts::default()
        .with(|()| Broken)
        .with(|()| Hidden)
        .with(|()| Quick);
    let parts = with_parts(parts).with(|()| Last);
    let overview = overview(p, parts);
    for _ in 0..5 {
        let page = page(&overview, Role::Analyst, person).await;
        for (name, part) in page["parts"].as_object().unwrap() {
            let (state, code) = match name.as_str() {
                "broken" => ("failed", json!("internal")),
                "hidden" => ("forbidden", json!("forbidden")),
                _ => ("ok", Value::Null),
            };
            assert_eq!(
                (part["state"].as_str(), &part["code"]),
                (Some(state), &code),
                "{name}"
            );
            assert_eq!(part["body"].is_null(), state != "ok", "{name}");
        }
        assert_eq!(page["parts"]["quick"]["body"], 1);
    }
    let page = page(&overview, Role::Administrator, person).await;
    assert_eq!(page["parts"]["hidden"]["body"], 1);
}

test_on_both!(nothing_that_is_slow_is_waited_for, [MIGRATIONS]);
async fn nothing_that_is_slow_is_waited_for(t: &TestDb) {
    let p = &t.platform;
    let person = customer(p, "C-1", "张伟").await;
    // The slow come first: the rest goes on in the third transaction.
    let parts = Parts::default().with(|()| Slow).with(|()| Waiting);
    let parts = with_parts(parts).with(|()| Last);
    let deadline = Duration::from_millis(600);
    let overview = overview(p, parts).within(deadline);
    for _ in 0..4 {
        let begun = Instant::now();
        let page = page(&overview, Role::Viewer, person).await;
        let took = begun.elapsed();
        assert!(took < deadline + Duration::from_millis(400), "{took:?}");
        for (name, part) in page["parts"].as_object().unwrap() {
            let slow = ["slow", "waiting"].contains(&name.as_str());
            let state = if slow { "late" } else { "ok" };
            assert_eq!(part["state"], state, "{name}: {part}");
            let codes = [json!("part_late"), json!("database_timeout")];
            assert_eq!(codes.contains(&part["code"]), slow, "{name}: {part}");
        }
    }
    // What nobody waits for keeps no connection.
    let begun = Instant::now();
    while p.db.pools().iter().any(|pool| pool.open > pool.idle) {
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", p.db.pools());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

test_on_both!(a_page_is_for_those_who_may_and_of_those_who_are, [MIGRATIONS]);
async fn a_page_is_for_those_who_may_and_of_those_who_are(t: &TestDb) {
    let p = &t.platform;
    let person = customer(p, "C-1", "张伟").await;
    let overview = overview_of(p);
    let nobody = uuid::Uuid::from_u128(7).into();
    let missing = overview.of(&caller(Role::Viewer), nobody).await.unwrap_err();
    assert_eq!(missing.code(), "not_found");
    let mut stranger = caller(Role::Administrator);
    stranger.must_change_password = true;
    let refused = overview.of(&stranger, person).await.unwrap_err();
    assert_eq!(refused.code(), "forbidden");
}

test_on_both!(a_page_asks_little_of_the_database, [MIGRATIONS]);
async fn a_page_asks_little_of_the_database(t: &TestDb) {
    let p = &t.platform;
    let person = customer(p, "C-1", "张伟").await;
    furnish(p, person).await;
    let overview = overview_of(p);
    overview.of(&caller(Role::Viewer), person).await.unwrap();
    let before = p.db.asked();
    let shown = overview.of(&caller(Role::Viewer), person).await.unwrap();
    let after = p.db.asked();
    assert!(shown.parts.values().all(|part| part.state == PartState::Ok));
    let statements = after.statements - before.statements;
    assert!(statements <= 19, "{statements} statements");
    assert!(after.transactions - before.transactions <= 3);
}

test_on_both!(what_is_personal_is_shown_in_part_as_everywhere, [MIGRATIONS]);
async fn what_is_personal_is_shown_in_part_as_everywhere(t: &TestDb) {
    let p = &t.platform;
    let person = customer(p, "C-1", "张伟").await;
    furnish(p, person).await;
    let overview = overview_of(p);
    let size = base::PageSize::new(Some(10)).unwrap();
    for (role, phone, number) in [
        (Role::Viewer, "****0001", "****0002"),
        (Role::Analyst, "+8613900000001", "13900000002"),
    ] {
        let who = caller(role);
        let page = page_for(&overview, &who, person).await;
        let items = |part: &str| page["parts"][part]["body"]["items"].clone();
        assert_eq!(items("identities")[0]["value"], phone);
        assert_eq!(items("subscriptions")[0]["number"], number);
        let known_by = identities::app::list(p, &who, person, size, None).await.unwrap();
        assert_eq!(items("identities"), json!(known_by.items));
        let held = app::holdings::subscriptions(p, &who, person, size, None)
            .await
            .unwrap();
        assert_eq!(items("subscriptions"), json!(held.items));
        // What is told of the subscription has nothing of its number.
        let only = Some("subscription.added".to_owned());
        let told = app::timeline(p, &who, person, only, size, None).await.unwrap();
        let added = json!(told.items[0]);
        assert!(!added.to_string().contains("0002"), "{added}");
        let timeline = items("timeline");
        assert!(
            timeline.as_array().unwrap().contains(&added),
            "{timeline:#} has no {added:#}"
        );
        if role == Role::Viewer {
            let text = page.to_string();
            assert!(!text.contains("1390000"), "{text}");
        }
    }
}

/// A firm of two branches: a person of the north who belongs to an organisation of the south and was brought by
/// someone there, and the organisation, for which the person stands.
struct TwoBranches {
    south: BranchId,
    of_north: customers::CustomerId,
    of_south: customers::CustomerId,
    who: platform::Caller,
}

async fn two_branches(p: &Platform) -> TwoBranches {
    let admin = caller(Role::Administrator);
    let (north, south) = (branch(p, "north").await, branch(p, "south").await);
    let made = async |said: Value| {
        let creation = serde_json::from_value(said).unwrap();
        app::edit::create(p, &admin, creation).await.unwrap().row.id
    };
    let of_south = made(json!({ "kind": "organisation", "name": "南方公司", "branch": south })).await;
    let of_north = made(json!({
        "kind": "organisation", "name": "北方公司", "branch": north, "organisation": of_south, "referred_by": of_south
    }))
    .await;
    let person = made(json!({ "kind": "person", "name": "李南", "branch": south })).await;
    let contact = ContactFacts {
        name: "李先生".to_owned(),
        role: ContactRole::DecisionMaker,
        influence: 5,
        customer_id: Some(person),
        since: None,
        until: None,
    };
    app::holdings::add_contact(p, &admin, of_north, contact)
        .await
        .unwrap();
    TwoBranches {
        south,
        of_north,
        of_south,
        who: user(p, "anna", &["customers.read"], Some(north)).await,
    }
}

test_on_both!(another_branch_s_customer_is_not_there_and_not_named, [MIGRATIONS]);
async fn another_branch_s_customer_is_not_there_and_not_named(t: &TestDb) {
    let p = &t.platform;
    let firm = two_branches(p).await;
    let overview = overview_of(p);
    let hidden = overview.of(&firm.who, firm.of_south).await.unwrap_err();
    let nobody = overview
        .of(&firm.who, uuid::Uuid::nil().into())
        .await
        .unwrap_err();
    assert_eq!((hidden.code(), hidden == nobody), ("not_found", true));

    let before = p.db.asked();
    let seen = page_for(&overview, &firm.who, firm.of_north).await;
    let statements = p.db.asked().statements - before.statements;
    assert!(statements <= 25, "{statements} statements");
    for (name, part) in seen["parts"].as_object().unwrap() {
        assert_eq!(part["state"], "ok", "{name}: {part}");
    }
    let record = &seen["parts"]["record"]["body"];
    assert_eq!(
        (&record["name"], &record["branch"]["name"]),
        (&json!("北方公司"), &json!("north"))
    );
    assert_eq!(
        (&record["organisation"], &record["referred_by"]),
        (&Value::Null, &Value::Null)
    );
    let contact = &seen["parts"]["contacts"]["body"]["items"][0];
    assert_eq!(
        (&contact["name"], &contact["customer_id"]),
        (&json!("李先生"), &Value::Null)
    );
    // Who sees the whole firm is told of both.
    let whole = page(&overview, Role::Viewer, firm.of_north).await;
    let south = json!({ "id": firm.of_south, "name": "南方公司" });
    let record = &whole["parts"]["record"]["body"];
    assert_eq!(
        (&record["organisation"], &record["referred_by"]),
        (&south, &south)
    );
    assert!(whole["parts"]["contacts"]["body"]["items"][0]["customer_id"].is_string());
}

/// A part during which the customer is given to another branch, while others are at work in their transactions.
struct Leaves(BranchId, Arc<Barrier>);

impl OverviewPart for Leaves {
    type Body = i64;
    const NAME: &'static str = "leaves";
    const PERMISSION: Permission = Permission::CustomersRead;

    async fn load(&self, _: &mut Tx, asked: &Asked) -> base::Result<i64> {
        let (p, admin) = (&asked.platform, caller(Role::Administrator));
        let change = serde_json::from_value(json!({ "branch": self.0 })).unwrap();
        self.1.wait().await;
        app::edit::change(p, &admin, asked.about.id, 1, change).await?;
        self.1.wait().await;
        Err(base::Error::internal("and this transaction is over"))
    }
}

macro_rules! waits {
    ($part:ident, $name:literal) => {
        struct $part(Arc<Barrier>);

        impl OverviewPart for $part {
            type Body = i64;
            const NAME: &'static str = $name;
            const PERMISSION: Permission = Permission::CustomersRead;

            async fn load(&self, _: &mut Tx, _: &Asked) -> base::Result<i64> {
                self.0.wait().await;
                self.0.wait().await;
                tokio::time::sleep(Duration::from_millis(400)).await;
                Ok(1)
            }
        }
    };
}

waits!(WaitsInOne, "waits_1");
waits!(WaitsInAnother, "waits_2");

test_on_both!(who_loses_sight_of_a_customer_sees_no_more_parts, [MIGRATIONS]);
async fn who_loses_sight_of_a_customer_sees_no_more_parts(t: &TestDb) {
    let p = &t.platform;
    let firm = two_branches(p).await;
    let south = firm.south;
    // The other two transactions are at work; what comes last begins another one.
    let barrier = Arc::new(Barrier::new(3));
    let at = || Arc::clone(&barrier);
    let (leaves, one, another) = (at(), at(), at());
    let parts = Parts::default()
        .with(move |()| Leaves(south, Arc::clone(&leaves)))
        .with(move |()| WaitsInOne(Arc::clone(&one)))
        .with(move |()| WaitsInAnother(Arc::clone(&another)))
        .with(|()| Last);
    let overview = overview(p, parts).within(Duration::from_secs(20));
    let shown = page_for(&overview, &firm.who, firm.of_north).await;
    let state = |part: &str| {
        let part = &shown["parts"][part];
        (part["state"].clone(), part["code"].clone())
    };
    assert_eq!(state("waits_1"), (json!("ok"), Value::Null));
    assert_eq!(state("leaves"), (json!("failed"), json!("internal")));
    assert_eq!(state("last"), (json!("failed"), json!("not_found")));
}
