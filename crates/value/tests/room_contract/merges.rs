//! Customers who were merged: their lines are read as the survivor's, by people and by runs.

use base::PageSize;
use customers::app::merges;
use customers::references::References;
use customers::{Choices, CustomerId, NewMerge};
use platform::access::Role;
use platform::test_on_both;
use platform::testing::{TestDb, caller};
use uuid::Uuid;
use value::app::{ValueRoom, ledger as reading, profiles};

use crate::support::*;

const CSV: &str = "transaction_id,customer_id,date,amount\n\
    1,anna,2024-01-05,10.00\n2,anna,2024-03-05,20.00\n3,bert,2024-02-05,40.00\n4,carl,2024-04-05,80.00\n";

async fn lines(room: &ValueRoom, customer: Uuid) -> Vec<String> {
    let mut lines = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let size = PageSize::new(Some(2)).unwrap();
        let viewer = caller(Role::Viewer);
        let (page, _) = reading::of_customer(room, &viewer, customer, size, cursor.as_deref())
            .await
            .unwrap();
        lines.extend(page.items.into_iter().map(|line| line.line.external_id));
        cursor = page.next_cursor;
        if cursor.is_none() {
            return lines;
        }
    }
}

async fn revenue(room: &ValueRoom, customer: Uuid) -> Result<i64, &'static str> {
    let page = profiles::of_customer(room, &caller(Role::Viewer), customer).await;
    page.map(|page| page.profile.figures.revenue_minor)
        .map_err(|e| e.code())
}

test_on_both!(merged_customers_are_one_to_the_next_run, ROOMS);
async fn merged_customers_are_one_to_the_next_run(t: &TestDb) {
    in_dollars(t).await;
    let room = ValueRoom::new(t.platform.clone());
    let runner = runner(t).await;
    imported(t, CSV).await;
    let [anna, bert, carl] = customers_named(t, ["anna", "bert", "carl"]).await;
    published(t, &room, as_of("2024-12-31")).await;
    let references = References::default().with(value::REFERENCES);
    let analyst = caller(Role::Analyst);
    let said = NewMerge {
        survivor: CustomerId::from(anna),
        survivor_version: 1,
        merged: CustomerId::from(bert),
        merged_version: 1,
        fields: Choices::new(),
    };
    let two = (said.survivor, said.merged);
    let preview = merges::preview(&t.platform, &references, &analyst, two)
        .await
        .unwrap();
    assert_eq!(
        (preview.moves["transactions"], preview.later),
        (1, vec!["value_run"])
    );
    let done = merges::merge(&t.platform, &references, &analyst, said)
        .await
        .unwrap();
    assert_eq!(done.later, ["value_run"]);
    for id in [anna, bert] {
        assert_eq!(lines(&room, id).await, ["2", "3", "1"]);
        // The published run stays as it is.
        assert_eq!(revenue(&room, id).await, Ok(30_00));
    }
    // The same file says nothing new, and what is new of the merged one is the survivor's too.
    let again = imported(t, CSV).await;
    assert_eq!((again.unchanged, again.created, again.rejected), (4, 0, 0));
    imported(
        t,
        "transaction_id,customer_id,date,amount\n5,bert,2024-05-05,160.00\n",
    )
    .await;
    published(t, &room, as_of("2024-12-31")).await;
    for id in [anna, bert] {
        assert_eq!(lines(&room, id).await, ["5", "2", "3", "1"]);
        assert_eq!(revenue(&room, id).await, Ok(230_00));
    }
    assert_eq!(revenue(&room, carl).await, Ok(80_00));
    merges::unmerge(&t.platform, &references, &analyst, done.id)
        .await
        .unwrap();
    published(t, &room, as_of("2024-12-31")).await;
    assert_eq!(revenue(&room, anna).await, Ok(30_00));
    assert_eq!(revenue(&room, bert).await, Ok(200_00));
    let again = imported(t, CSV).await;
    assert_eq!((again.unchanged, again.created, again.rejected), (4, 0, 0));
    stop(runner).await;
}
