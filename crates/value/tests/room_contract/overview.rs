//! What a customer is worth on its page, beside the record: the same as everywhere else, and for few statements.

use customers::overview::{Overview, PartState, Parts};
use customers::panels::PanelRoom;
use platform::access::Role;
use platform::test_on_both;
use platform::testing::{TestDb, caller};
use serde_json::{Value, json};
use uuid::Uuid;
use value::app::ValueRoom;
use value::app::ledger;
use value::app::profiles::{self, Filter, ListRequest};
use value::profile::Figure;
use value::profile_columns::Order;

use crate::support::{ROOMS, as_of, cdnow, customers_named, published, runner, stop};

fn overview(t: &TestDb, room: &ValueRoom) -> Overview {
    let parts = customers::overview::with_parts(Parts::default());
    let parts = value::api::with_parts(parts, |room| room);
    let panels = PanelRoom::open(t.platform.clone()).unwrap();
    Overview::new(t.platform.clone(), &parts, room, panels)
}

async fn page(overview: &Overview, customer: Uuid) -> Value {
    let page = overview.of(&caller(Role::Viewer), customer.into()).await.unwrap();
    for (name, part) in &page.parts {
        assert_eq!(part.state, PartState::Ok, "{name}: {:?}", part.code);
    }
    serde_json::to_value(page).unwrap()
}

test_on_both!(a_page_says_what_a_customer_is_worth, ROOMS);
async fn a_page_says_what_a_customer_is_worth(t: &TestDb) {
    let room = ValueRoom::new(t.platform.clone());
    let overview = overview(t, &room);
    let [nobody_bought] = customers_named(t, ["without a line"]).await;
    let before = page(&overview, nobody_bought).await;
    assert_eq!(
        before["parts"]["value"]["body"],
        json!({ "run": null, "profile": null, "reasons": [], "comparison": null })
    );
    assert_eq!(before["parts"]["transactions"]["body"]["items"], json!([]));

    let runner = runner(t).await;
    cdnow(t).await;
    let run = published(t, &room, as_of("1998-06-30")).await;
    stop(runner).await;
    let without = &page(&overview, nobody_bought).await["parts"]["value"]["body"];
    assert_eq!(
        (&without["run"]["id"], &without["profile"]),
        (&json!(run.id), &Value::Null)
    );

    let viewer = caller(Role::Viewer);
    let size = base::PageSize::new(Some(5)).unwrap();
    let most_valuable = ListRequest {
        filter: Filter::default(),
        search: None,
        order: Order {
            figure: Figure::Value,
            descending: true,
        },
        size,
        cursor: None,
    };
    let list = profiles::list(&room, &viewer, most_valuable).await.unwrap();
    let buyer = list.page.items[0].0.id.uuid();
    let shown = page(&overview, buyer).await;
    let worth = &shown["parts"]["value"]["body"];
    let own = profiles::of_customer(&room, &viewer, buyer).await.unwrap();
    assert_eq!(worth["profile"]["class"], json!(own.profile.figures.class));
    assert_eq!(
        worth["profile"]["value"]["minor"],
        json!(own.profile.figures.value_minor)
    );
    assert_eq!(worth["reasons"], json!(own.reasons));
    assert!(!own.reasons.is_empty());
    let (lines, currency) = ledger::of_customer(&room, &viewer, buyer, size, None)
        .await
        .unwrap();
    let bought = &shown["parts"]["transactions"]["body"];
    assert_eq!(bought["items"].as_array().unwrap().len(), lines.items.len());
    assert_eq!(
        bought["items"][0]["amount"],
        json!({ "minor": lines.items[0].line.amount_minor, "currency": currency })
    );

    let before = t.platform.db.asked();
    page(&overview, buyer).await;
    let after = t.platform.db.asked();
    let statements = after.statements - before.statements;
    assert!(statements <= 24, "{statements} statements");
    assert!(after.transactions - before.transactions <= 3);
}
