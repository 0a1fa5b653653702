//! Workbooks as programs write them, and as nobody should.

use std::io::Write as _;
use std::path::PathBuf;

use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};
use rust_xlsxwriter::{ExcelDateTime, Format as CellFormat, Formula, Workbook as Writer};

use super::super::{Row, Shape, Table};

fn file(bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    std::fs::write(&path, bytes).unwrap();
    (folder, path)
}

/// Everything a workbook says, as `row: cells` with `!code` for a cell and `! code` for a row that cannot be
/// used, or the error's code.
fn read(bytes: &[u8]) -> Result<String, &'static str> {
    let (_folder, path) = file(bytes);
    let shape = Shape::detect(&path).map_err(|e| e.code())?;
    let mut table = Table::open(&path, &shape).map_err(|e| e.code())?;
    let mut said = table.columns().join("|");
    let mut row = Row::default();
    while table.next_row(&mut row).map_err(|e| e.code())? {
        let mut cells: Vec<String> = row.cells.iter().map(str::to_owned).collect();
        for (column, problem) in &row.cell_problems {
            cells[*column] += &format!("!{}", problem.code);
        }
        said += &match &row.problem {
            None => format!("\n{}: {}", row.line, cells.join("|")),
            Some(problem) => format!("\n{}! {}", row.line, problem.code),
        };
    }
    Ok(said)
}

/// An archive of parts; `lie` may change what the directory says of a part's size.
fn archive(parts: &[(&str, &[u8])], lie: impl Fn(&str, u32) -> u32) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in parts {
        let mut crc = Crc::new();
        crc.update(content);
        let mut packer = DeflateEncoder::new(Vec::new(), Compression::fast());
        packer.write_all(content).unwrap();
        let packed = packer.finish().unwrap();
        let at = bytes.len() as u32;
        let size = lie(name, content.len() as u32);
        let mut about = Vec::new();
        about.extend([20, 0, 0, 0, 8, 0, 0, 0, 0, 0]);
        about.extend(crc.sum().to_le_bytes());
        about.extend((packed.len() as u32).to_le_bytes());
        about.extend(size.to_le_bytes());
        about.extend((name.len() as u16).to_le_bytes());
        about.extend([0, 0]);
        bytes.extend(b"PK\x03\x04");
        bytes.extend(&about);
        bytes.extend(name.bytes());
        bytes.extend(&packed);
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(&about);
        directory.extend([0; 10]);
        directory.extend(at.to_le_bytes());
        directory.extend(name.bytes());
    }
    let at = bytes.len() as u32;
    bytes.extend(&directory);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend((parts.len() as u16).to_le_bytes());
    bytes.extend((parts.len() as u16).to_le_bytes());
    bytes.extend((directory.len() as u32).to_le_bytes());
    bytes.extend(at.to_le_bytes());
    bytes.extend([0, 0]);
    bytes
}

const WORKBOOK: &str =
    r#"<workbook xmlns:r="r"><sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
const RELATIONS: &str = r#"<Relationships><Relationship Id="rId1" Type="x/worksheet" Target="worksheets/sheet1.xml"/>
    <Relationship Id="rId2" Type="x/sharedStrings" Target="/xl/sharedStrings.xml"/></Relationships>"#;

/// A workbook of one sheet with these rows, and these texts to share.
fn workbook(rows: &str, texts: &str) -> Vec<u8> {
    let sheet = format!("<worksheet><sheetData>{rows}</sheetData></worksheet>");
    whole(&sheet, &format!("<sst>{texts}</sst>"), |_, size| size)
}

fn whole(sheet: &str, texts: &str, lie: impl Fn(&str, u32) -> u32) -> Vec<u8> {
    let parts = [
        ("xl/workbook.xml", WORKBOOK.as_bytes()),
        ("xl/_rels/workbook.xml.rels", RELATIONS.as_bytes()),
        ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
        ("xl/sharedStrings.xml", texts.as_bytes()),
    ];
    archive(&parts, lie)
}

