//! Repeating changes nothing, and what is refused changes nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use platform::access::Role;
use platform::imports::{BATCH_ROWS, ImportReport, rejects};
use platform::test_on_both;
use platform::testing::{TestDb, caller};
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::{Config, TestRunner};

use crate::kind::{LINES, stored};
use crate::{dry_run, file_of, finished, get, go, import_all, options, report, runner, start, upload};

test_on_both!(the_same_file_twice_is_the_file_once, [LINES]);
async fn the_same_file_twice_is_the_file_once(t: &TestDb) {
    let p = &t.platform;
    let runner = runner(p).await;
    let file = file_of(7_000);
    assert_eq!(
        import_all(t, &file).await.created,
        7_000,
        "rows that look alike all count"
    );
    let once = stored(p).await;
    let again = import_all(t, &file).await;
    assert_eq!((again.created, again.unchanged), (0, 7_000));
    let more = import_all(t, &file_of(8_001)).await;
    assert_eq!((more.created, more.unchanged), (1_001, 7_000));
    let after = stored(p).await;
    assert_eq!(after.len(), 8_001);
    assert!(once.iter().all(|line| after.binary_search(line).is_ok()));
    runner.shutdown(Duration::from_secs(5)).await;
}

/// Rows with few different contents, some with ids, some broken.
fn rows() -> impl proptest::strategy::Strategy<Value = Vec<(String, bool)>> {
    let good = ("[AB]", 1..4_i64, proptest::option::of("[xyz][0-9]")).prop_map(|(who, amount, id)| {
        (
            format!("{who},2026-10-31,{amount},{}", id.unwrap_or_default()),
            true,
        )
    });
    let bad = proptest::sample::select(vec![
        "A,never,1,",
        ",2026-10-31,1,x9",
        "A,2026-10-31,much,",
        "A,2026-10-31",
    ])
    .prop_map(|row| (row.to_owned(), false));
    proptest::collection::vec(proptest::prop_oneof![4 => good, 1 => bad], 1..40)
}

/// How many rows are right and do not contradict an earlier row with their id.
fn accepted(rows: &[(String, bool)]) -> u64 {
    let mut first = BTreeMap::new();
    let agrees = |row: &'_ str| match row.rsplit_once(',') {
        Some((_, id)) if !id.is_empty() => {
            first.entry(id.to_owned()).or_insert_with(|| row.to_owned()) == row
        }
        _ => true,
    };
    rows.iter()
        .filter(|(_, good)| *good)
        .map(|(row, _)| row.as_str())
        .map(agrees)
        .filter(|agrees| *agrees)
        .count() as u64
}

test_on_both!(whatever_the_file_its_good_rows_are_stored_once, [LINES]);
async fn whatever_the_file_its_good_rows_are_stored_once(t: &TestDb) {
    let p = &t.platform;
    let runner = runner(p).await;
    let mut draw = TestRunner::new(Config::default());
    for round in 0..12 {
        let rows = rows().new_tree(&mut draw).unwrap().current();
        let file = rows
            .iter()
            .fold("who,at,amount,external_id\n".to_owned(), |file, (row, _)| {
                file + row + "\n"
            });
        let good = accepted(&rows);
        let before = stored(p).await;
        let import = upload(t, file.as_bytes()).await.unwrap();
        let mut wish = options(&import);
        wish.source = format!("round {round}");

        // With the limit at nothing, one bad row keeps every row out.
        wish.reject_limit_percent = Some(0.0);
        if good < rows.len() as u64 {
            let job = start(p, &import, wish.clone()).await.unwrap();
            assert_eq!(
                finished(p, job.id).await.error.unwrap().code,
                "too_many_rejects",
                "{file}"
            );
            assert_eq!(stored(p).await, before, "{file}");
        }
        if good == 0 {
            continue;
        }
        wish.reject_limit_percent = Some(100.0);
        let job = start(p, &import, wish.clone()).await.unwrap();
        let first = report(p, &finished(p, job.id).await).await;
        assert_eq!(first.rejected, rows.len() as u64 - good, "{file}");
        assert_eq!(first.created + first.unchanged, good, "{file}");
        let after = stored(p).await;
        assert_eq!(after.len() as u64, before.len() as u64 + first.created, "{file}");
        let mut ids = BTreeMap::new();
        for line in &after {
            *ids.entry(&line.external_id).or_insert(0) += 1;
        }
        assert!(ids.values().all(|n| *n == 1), "{file}");

        let import = upload(t, file.as_bytes()).await.unwrap();
        let job = start(p, &import, wish).await.unwrap();
        let second = report(p, &finished(p, job.id).await).await;
        assert_eq!((second.created, second.unchanged), (0, good), "{file}");
        assert_eq!(stored(p).await, after, "{file}");
    }
    runner.shutdown(Duration::from_secs(5)).await;
}

