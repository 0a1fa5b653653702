//! Files and mappings that are wrong in every usual way: a clear error each, and nothing changed.

use std::time::Duration;

use platform::access::Role;
use platform::imports::rejects;
use platform::test_on_both;
use platform::testing::{TestDb, caller};

use crate::kind::{LINES, stored};
use crate::{dry_run, finished, go, options, report, runner, start, upload};

const GOOD: &str = "C1,2026-10-31,5\n";

/// What the dry run of a file says: accepted rows and the rejects as `line code`, or the error's code
/// (of the upload, of the start, or of the job).
async fn said(t: &TestDb, content: &[u8], change: impl Fn(&mut platform::imports::ImportOptions)) -> String {
    let import = match upload(t, content).await {
        Ok(import) => import,
        Err(e) => return format!("upload: {}", e.code()),
    };
    let mut wish = options(&import);
    change(&mut wish);
    let job = match dry_run(&t.platform, &import, wish).await {
        Ok(job) => finished(&t.platform, job.id).await,
        Err(e) => return format!("start: {}", e.code()),
    };
    if let Some(error) = job.error {
        assert_eq!(
            go(&t.platform, &import).await.unwrap_err().code(),
            "import_not_checked"
        );
        return format!("job: {}", error.code);
    }
    let report = report(&t.platform, &job).await;
    let rejects: Vec<_> = report
        .rejects
        .iter()
        .map(|r| format!("{} {}", r.line, r.code))
        .collect();
    format!("{} accepted; {}", report.created, rejects.join(", "))
}

test_on_both!(malformed_files_are_told_apart, [LINES]);
async fn malformed_files_are_told_apart(t: &TestDb) {
    let runner = runner(&t.platform).await;
    let huge_cell = format!("who,at,amount\n{},2026-10-31,5\n{GOOD}", "x".repeat(300_000));
    let swallowed = format!("who,at,amount\n{GOOD}C2,2026-10-31,\"5\n{}", GOOD.repeat(90_000));
    let gbk = encoding_rs::GB18030
        .encode("客户,交易时间,金额\n张三,2026-10-31,5\n")
        .0
        .into_owned();
    for (case, content, expected) in [
        (
            "byte order mark and CRLF",
            "\u{feff}who,at,amount\r\nC1,2026-10-31,5\r\n".as_bytes(),
            "1 accepted; ",
        ),
        ("GBK", &gbk, "1 accepted; "),
        (
            "a quoted newline",
            b"who,at,amount\n\"C\n1\",2026-10-31,5\nC2,x,5\n",
            "1 accepted; 4 date_malformed",
        ),
        (
            "NUL",
            b"who,at,amount\nC\0,2026-10-31,5\nC2,2026-10-31,5\n",
            "1 accepted; 2 control_character",
        ),
        (
            "wrong widths",
            b"who,at,amount\nC1,2026-10-31\nC1,2026-10-31,5,6\nC1,2026-10-31,5\n",
            "1 accepted; 2 column_count, 3 column_count",
        ),
        ("a long cell", huge_cell.as_bytes(), "1 accepted; 2 too_long"),
        ("an open quote", swallowed.as_bytes(), "job: row_too_large"),
        (
            "an open quote near the end",
            b"who,at,amount\nC1,2026-10-31,5\nC1,2026-10-31,\"5\nC1,2026-10-31,5\n",
            "job: quote_unclosed",
        ),
        (
            "damaged text",
            b"who,at,amount\n\xff\xff,2026-10-31,5\n\xe5\xbc\xa0,2026-10-31,5\n",
            "1 accepted; 2 text_malformed",
        ),
        ("empty", b"", "upload: file_empty"),
        ("only a header", b"who,at,amount\n", "0 accepted; "),
        (
            "NUL in the header",
            b"wh\0o,at,amount\n",
            "upload: format_unknown",
        ),
        (
            "UTF-16 that does not say so",
            b"w\0h\0o\0,\0a\0t\0\n\0",
            "upload: format_unknown",
        ),
        ("no header", b"\n\n\n", "upload: header_missing"),
        (
            "a broken archive",
            b"PK\x03\x04aaaaaaaa",
            "upload: file_unreadable",
        ),
        (
            "truncated Parquet",
            b"PAR1aaaaaaaaaaaaaa",
            "upload: file_unreadable",
        ),
        (
            "a column twice",
            b"who,at,amount,amount\nC1,2026-10-31,5,6\n",
            "start: field_required",
        ),
        ("nothing that fits", b"a,b\n1,2\n", "start: field_required"),
    ] {
        assert_eq!(said(t, content, |_| {}).await, expected, "{case}");
    }
    let good = format!("who,at,amount\n{GOOD}");
    let map = |field: &'static str, column: &'static str| {
        move |wish: &mut platform::imports::ImportOptions| {
            wish.mapping.insert(field.to_owned(), column.to_owned());
        }
    };
    assert_eq!(
        said(t, good.as_bytes(), map("amount", "nowhere")).await,
        "start: column_missing"
    );
    assert_eq!(
        said(t, good.as_bytes(), map("amount", "at")).await,
        "start: column_used_twice"
    );
    assert_eq!(
        said(t, good.as_bytes(), map("colour", "at")).await,
        "start: field_unknown"
    );
    let doubled = format!("who,at,amount,x,x\n{}", "C1,2026-10-31,5,1,2\n");
    assert_eq!(
        said(t, doubled.as_bytes(), map("external_id", "x")).await,
        "start: column_ambiguous"
    );
    assert_eq!(
        said(t, good.as_bytes(), |wish| wish.source = " ".into()).await,
        "start: source_malformed"
    );
    assert_eq!(
        said(t, good.as_bytes(), |wish| wish.reject_limit_percent = Some(-1.0)).await,
        "start: limit_out_of_range"
    );
    assert_eq!(stored(&t.platform).await.len(), 0);

    let empty = upload(t, b"who,at,amount\n").await.unwrap();
    let job = start(&t.platform, &empty, options(&empty)).await.unwrap();
    assert_eq!(finished(&t.platform, job.id).await.error.unwrap().code, "no_rows");
    runner.shutdown(Duration::from_secs(5)).await;
}

