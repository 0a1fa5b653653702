//! The columnar copy of the ledger: kept up by watermark, made anew where it is lost, and never more
//! nor less than the ledger.

use std::fs::File;
use std::path::PathBuf;

use crate::support::{ROOMS, all_lines, append, customers_named, line};
use datafusion::arrow::array::AsArray as _;
use datafusion::arrow::datatypes::Int64Type;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use platform::test_on_both;
use platform::testing::TestDb;
use uuid::Uuid;
use value::columns::{self, Copy};
use value::store::ledger;

fn folder(t: &TestDb) -> PathBuf {
    t.folder().join("ledger")
}

async fn sync(t: &TestDb) -> Copy {
    columns::bring_up_to_date(&t.platform.db, &folder(t), |_, _| Ok(()))
        .await
        .unwrap()
}

/// Numbers and amounts of every line in the files of a copy, in order of the numbers.
fn in_files(copy: &Copy) -> Vec<(i64, i64)> {
    let mut lines = Vec::new();
    for path in &copy.paths {
        let file = File::open(path).unwrap();
        for batch in ParquetRecordBatchReaderBuilder::try_new(file)
            .unwrap()
            .build()
            .unwrap()
        {
            let batch = batch.unwrap();
            let column = |name: &str| {
                batch
                    .column_by_name(name)
                    .unwrap()
                    .as_primitive::<Int64Type>()
                    .clone()
            };
            lines.extend(
                column("seq")
                    .values()
                    .iter()
                    .copied()
                    .zip(column("amount_minor").values().iter().copied()),
            );
        }
    }
    lines.sort_unstable();
    lines
}

/// The copy says and holds what the ledger does.
#[track_caller]
fn assert_same(copy: &Copy, ledger: &[value::model::RecordedLine]) {
    let expected: Vec<_> = ledger
        .iter()
        .map(|row| (row.seq, row.line.amount_minor))
        .collect();
    assert_eq!(in_files(copy), expected);
    assert_eq!(
        (copy.rows, copy.amount_minor),
        (expected.len() as u64, expected.iter().map(|line| line.1).sum())
    );
    assert_eq!(copy.watermark, expected.last().map_or(0, |line| line.0));
}

/// So many lines over 14 months.
async fn fill(t: &TestDb, from: i64, to: i64, customers: &[Uuid]) {
    let lines: Vec<_> = (from..to)
        .map(|n| {
            let month = n % 14;
            let at = format!(
                "{}-{:02}-{:02}T12:00:00Z",
                2024 + month / 12,
                1 + month % 12,
                1 + n % 28
            );
            line(
                customers[n as usize % customers.len()],
                &n.to_string(),
                &at,
                n * 3 - 50,
            )
        })
        .collect();
    append(t, &lines).await;
}

test_on_both!(the_copy_follows_the_ledger, ROOMS);
async fn the_copy_follows_the_ledger(t: &TestDb) {
    let customers = customers_named(t, ["a", "b", "c"]).await;
    assert_same(&sync(t).await, &[]);
    fill(t, 0, 500, &customers).await;
    let first = sync(t).await;
    assert_same(&first, &all_lines(t).await);
    assert_eq!(first.paths.len(), 14, "one file for each month");
    assert_eq!(sync(t).await, first, "nothing new, nothing written");

    append(
        t,
        &[
            line(customers[0], "new", "2024-01-31T23:59:59.999999Z", 1),
            line(customers[0], "newer", "2024-02-01T00:00:00Z", 2),
        ],
    )
    .await;
    let second = sync(t).await;
    assert_same(&second, &all_lines(t).await);
    assert_eq!(second.paths.len(), 16);
    assert!(
        first.paths.iter().all(|path| second.paths.contains(path)),
        "what was copied stays"
    );

    // Stopped in the middle: what comes later is whole.
    fill(t, 500, 700, &customers).await;
    let stopped = columns::bring_up_to_date(&t.platform.db, &folder(t), |_, _| {
        Err(base::Error::conflict("job_stopped", "stop"))
    })
    .await;
    assert_eq!(stopped.unwrap_err().code(), "job_stopped");
    assert_same(&sync(t).await, &all_lines(t).await);
}

