//! Workbooks, and lists of rejected rows that come back corrected.

use std::time::Duration;

use platform::access::Role;
use platform::imports::{ImportState, app, rejects};
use platform::tabular::{Row, Shape, Table};
use platform::test_on_both;
use platform::testing::{TestDb, caller};
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};

use crate::kind::{LINES, stored};
use crate::{finished, get, imports, options, report, runner, start, upload, upload_as, write_file};

/// A workbook with a sheet of notes and one of transactions, some of them wrong.
fn workbook(rows: u32) -> Vec<u8> {
    let mut workbook = Workbook::new();
    let notes = workbook.add_worksheet().set_name("说明").unwrap();
    notes.write_string(0, 0, "see the next sheet").unwrap();
    let day = Format::new().set_num_format("yyyy\"年\"m\"月\"d\"日\"");
    let sheet = workbook.add_worksheet().set_name("交易").unwrap();
    for (column, name) in (0..).zip(["客户编号", "交易时间", "金额", "备注"]) {
        sheet.write_string(0, column, name).unwrap();
    }
    for n in 1..=rows {
        let at = ExcelDateTime::from_ymd(2026, 10, (n % 28 + 1) as u8).unwrap();
        sheet.write_number(n, 0, f64::from(n % 97)).unwrap();
        sheet.write_datetime_with_format(n, 1, &at, &day).unwrap();
        sheet.write_number(n, 2, f64::from(n) + 0.5).unwrap();
    }
    let wrong = rows + 1;
    sheet.write_string(wrong, 0, "=张三").unwrap();
    sheet.write_string(wrong, 1, "10/31/2026").unwrap();
    sheet.write_number(wrong, 2, 7.25).unwrap();
    sheet.write_string(wrong, 3, "'=HYPERLINK(\"x\")").unwrap();
    workbook.save_to_buffer().unwrap()
}

test_on_both!(
    a_workbook_is_imported_and_its_rejects_come_back_corrected,
    [LINES]
);
async fn a_workbook_is_imported_and_its_rejects_come_back_corrected(t: &TestDb) {
    let p = &t.platform;
    let runner = runner(p).await;
    let analyst = caller(Role::Analyst);
    let file = workbook(300);
    let import = upload_as(t, "十月.xlsx", &file).await.unwrap();
    assert_eq!((import.format, import.sheet.as_deref()), ("xlsx", Some("说明")));
    assert_eq!(import.sheets, ["说明", "交易"]);
    let unknown = app::set_sheet(p, &imports(), &analyst, import.id, "nowhere").await;
    assert_eq!(unknown.unwrap_err().code(), "sheet_unknown");
    let encoded = app::set_encoding(p, &imports(), &analyst, import.id, None).await;
    assert_eq!(encoded.unwrap_err().code(), "encoding_not_for_workbook");
    let import = app::set_sheet(p, &imports(), &analyst, import.id, "交易")
        .await
        .unwrap();
    assert_eq!(import.sheet.as_deref(), Some("交易"));
    assert_eq!(import.columns[1].samples[0], "2026-10-02");
    let job = start(p, &import, options(&import)).await.unwrap();
    let done = report(p, &finished(p, job.id).await).await;
    assert_eq!((done.rows, done.created, done.rejected), (301, 300, 1));
    assert_eq!(
        (done.rejects[0].line, done.rejects[0].code.as_str()),
        (302, "date_ambiguous")
    );

    // The same file again changes nothing.
    let again = upload_as(t, "十月.xlsx", &file).await.unwrap();
    let again = app::set_sheet(p, &imports(), &analyst, again.id, "交易")
        .await
        .unwrap();
    let job = start(p, &again, options(&again)).await.unwrap();
    let repeated = report(p, &finished(p, job.id).await).await;
    assert_eq!((repeated.created, repeated.unchanged), (0, 300));

    // The rejected row comes as it came, in a workbook, and nothing in it is a formula.
    let rejected = rejects::file(p, &analyst, import.id).await.unwrap();
    assert_eq!(rejected.name, "十月-rejects.xlsx");
    let path = write_file(t, "rejects.xlsx", &rejected.bytes);
    let mut table = Table::open(&path, &Shape::detect(&path).unwrap()).unwrap();
    let header = "客户编号|交易时间|金额|备注|patron_line|patron_column|patron_reason";
    assert_eq!(table.columns().join("|"), header);
    let mut row = Row::default();
    assert!(table.next_row(&mut row).unwrap());
    let cells: Vec<&str> = row.cells.iter().collect();
    assert_eq!(
        cells[..5],
        ["=张三", "10/31/2026", "7.25", "'=HYPERLINK(\"x\")", "302"]
    );

    // Corrected and uploaded as it is: its own columns are no columns of the import.
    let mut corrected = Workbook::new();
    let sheet = corrected.add_worksheet();
    for (column, name) in (0..).zip(table.columns()) {
        sheet.write_string(0, column, name).unwrap();
        sheet.write_string(1, column, cells[usize::from(column)]).unwrap();
    }
    sheet.write_string(1, 1, "2026-10-31").unwrap();
    let corrected = upload_as(t, "rejects.xlsx", &corrected.save_to_buffer().unwrap())
        .await
        .unwrap();
    let names: Vec<_> = corrected
        .columns
        .iter()
        .map(|column| column.name.as_str())
        .collect();
    assert_eq!(names, ["客户编号", "交易时间", "金额", "备注"]);
    assert_eq!(
        (
            &corrected.suggested_mapping,
            corrected.suggested_source.as_deref()
        ),
        (&import.suggested_mapping, Some("billing"))
    );
    let job = start(p, &corrected, options(&corrected)).await.unwrap();
    let done = report(p, &finished(p, job.id).await).await;
    assert_eq!((done.created, done.rejected), (1, 0));
    assert!(
        stored(p)
            .await
            .iter()
            .any(|line| line.who == "=张三" && line.amount == 725)
    );
    runner.shutdown(Duration::from_secs(5)).await;
}