test_on_both!(a_rejected_row_comes_back_as_it_came, [LINES]);
async fn a_rejected_row_comes_back_as_it_came(t: &TestDb) {
    let p = &t.platform;
    let runner = runner(p).await;
    // 200 columns, long cells; and one row that is longer than anyone keeps.
    let many: String = (0..197).map(|n| format!(",c{n}")).collect();
    let (long, endless) = ("长".repeat(9_000), "x".repeat(20_000));
    let rest = |first: &str| {
        format!(
            ",{first}{}",
            (1..197).map(|n| format!(",{n}")).collect::<String>()
        )
    };
    let rows = [
        format!("C1,never,5{}", rest(&long)),
        format!("C2,never,5{}", rest(&endless)),
    ];
    let file = format!("who,at,amount{many}\n{}\n{}\n", rows[0], rows[1]);
    let import = upload(t, file.as_bytes()).await.unwrap();
    let job = dry_run(p, &import, options(&import)).await.unwrap();
    finished(p, job.id).await;
    let file = rejects::csv(p, &caller(Role::Analyst), import.id).await.unwrap();
    let csv = String::from_utf8(file.bytes).unwrap();
    let lines: Vec<_> = csv.lines().collect();
    assert!(
        lines[1].starts_with(&format!("{},2,at,date_malformed", rows[0])),
        "the whole row"
    );
    let kept = "x".repeat(16_384 - "C2never5".len());
    assert!(
        lines[2].starts_with(&format!("C2,never,5,{kept}…,,,")),
        "it ends where it is cut"
    );
    assert!(lines[2].contains("; the row is longer than is kept and ends where the … is)"));
    runner.shutdown(Duration::from_secs(5)).await;
}
