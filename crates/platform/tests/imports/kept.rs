//! What people's data stays for, and no longer.

use jiff::{SignedDuration, Timestamp};
use platform::imports;
use platform::testing::TestDb;
use platform::{Clock, Platform, test_on_both};

use super::{LINES, dry_run, finished, get, options, runner, upload};

async fn number(p: &Platform, sql: &'static str) -> i64 {
    let (number,): (i64,) = p.db.read().await.unwrap().one(sql, []).await.unwrap();
    number
}

test_on_both!(uploads_and_rejected_rows_do_not_stay_for_ever, [LINES]);
async fn uploads_and_rejected_rows_do_not_stay_for_ever(t: &TestDb) {
    let p = &t.platform;
    imports::sweep(p).await.unwrap();
    let runner = runner(p).await;
    let file = "客户,交易时间,金额\nC1,2026-10-31,1.00\nC2,yesterday,1.00\n";
    let import = upload(t, file.as_bytes()).await.unwrap();
    let check = dry_run(p, &import, options(&import)).await.unwrap();
    finished(p, check.id).await;
    runner.shutdown(std::time::Duration::from_secs(5)).await;
    let files = || std::fs::read_dir(t.folder().join("uploads")).unwrap().count();
    let now: Timestamp = p.clock.now();
    for (days, files_left, rejects_left) in [(0, 1, 1), (6, 1, 1), (8, 0, 1), (31, 0, 0)] {
        let later = now + SignedDuration::from_hours(days * 24);
        imports::sweep(&t.with_clock(Clock::fixed(later))).await.unwrap();
        let left = number(p, "SELECT count(*) FROM import_rejects").await;
        assert_eq!((files(), left), (files_left, rejects_left), "after {days} days");
        let report = get(p, &import).await.report.unwrap();
        assert_eq!((report.rejected, report.rejects.len() as i64), (1, rejects_left));
    }
}
