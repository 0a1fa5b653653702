//! Transactions from files, through the real import job, on both databases.

use crate::support::{ROOMS, all_lines, import, imported, in_dollars, report, runner, stop};
use platform::imports::ImportReport;
use platform::jobs::JobState;
use platform::test_on_both;
use platform::testing::TestDb;

fn counts(report: &ImportReport) -> (u64, u64, u64, u64, u64) {
    (
        report.rows,
        report.created,
        report.unchanged,
        report.rejected,
        report.new_customers,
    )
}

const FILE: &str = "customer,date,amount,order id,cost,type,reverses\n\
                    C1,2025-01-05 10:00,10.50,o1,4.00,,\n\
                    C2,2025-01-05 10:00,20,o2,,purchase,\n\
                    C1,2025-02-05 10:00,-10.50,o3,,,o1\n\
                    C3,2025-02-06 10:00,0,o4,,,\n\
                    C3,2025-02-07 10:00,99999.99,o5,,fee,\n\
                    C2,2025-02-08 10:00,7,o6,2.00,,\n";

test_on_both!(the_same_file_twice_changes_nothing, ROOMS);
async fn the_same_file_twice_changes_nothing(t: &TestDb) {
    let runner = runner(t).await;
    in_dollars(t).await;
    let first = imported(t, FILE).await;
    assert_eq!(counts(&first), (6, 6, 0, 0, 3));
    let amount = first.amount.unwrap();
    assert_eq!((amount.minor, amount.currency.code()), (10_002_699, "USD"));
    let lines = all_lines(t).await;
    let seen: Vec<_> = lines
        .iter()
        .map(|row| {
            let line = &row.line;
            (
                line.external_id.as_str(),
                line.amount_minor,
                line.cost_minor,
                line.kind.as_str(),
                line.reverses.as_deref(),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("o1", 1_050, Some(400), "purchase", None),
            ("o2", 2_000, None, "purchase", None),
            ("o3", -1_050, None, "refund", Some("o1")),
            ("o4", 0, None, "purchase", None),
            ("o5", 9_999_999, None, "fee", None),
            ("o6", 700, Some(200), "purchase", None),
        ]
    );
    assert!(lines.iter().all(|row| row.line.source == "shop"));
    assert_eq!(lines[0].line.at.to_string(), "2025-01-05T10:00:00Z");

    let again = imported(t, FILE).await;
    assert_eq!(counts(&again), (6, 0, 6, 0, 0));
    assert_eq!(all_lines(t).await, lines);

    // A file with fewer columns denies nothing.
    let shorter =
        "customer,date,amount,order id\nC1,2025-01-05 10:00,10.50,o1\nC3,2025-02-07 10:00,99999.99,o5\n";
    assert_eq!(counts(&imported(t, shorter).await), (2, 0, 2, 0, 0));
    assert_eq!(all_lines(t).await, lines);

    // Lines without an id are known by their content.
    let nameless = "customer,date,amount\nC9,2025-03-01,1\nC9,2025-03-02,2\n";
    assert_eq!(counts(&imported(t, nameless).await), (2, 2, 0, 0, 1));
    assert_eq!(counts(&imported(t, nameless).await), (2, 0, 2, 0, 0));
    assert_eq!(all_lines(t).await.len(), 8);
    stop(runner).await;
}

test_on_both!(nameless_lines_with_other_columns_are_the_same_lines, ROOMS);
async fn nameless_lines_with_other_columns_are_the_same_lines(t: &TestDb) {
    let runner = runner(t).await;
    in_dollars(t).await;
    // Twice the same on one day: two lines, told apart by their number.
    let full = "customer,date,amount,product,cost\n\
                C1,2025-03-01,5,tea,2\nC1,2025-03-01,5,milk,3\nC2,2025-03-01,7,tea,2\n";
    assert_eq!(counts(&imported(t, full).await), (3, 3, 0, 0, 2));
    let lines = all_lines(t).await;
    for shorter in [
        "customer,date,amount\nC1,2025-03-01,5\nC1,2025-03-01,5\nC2,2025-03-01,7\n",
        "customer,date,amount,product\nC1,2025-03-01,5,tea\nC1,2025-03-01,5,milk\nC2,2025-03-01,7,tea\n",
    ] {
        assert_eq!(counts(&imported(t, shorter).await), (3, 0, 3, 0, 0));
    }
    // A third of the same is new; one that says something else is not taken for another.
    let more = "customer,date,amount,product\nC1,2025-03-01,5,tea\nC1,2025-03-01,5,milk\nC1,2025-03-01,5,tea\n\
                C2,2025-03-01,7,milk\n";
    let report = imported(t, more).await;
    assert_eq!(counts(&report), (4, 1, 2, 1, 0));
    assert_eq!(report.rejects[0].code, "transaction_changed");
    let after = all_lines(t).await;
    assert_eq!((&after[..3], after.len()), (&lines[..], 4));
    stop(runner).await;
}

test_on_both!(a_line_that_says_something_else_is_refused, ROOMS);
async fn a_line_that_says_something_else_is_refused(t: &TestDb) {
    let runner = runner(t).await;
    in_dollars(t).await;
    imported(t, FILE).await;
    let before = all_lines(t).await;

    // Another amount, time, line taken back, customer, kind, cost; and one that is new.
    let changed = "customer,date,amount,order id,cost,type,reverses\n\
                   C1,2025-01-05 10:00,10.51,o1,4.00,,\n\
                   C2,2025-01-05 10:01,20,o2,,,\n\
                   C1,2025-02-05 10:00,-10.50,o3,,,o2\n\
                   C2,2025-02-06 10:00,0,o4,,,\n\
                   C3,2025-02-07 10:00,99999.99,o5,,purchase,\n\
                   C2,2025-02-08 10:00,7,o6,2.01,,\n\
                   C4,2025-03-01 10:00,5,o7,,,\n";
    let (foreseen, failed) = import(t, changed, 1.0).await;
    assert_eq!(foreseen.rejected, 6);
    assert_eq!(
        (failed.state, failed.error.unwrap().code.as_str()),
        (JobState::Failed, "too_many_rejects")
    );
    assert_eq!(all_lines(t).await, before, "above the limit nothing changes");

    let (_, done) = import(t, changed, 90.0).await;
    assert_eq!(done.state, JobState::Succeeded);
    let report = report(t, &done).await;
    let refused: Vec<_> = report.rejects.iter().map(|r| (r.line, r.code.as_str())).collect();
    assert_eq!(
        refused,
        [2, 3, 4, 5, 6, 7].map(|line| (line, "transaction_changed"))
    );
    assert_eq!((report.created, report.unchanged), (1, 0));
    let after = all_lines(t).await;
    assert_eq!(&after[..before.len()], &before[..], "what was there is as it was");
    assert_eq!(after.len(), before.len() + 1);
    assert_eq!(after.last().unwrap().line.external_id, "o7");
    stop(runner).await;
}

test_on_both!(lines_of_one_order_are_not_booked_as_its_first_line, ROOMS);
async fn lines_of_one_order_are_not_booked_as_its_first_line(t: &TestDb) {
    let runner = runner(t).await;
    in_dollars(t).await;
    // An export with a row for each thing in an order, whose number looks like an id.
    let mut file = String::from("customer,date,amount,order id,product\n");
    for order in 0..900 {
        for (product, amount) in [("tea", 10), ("cup", 4), ("pot", 25)] {
            file += &format!("C{},2025-03-01,{amount},N{order},{product}\n", order % 50);
        }
    }
    let (foreseen, failed) = import(t, &file, 1.0).await;
    assert_eq!(counts(&foreseen), (2_700, 900, 0, 1_800, 50));
    assert_eq!(foreseen.rejects[0].code, "external_id_repeated");
    assert_eq!(
        (failed.state, failed.error.unwrap().code.as_str()),
        (JobState::Failed, "too_many_rejects")
    );
    assert_eq!(all_lines(t).await, [], "above the limit nothing is booked");

    // The same file with no column for the id: every line counts.
    let whole = imported(t, file.replace("order id", "note")).await;
    assert_eq!(counts(&whole), (2_700, 2_700, 0, 0, 50));
    assert_eq!(whole.amount.unwrap().minor, 900 * 3_900);
    stop(runner).await;
}

test_on_both!(a_refund_without_its_sign_is_no_sale, ROOMS);
async fn a_refund_without_its_sign_is_no_sale(t: &TestDb) {
    let runner = runner(t).await;
    in_dollars(t).await;
    let file = "customer,date,amount,order id,type\n\
                C1,2025-01-05,10.50,o1,purchase\nC1,2025-01-06,10.50,o2,refund\nC1,2025-01-07,-3,o3,refund\n";
    let (foreseen, done) = import(t, file, 50.0).await;
    assert_eq!((foreseen.created, foreseen.rejected), (2, 1));
    let report = report(t, &done).await;
    let refused: Vec<_> = report.rejects.iter().map(|r| (r.line, r.code.as_str())).collect();
    assert_eq!(refused, [(3, "refund_positive")]);
    let amounts: Vec<i64> = all_lines(t)
        .await
        .iter()
        .map(|row| row.line.amount_minor)
        .collect();
    assert_eq!(amounts, [1_050, -300]);
    stop(runner).await;
}