const HEADER: &str = r#"<row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is></c><c r="B1" t="inlineStr"><is><t>b</t></is></c></row>"#;

#[test]
fn what_spreadsheet_programs_write_is_read() {
    let mut writer = Writer::new();
    let sheet = writer.add_worksheet();
    let day = CellFormat::new().set_num_format("yyyy-mm-dd");
    let time = CellFormat::new().set_num_format("yyyy/m/d h:mm");
    for (column, name) in ["客户", "day", "time", "amount", "", "flag", "sum"]
        .into_iter()
        .enumerate()
    {
        sheet.write_string(1, column as u16, name).unwrap();
    }
    sheet
        .write_string(2, 0, "张伟 😀 \u{202e}=1+1 <b> & 'x'")
        .unwrap();
    let at = ExcelDateTime::from_ymd(2026, 10, 31).unwrap();
    sheet.write_datetime_with_format(2, 1, &at, &day).unwrap();
    sheet
        .write_datetime_with_format(2, 2, at.and_hms(8, 15, 7).unwrap(), &time)
        .unwrap();
    sheet.write_number(2, 3, 12.34).unwrap();
    sheet.write_boolean(2, 5, true).unwrap();
    sheet
        .write_formula(2, 6, Formula::new("=1+1").set_result("2"))
        .unwrap();
    sheet.write_number(4, 0, 13_800_138_000_f64).unwrap();
    sheet.write_number(4, 3, 0.1 + 0.2).unwrap();
    sheet.write_string(4, 4, "line 1\nline 2").unwrap();
    writer
        .add_worksheet()
        .set_name("二")
        .unwrap()
        .write_string(0, 0, "x")
        .unwrap();
    let bytes = writer.save_to_buffer().unwrap();
    assert_eq!(
        read(&bytes).as_deref(),
        Ok("客户|day|time|amount|column 5|flag|sum\n\
            3: 张伟 😀 \u{202e}=1+1 <b> & 'x'|2026-10-31|2026-10-31 08:15:07|12.34||true|2\n\
            5: 13800138000|||0.3|line 1\nline 2||")
    );
    let (_folder, path) = file(&bytes);
    let shape = Shape::detect(&path).unwrap();
    let names: Vec<_> = shape
        .sheets(&path)
        .unwrap()
        .into_iter()
        .map(|sheet| sheet.name)
        .collect();
    assert_eq!(names, ["Sheet1", "二"]);
    let table = Table::open(&path, &Shape { sheet: 1, ..shape }).unwrap();
    assert_eq!(table.columns(), ["x"]);
    let beyond = Table::open(&path, &Shape { sheet: 2, ..shape }).unwrap_err();
    assert_eq!(beyond.code(), "sheet_unknown");
    // Cut anywhere, or with one byte turned, it is refused or read as it was: never read as something else.
    for cut in [4, 30, bytes.len() / 2, bytes.len() - 4] {
        assert_eq!(read(&bytes[..cut]), Err("file_unreadable"), "cut at {cut}");
    }
    let right = read(&bytes);
    for at in (0..bytes.len()).step_by(37) {
        let mut turned = bytes.clone();
        turned[at] ^= 0x55;
        let said = read(&turned);
        assert!(said.is_err() || said == right, "turned at {at}: {said:?}");
    }
}