test_on_both!(a_lost_copy_is_made_anew, ROOMS);
async fn a_lost_copy_is_made_anew(t: &TestDb) {
    let customers = customers_named(t, ["a", "b", "c"]).await;
    fill(t, 0, 300, &customers).await;
    let copy = sync(t).await;
    std::fs::remove_file(&copy.paths[3]).unwrap();
    assert_same(&sync(t).await, &all_lines(t).await);

    std::fs::remove_dir_all(folder(t)).unwrap();
    fill(t, 300, 400, &customers).await;
    assert_same(&sync(t).await, &all_lines(t).await);

    // Lost just when a month has become so many files that they would be put together.
    for n in 0..8 {
        append(
            t,
            &[line(
                customers[0],
                &format!("small-{n}"),
                "2024-05-05T00:00:00Z",
                n,
            )],
        )
        .await;
        let copy = sync(t).await;
        if n == 6 {
            let of_month = |path: &&PathBuf| path.parent().unwrap().ends_with("2024-05");
            std::fs::remove_file(copy.paths.iter().find(of_month).unwrap()).unwrap();
        }
        if n != 6 {
            assert_same(&copy, &all_lines(t).await);
        }
    }
}

test_on_both!(many_small_files_of_a_month_become_one, ROOMS);
async fn many_small_files_of_a_month_become_one(t: &TestDb) {
    let customers = customers_named(t, ["a", "b", "c"]).await;
    for n in 0..30 {
        let at = format!("2025-06-{:02}T00:00:00Z", 1 + n);
        let late = format!("2025-07-{:02}T00:00:00Z", 1 + n);
        append(
            t,
            &[
                line(customers[0], &format!("{n}"), &at, n),
                line(customers[1], &format!("late {n}"), &late, -n),
            ],
        )
        .await;
        let copy = sync(t).await;
        assert_same(&copy, &all_lines(t).await);
        for month in ["2025-06", "2025-07"] {
            let files = copy
                .paths
                .iter()
                .filter(|path| path.parent().unwrap().ends_with(month))
                .count();
            assert!((1..=8).contains(&files), "{files} files of {month}");
            assert_eq!(
                std::fs::read_dir(folder(t).join(month)).unwrap().count(),
                files,
                "those put together are gone"
            );
        }
    }
}

test_on_both!(what_a_killed_process_left_is_not_read, ROOMS);
async fn what_a_killed_process_left_is_not_read(t: &TestDb) {
    let customers = customers_named(t, ["a", "b", "c"]).await;
    fill(t, 0, 100, &customers).await;
    let copy = sync(t).await;
    // A whole file that was never listed, one that was being written, and the next step's file before it was listed.
    let month = copy.paths[0].parent().unwrap();
    std::fs::copy(&copy.paths[0], month.join("999999999999.parquet")).unwrap();
    std::fs::write(month.join("000000000101.unfinished"), b"PAR1 half").unwrap();
    fill(t, 100, 114, &customers).await;
    let next = all_lines(t).await.last().unwrap().seq;
    std::fs::copy(&copy.paths[0], month.join(format!("{next:012}.parquet"))).unwrap();
    let copy = sync(t).await;
    assert_same(&copy, &all_lines(t).await);
    let listed = ledger::files(&mut t.platform.db.read().await.unwrap())
        .await
        .unwrap();
    assert_eq!(listed.len(), copy.paths.len());
}

test_on_both!(two_processes_do_not_copy_the_same_lines, ROOMS);
async fn two_processes_do_not_copy_the_same_lines(t: &TestDb) {
    let customers = customers_named(t, ["a", "b", "c"]).await;
    fill(t, 0, 100, &customers).await;
    // One is held up after it has seen how far the copy is; another one comes, with more lines, and ends first.
    let held_up = columns::bring_up_to_date(&t.platform.db, &folder(t), |_, _| {
        tokio::task::block_in_place(|| {
            tokio::runtime::Handle::current().block_on(async {
                fill(t, 100, 150, &customers).await;
                assert_same(&sync(t).await, &all_lines(t).await);
            });
        });
        Ok(())
    })
    .await;
    assert_eq!(held_up.unwrap_err().code(), "ledger_copied_elsewhere");
    assert_same(&sync(t).await, &all_lines(t).await);
}