test_on_both!(rejected_rows_of_a_csv_come_back_corrected, [LINES]);
async fn rejected_rows_of_a_csv_come_back_corrected(t: &TestDb) {
    let p = &t.platform;
    let runner = runner(p).await;
    let analyst = caller(Role::Analyst);
    let names = [
        "=cmd|' /C x'",
        "@x",
        "-y",
        "'=z",
        "';DROP TABLE x--",
        "<script>",
        "\u{200f}abc",
        "😀",
        "+8613800138000",
    ];
    let mut file = String::from("客户编号,交易时间,金额\n");
    for n in 0..1_000 {
        file += &format!("C{n},2026-10-31,{n}\n");
    }
    for name in names {
        file += &format!("\"{name}\",soon,5\n");
    }
    let import = upload(t, file.as_bytes()).await.unwrap();
    let job = start(p, &import, options(&import)).await.unwrap();
    let done = report(p, &finished(p, job.id).await).await;
    assert_eq!((done.created, done.rejected), (1_000, names.len() as u64));
    let rejected = rejects::file(p, &analyst, import.id).await.unwrap();
    assert_eq!(rejected.name, "交易-rejects.csv");
    let text = String::from_utf8(rejected.bytes).unwrap();
    assert!(
        text.lines()
            .all(|line| !line.starts_with(['=', '@', '-']) && !line.starts_with("\"=")),
        "{text}"
    );

    // Once more wrong, for another reason: the list of rejects of a list of rejects has the columns once.
    let twice = upload(t, text.replace("soon", "later").as_bytes()).await.unwrap();
    let job = crate::dry_run(p, &twice, options(&twice)).await.unwrap();
    assert_eq!(finished(p, job.id).await.error, None);
    assert_eq!(get(p, &twice).await.state, ImportState::Checked);
    let text = String::from_utf8(rejects::file(p, &analyst, twice.id).await.unwrap().bytes).unwrap();
    let header = "\u{feff}客户编号,交易时间,金额,patron_line,patron_column,patron_reason";
    assert_eq!(text.lines().next(), Some(header));

    let corrected = upload(t, text.replace(",later,", ",2026-10-31,").as_bytes())
        .await
        .unwrap();
    let job = start(p, &corrected, options(&corrected)).await.unwrap();
    let done = report(p, &finished(p, job.id).await).await;
    assert_eq!((done.created, done.rejected), (names.len() as u64, 0));
    let lines = stored(p).await;
    for name in names {
        assert!(
            lines.iter().any(|line| line.who == name),
            "{name} is stored as it was"
        );
    }
    runner.shutdown(Duration::from_secs(5)).await;
}

test_on_both!(the_mapping_of_the_same_columns_is_offered_first, [LINES]);
async fn the_mapping_of_the_same_columns_is_offered_first(t: &TestDb) {
    let p = &t.platform;
    let runner = runner(p).await;
    let file = |first: &str| format!("{first},b,at,amount\nC1,D1,2026-10-31,5\n");
    for (header, who, source) in [("a", "a", "shop"), ("c", "b", "billing")] {
        let import = upload(t, file(header).as_bytes()).await.unwrap();
        let mut wish = options(&import);
        wish.source = source.to_owned();
        wish.mapping.insert("who".to_owned(), who.to_owned());
        let job = start(p, &import, wish).await.unwrap();
        report(p, &finished(p, job.id).await).await;
    }
    for (header, who, source) in [
        ("a,b,at,amount", "a", "shop"),
        ("amount,at,b,a", "a", "shop"),
        ("c,b,at,amount", "b", "billing"),
        // Neither: the newest that fits.
        ("d,b,at,amount", "b", "billing"),
    ] {
        let offered = upload(t, format!("{header}\n").as_bytes()).await.unwrap();
        assert_eq!(
            (
                offered.suggested_mapping["who"].as_str(),
                offered.suggested_source.as_deref()
            ),
            (who, Some(source)),
            "{header}"
        );
    }
    runner.shutdown(Duration::from_secs(5)).await;
}

test_on_both!(a_workbook_that_cannot_be_read_leaves_nothing, [LINES]);
async fn a_workbook_that_cannot_be_read_leaves_nothing(t: &TestDb) {
    let whole = workbook(50);
    for cut in [4, 100, whole.len() / 2, whole.len() - 10] {
        let refused = upload_as(t, "a.xlsx", &whole[..cut]).await.unwrap_err();
        assert_eq!(refused.code(), "file_unreadable", "cut at {cut}");
    }
    let protected = [b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".as_slice(), &[0; 512]].concat();
    assert_eq!(
        upload_as(t, "a.xlsx", &protected).await.unwrap_err().code(),
        "format_unknown"
    );
    let left = std::fs::read_dir(t.folder().join("uploads")).unwrap().count();
    assert_eq!((left, stored(&t.platform).await.len()), (0, 0));
}