#[test]
fn cells_say_what_they_say() {
    let texts = "<si><t>shared</t></si><si/><si><r><t>rich </t></r><r><t xml:space=\"preserve\">text</t></r>\
                 <rPh sb=\"0\" eb=\"1\"><t>yomi</t></rPh></si><si><t>a_x000D_b</t></si>";
    for (case, cells, said) in [
        (
            "shared texts",
            r#"<c t="s"><v>0</v></c><c t="s"><v>2</v></c>"#,
            "2: shared|rich text",
        ),
        (
            "an empty shared text",
            r#"<c t="s"><v>1</v></c><c t="s"><v>3</v></c>"#,
            "2: |a\rb",
        ),
        ("sparse", r#"<c r="B2"><v>1</v></c>"#, "2: |1"),
        ("without addresses", "<c/><c><v>1</v></c>", "2: |1"),
        (
            "entities",
            r#"<c t="str"><v>&lt;&#20013;&amp;</v></c>"#,
            "2: <中&|",
        ),
        ("a formula's value", "<c><f>1+1</f><v>2</v></c>", "2: 2|"),
        (
            "a formula's empty text",
            r#"<c t="str"><f>""</f><v></v></c><c><v>1</v></c>"#,
            "2: |1",
        ),
        (
            "a formula without value",
            "<c><f>1+1</f></c>",
            "2: !formula_without_value|",
        ),
        (
            "a formula with nothing",
            "<c><f>1+1</f><v/></c>",
            "2: !formula_without_value|",
        ),
        (
            "a shared formula without value",
            r#"<c><f t="shared" si="0"/></c>"#,
            "2: !formula_without_value|",
        ),
        (
            "an error",
            r##"<c t="e"><v>#REF!</v></c>"##,
            "2: #REF!!cell_error|",
        ),
        (
            "an error of a later Excel",
            r##"<c t="e"><v>#SPILL!</v></c>"##,
            "2: #SPILL!!cell_error|",
        ),
        (
            "digits lost",
            "<c><v>1.10101199001011E+17</v></c>",
            "2: 110101199001011000!number_imprecise|",
        ),
        (
            "an ISO date",
            r#"<c t="d"><v>2026-10-31T08:15:00</v></c>"#,
            "2: 2026-10-31T08:15:00|",
        ),
        (
            "more cells than names",
            "<c><v>1</v></c><c><v>2</v></c><c><v>3</v></c>",
            "2! column_count",
        ),
        (
            "empty cells beyond",
            r#"<c><v>1</v></c><c r="ZZ2" s="0"/>"#,
            "2: 1|",
        ),
        (
            "a comment and CDATA",
            "<c t=\"str\"><v><!-- x --><![CDATA[<y>]]></v></c>",
            "2: <y>|",
        ),
    ] {
        let bytes = workbook(&format!("{HEADER}<row r=\"2\">{cells}</row>"), texts);
        assert_eq!(
            read(&bytes).as_deref(),
            Ok(format!("a|b\n{said}").as_str()),
            "{case}"
        );
    }
}

#[test]
fn what_is_no_workbook_or_a_bomb_is_refused() {
    let row = |cells: &str| workbook(&format!("{HEADER}<row r=\"2\">{cells}</row>"), "");
    let honest = |_: &str, size: u32| size;
    let long = |bytes: usize| "x".repeat(bytes);
    let deep = "<x>".repeat(100);
    let shared_long = format!("<si><t>{}</t></si>", long(400_000));
    let no_workbook = archive(&[("word/document.xml", b"<document/>")], honest);
    let binary = archive(
        &[
            (
                "_rels/.rels",
                br#"<Relationships><Relationship Id="a" Type="x/officeDocument" Target="xl/workbook.bin"/></Relationships>"#,
            ),
            ("xl/workbook.bin", b"\0"),
        ],
        honest,
    );
    let many: Vec<String> = (0..10_001).map(|n| format!("xl/p{n}")).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|name| (name.as_str(), &b""[..])).collect();
    let zeroes = format!(
        "<worksheet><sheetData>{}</sheetData></worksheet>",
        " ".repeat(5 << 20)
    );
    let sheet_of = |rows: &str| format!("<worksheet><sheetData>{HEADER}{rows}</sheetData></worksheet>");
    let doubled = archive(&[("xl/a", b"1"), ("XL/A", b"2")], honest);
    let mut locked = workbook(HEADER, "");
    let entry = locked.windows(4).position(|four| four == b"PK\x01\x02").unwrap();
    locked[entry + 8] |= 1;
    for (case, bytes, code) in [
        ("another archive", no_workbook, "format_unknown"),
        ("a binary workbook", binary, "format_unknown"),
        ("a protected part", locked, "file_unreadable"),
        ("thousands of parts", archive(&many, honest), "workbook_too_large"),
        ("two parts of one name", doubled, "file_unreadable"),
        (
            "a directory that says gigabytes",
            whole(&sheet_of(""), "<sst/>", |_, _| 3 << 30),
            "workbook_too_large",
        ),
        (
            "a part larger than it says",
            whole(&sheet_of(""), "<sst/>", |_, size| size - 1),
            "workbook_too_large",
        ),
        (
            "a part smaller than it says",
            whole(&sheet_of(""), "<sst/>", |_, size| size + 1),
            "file_unreadable",
        ),
        (
            "nothing but blanks",
            whole(&zeroes, "<sst/>", honest),
            "row_too_large",
        ),
        (
            "a huge cell",
            row(&format!("<c t=\"str\"><v>{}</v></c>", long(2 << 20))),
            "row_too_large",
        ),
        (
            "a huge attribute",
            row(&format!("<c r=\"{}\"/>", long(5 << 20))),
            "row_too_large",
        ),
        (
            "a huge comment",
            row(&format!("<!--{}-->", long(5 << 20))),
            "row_too_large",
        ),
        (
            "a long text many times",
            workbook(
                &format!("{HEADER}<row>{}</row>", r#"<c t="s"><v>0</v></c>"#.repeat(3)),
                &shared_long,
            ),
            "row_too_large",
        ),
        ("elements within elements", row(&deep), "file_unreadable"),
        (
            "an own XML",
            whole("<!DOCTYPE x [<!ENTITY a \"b\">]><worksheet/>", "<sst/>", honest),
            "file_unreadable",
        ),
        (
            "an entity nobody knows",
            row("<c t=\"str\"><v>&lol9;</v></c>"),
            "file_unreadable",
        ),
        (
            "a text that is not there",
            row(r#"<c t="s"><v>7</v></c>"#),
            "file_unreadable",
        ),
        (
            "a number that is none",
            row("<c><v>1,5</v></c>"),
            "file_unreadable",
        ),
        (
            "a column beyond the last",
            row(r#"<c r="XFE2"><v>1</v></c>"#),
            "file_unreadable",
        ),
        (
            "a cell nowhere",
            row(r#"<c r="2"><v>1</v></c>"#),
            "file_unreadable",
        ),
        (
            "cells out of order",
            row(r#"<c r="B2"><v>1</v></c><c r="A2"><v>1</v></c>"#),
            "file_unreadable",
        ),
        (
            "rows out of order",
            workbook(&format!("{HEADER}<row r=\"1\"/>"), ""),
            "file_unreadable",
        ),
        (
            "a row beyond the last",
            workbook(&format!("{HEADER}<row r=\"1048577\"/>"), ""),
            "workbook_too_large",
        ),
        ("no rows at all", workbook("", ""), "header_missing"),
        (
            "a sheet without rows",
            whole("<worksheet/>", "<sst/>", honest),
            "file_unreadable",
        ),
        (
            "a sheet that breaks off",
            whole("<worksheet><sheetData><row>", "<sst/>", honest),
            "file_unreadable",
        ),
    ] {
        assert_eq!(read(&bytes), Err(code), "{case}");
    }
    let wide: String = (0..501).map(|n| format!("<c t=\"str\"><v>{n}</v></c>")).collect();
    assert_eq!(
        read(&workbook(&format!("<row>{wide}</row>"), "")),
        Err("too_many_columns")
    );
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(200))]
    #[test]
    fn no_sheet_breaks_the_reader(rows in "(<row( r=\"[0-9]{1,3}\")?>|</row>|<c( t=\"(s|e|b|str)\")?>|</c>|<v>|</v>|<f/>|<is>|<t>|</t>|[0-9a]|&amp;|<!--|]]>){0,30}") {
        let _any_answer_will_do = read(&workbook(&format!("{HEADER}{rows}"), "<si><t>x</t></si>"));
    }
}
