//! Killed amid a thousand redemptions: each that is asked for again is there once, and the books balance.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use platform::access::Role;
use platform::testing::caller;
use tiers::app::{TiersRoom, benefits, of_customer, programmes, publish, simulation};
use tiers::model::{BenefitFacts, Document, ProgrammeFacts, Terms};
use value::app::ValueRoom;

use super::*;

const USES: usize = 1_000;
const KILLED_AFTER: usize = 300;

/// A programme whose one level everybody has, which gives 1,500 of a benefit; and a customer.
async fn set_up(t: &TestDb, client: &Client, patron: &Patron) -> (String, String) {
    let platform = &t.platform;
    let room = TiersRoom::new(ValueRoom::new(platform.clone()));
    let [anna, bert] = [caller(Role::Administrator), caller(Role::Administrator)];
    let facts = BenefitFacts {
        code: "wash".to_owned(),
        zh: "洗车".to_owned(),
        en: "Car wash".to_owned(),
        terms: Terms::Count {},
        need: None,
        unit_cost_minor: 0,
        settlement_minor: 0,
        active: true,
    };
    benefits::create(&room, &anna, facts).await.unwrap();
    let facts = ProgrammeFacts {
        code: "club".to_owned(),
        zh: "俱乐部".to_owned(),
        en: "Club".to_owned(),
        brands: Vec::new(),
        kinds: Vec::new(),
    };
    let programme = programmes::create(&room, &anna, facts).await.unwrap();
    let zone = platform::firm::load(&mut platform.db.read().await.unwrap())
        .await
        .unwrap();
    let zone = zone.time_zone().unwrap();
    let today = base::Day::from_date(zone.to_datetime(platform.clock.now()).date());
    let document: Document = serde_json::from_value(json!({
        "schema": 2,
        "levels": [{ "code": "member", "zh": "会员", "en": "Member", "colour": "#000000",
            "qualify": { "all": [{ "measure": "spend", "at_least": 0 }] },
            "benefits": [{ "benefit": "wash", "quantity": 1_500, "per": "year" }] }],
        "period": { "kind": "rolling_months", "months": 12 }, "downgrade": { "kind": "never" },
        "landing": "earned", "notice_days": 0, "effective_on": today
    }))
    .unwrap();
    let draft = programmes::draft(&room, &anna, programme.id, document)
        .await
        .unwrap();
    simulation::start(&room, &anna, draft.id, None).await.unwrap();
    job(client, patron, "tier_simulation", |job| is(job, "succeeded")).await;
    publish::publish(&room, &bert, draft.id, draft.revision)
        .await
        .unwrap();

    let mut tx = platform.db.write().await.unwrap();
    let made = customers::store::ensure_many(&mut tx, &platform.clock, &platform.keys, &["ONE"])
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let customer = made.ids["ONE"].uuid();
    of_customer::decide_now(&room, &anna, customer).await.unwrap();
    (programme.id.to_string(), customer.to_string())
}

/// Uses one of the benefit for each key, by eight clients, and counts the successes.
async fn use_all(client: &Client, patron: &Patron, programme: &str, customer: &str, done: &Arc<AtomicUsize>) {
    let mut tasks = tokio::task::JoinSet::new();
    for first in 0..8 {
        let (client, done) = (client.clone(), Arc::clone(done));
        let url = patron.url(&format!("/customers/{customer}/redemptions/at-once"));
        let programme = programme.to_owned();
        tasks.spawn(async move {
            for n in (first..USES).step_by(8) {
                let body =
                    json!({ "programme": programme, "benefit": "wash", "quantity": 1, "key": n.to_string() });
                loop {
                    match client.post(&url).json(&body).send().await {
                        Ok(response) if response.status() == StatusCode::CREATED => break,
                        // Too busy: asked again.
                        Ok(response) if response.status().is_server_error() => {
                            tokio::time::sleep(Duration::from_millis(20)).await;
                        }
                        Ok(response) => panic!("{}: {:?}", response.status(), response.text().await),
                        // Whoever was killed answers nothing.
                        Err(_) => return,
                    }
                }
                done.fetch_add(1, Ordering::SeqCst);
            }
        });
    }
    tasks.join_all().await;
}

async fn balanced(t: &TestDb) -> (i64, i64) {
    let wrong = number(
        t,
        "SELECT count(*) FROM tier_entitlements e WHERE e.reserved <> 0 \
         OR e.redeemed <> (SELECT count(*) FROM tier_redemptions r WHERE r.entitlement_id = e.id AND r.state = 'redeemed') \
         OR e.redeemed <> (SELECT count(*) FROM tier_entries n WHERE n.entitlement_id = e.id AND n.kind = 'redeemed') \
         OR e.available <> 1500 - e.redeemed",
    )
    .await;
    assert_eq!(wrong, 0, "an entitlement is not what its entries come to");
    let events = number(
        t,
        "SELECT count(*) FROM events WHERE kind = 'redemption.redeemed'",
    )
    .await;
    let redeemed = number(t, "SELECT redeemed FROM tier_entitlements").await;
    (redeemed, events)
}

test_on_both!(killed_amid_redemptions_the_books_balance, ROOMS);
async fn killed_amid_redemptions_the_books_balance(t: &TestDb) {
    let patron = Patron::start(t, &["serve"]);
    let one_time = patron.password();
    let client = administrator(&patron, &one_time).await;
    let (programme, customer) = set_up(t, &client, &patron).await;
    let done = Arc::new(AtomicUsize::new(0));
    let watched = Arc::clone(&done);
    let asking = use_all(&client, &patron, &programme, &customer, &done);
    let killing = async {
        while watched.load(Ordering::SeqCst) < KILLED_AFTER {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let pid = patron.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-KILL", &pid])
                .status()
                .unwrap()
                .success()
        );
    };
    tokio::join!(asking, killing);
    drop(patron);
    let answered = i64::try_from(done.load(Ordering::SeqCst)).unwrap();
    let (redeemed, events) = balanced(t).await;
    assert!(redeemed < USES as i64, "killed too late");
    assert!(
        redeemed >= answered,
        "{answered} were told it was done, {redeemed} are"
    );
    assert_eq!(redeemed, events);

    let patron = Patron::start(t, &["serve"]);
    let again = Arc::new(AtomicUsize::new(0));
    use_all(&client, &patron, &programme, &customer, &again).await;
    assert_eq!(again.load(Ordering::SeqCst), USES);
    assert_eq!(balanced(t).await, (USES as i64, USES as i64));
}