test_on_both!(
    a_row_that_contradicts_an_earlier_one_is_refused_before_anything_is_stored,
    [LINES]
);
async fn a_row_that_contradicts_an_earlier_one_is_refused_before_anything_is_stored(t: &TestDb) {
    let p = &t.platform;
    let runner = runner(p).await;
    // Orders of three lines each, over more than one batch, the second line the same as the first.
    let mut file = String::from("who,at,amount,external_id\n");
    for order in 0..1_500 {
        for amount in [7, 7, 8] {
            file += &format!("C{},2026-10-31,{amount},O{order}\n", order % 90);
        }
    }
    let import = upload(t, file.as_bytes()).await.unwrap();
    let checked = dry_run(p, &import, options(&import)).await.unwrap();
    let foreseen = report(p, &finished(p, checked.id).await).await;
    assert_eq!(
        (foreseen.created, foreseen.unchanged, foreseen.rejected),
        (1_500, 1_500, 1_500)
    );
    let first = &foreseen.rejects[0];
    assert_eq!(
        (
            first.line,
            first.column.as_deref(),
            first.code.as_str(),
            first.value.as_deref()
        ),
        (4, Some("external_id"), "external_id_repeated", Some("O0"))
    );
    assert_eq!(
        foreseen.amount.unwrap().minor,
        3_000 * 700,
        "of the accepted rows"
    );
    let warned: Vec<_> = foreseen.warnings.iter().map(|w| w.code.as_str()).collect();
    assert_eq!(warned, ["rows_repeated", "too_many_rejects"]);

    let job = go(p, &import).await.unwrap();
    assert_eq!(finished(p, job.id).await.error.unwrap().code, "too_many_rejects");
    assert_eq!(stored(p).await.len(), 0);

    let mut wish = options(&import);
    wish.reject_limit_percent = Some(34.0);
    let job = start(p, &import, wish).await.unwrap();
    let done = report(p, &finished(p, job.id).await).await;
    assert_eq!(
        done,
        ImportReport {
            dry_run: false,
            warnings: foreseen.warnings[..1].to_vec(),
            ..foreseen
        }
    );
    assert_eq!(stored(p).await.len(), 1_500);
    let csv = rejects::csv(p, &caller(Role::Analyst), import.id)
        .await
        .unwrap()
        .bytes;
    assert_eq!(String::from_utf8(csv).unwrap().lines().count(), 1_501);
    runner.shutdown(Duration::from_secs(5)).await;
}

test_on_both!(the_limit_holds_while_rows_are_stored, [LINES]);
async fn the_limit_holds_while_rows_are_stored(t: &TestDb) {
    let p = &t.platform;
    let runner = runner(p).await;
    // What the table refuses only when it comes to storing stands for what another import did meanwhile.
    let mut file = String::from("who,at,amount,external_id\n");
    let rows = BATCH_ROWS + 1_000;
    for n in 0..rows {
        let who = if n < rows - 200 { "C1" } else { "meanwhile" };
        file += &format!("{who},2026-10-31,1,E{n}\n");
    }
    let import = upload(t, file.as_bytes()).await.unwrap();
    let job = start(p, &import, options(&import)).await.unwrap();
    let failed = finished(p, job.id).await;
    assert_eq!(failed.error.unwrap().code, "import_stopped_at_limit");
    assert_eq!(
        stored(p).await.len(),
        BATCH_ROWS,
        "the batch that went beyond the limit is not stored"
    );
    assert_eq!(
        get(p, &import).await.report.unwrap().created,
        BATCH_ROWS as u64,
        "and what is stored is shown"
    );
    runner.shutdown(Duration::from_secs(5)).await;
}
