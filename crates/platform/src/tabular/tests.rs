use std::path::PathBuf;

use super::*;

fn file(bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    std::fs::write(&path, bytes).unwrap();
    (folder, path)
}

/// Everything a file says: columns, then `line: cells` or `line! code` per row, or the error's code.
fn read(bytes: &[u8]) -> Result<String, &'static str> {
    let (_folder, path) = file(bytes);
    let shape = Shape::detect(&path).map_err(|e| e.code())?;
    let mut table = Table::open(&path, &shape).map_err(|e| e.code())?;
    let mut said = format!("{} {}", shape.encoding.name(), table.columns().join("|"));
    let mut row = Row::default();
    while table.next_row(&mut row).map_err(|e| e.code())? {
        match &row.problem {
            None => {
                said += &format!(
                    "\n{}: {}",
                    row.line,
                    row.cells.iter().collect::<Vec<_>>().join("|")
                )
            }
            Some(problem) => said += &format!("\n{}! {}", row.line, problem.code),
        }
    }
    Ok(said)
}

#[test]
fn what_people_bring_is_read() {
    let gbk = encoding_rs::GB18030.encode("客户,姓名\nC1,张伟\n").0.into_owned();
    let utf16: Vec<u8> = "\u{feff}客户\t姓名\r\nC1\t张伟\r\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    for (case, bytes, said) in [
        ("plain", &b"a,b\n1,2\n3,4\n"[..], "utf-8 a|b\n2: 1|2\n3: 3|4"),
        (
            "no newline at the end",
            b"a,b\n1,2\n3,4",
            "utf-8 a|b\n2: 1|2\n3: 3|4",
        ),
        ("one row without newline", b"a,b\n1,2", "utf-8 a|b\n2: 1|2"),
        ("CRLF", b"a,b\r\n1,2\r\n3,4\r\n", "utf-8 a|b\n2: 1|2\n3: 3|4"),
        (
            "CRLF without the last",
            b"a,b\r\n1,2\r\n3,4",
            "utf-8 a|b\n2: 1|2\n3: 3|4",
        ),
        ("byte order mark", b"\xef\xbb\xbfa,b\n1,2\n", "utf-8 a|b\n2: 1|2"),
        ("only a byte order mark's file", b"\xef\xbb\xbfa\n", "utf-8 a"),
        (
            "blank lines",
            b"a,b\n\n1,2\n\n\n3,4\n",
            "utf-8 a|b\n3: 1|2\n6: 3|4",
        ),
        (
            "rows of nothing",
            b"a,b\n1,2\n,\n 3,4\n , \n",
            "utf-8 a|b\n2: 1|2\n4:  3|4",
        ),
        ("quotes", b"a,b\n\"x,\"\"y\",2\n", "utf-8 a|b\n2: x,\"y|2"),
        (
            "newline in quotes",
            b"a,b\n\"x\ny\",2\n3,4\n",
            "utf-8 a|b\n2: x\ny|2\n4: 3|4",
        ),
        (
            "CRLF in quotes",
            b"a,b\r\n\"x\r\ny\",2\r\n3,4\r\n",
            "utf-8 a|b\n2: x\r\ny|2\n4: 3|4",
        ),
        (
            "a quoted newline at the very end",
            b"a,b\n1,\"x\ny\"",
            "utf-8 a|b\n2: 1|x\ny",
        ),
        (
            "a quoted newline before the last newline",
            b"a,b\n1,\"x\ny\"\n",
            "utf-8 a|b\n2: 1|x\ny",
        ),
        ("semicolons", b"a;b,c\n1;2,5\n", "utf-8 a;b|c\n2: 1;2|5"),
        ("more semicolons", b"a;b;c,d\n1;2;3\n", "utf-8 a|b|c,d\n2: 1|2|3"),
        ("header only", b"a,b\n", "utf-8 a|b"),
        (
            "nameless and doubled columns",
            b"a,,a\n1,2,3\n",
            "utf-8 a|column 2|a\n2: 1|2|3",
        ),
        ("NUL in a cell", b"a,b\n1\0,2\n", "utf-8 a|b\n2: 1\0|2"),
        ("GBK", &gbk, "gb18030 客户|姓名\n2: C1|张伟"),
        ("UTF-16 with tabs", &utf16, "utf-16le 客户|姓名\n2: C1|张伟"),
        (
            "too few and too many",
            b"a,b\n1\n1,2,3\n1,2\n",
            "utf-8 a|b\n2! column_count\n3! column_count\n4: 1|2",
        ),
        (
            "not UTF-8 nor GBK",
            b"a,b\n1,\xff\xff\n1,\xe5\xbc\xa0\n",
            "utf-8 a|b\n2! text_malformed\n3: 1|张",
        ),
    ] {
        assert_eq!(read(bytes).as_deref(), Ok(said), "{case}");
    }
}

#[test]
fn what_cannot_be_read_is_refused_with_its_reason() {
    let endless = [b"a,b\n1,\"".to_vec(), vec![b'x'; 3 << 20]].concat();
    let wide = (0..501).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
    for (case, bytes, code) in [
        ("empty", &b""[..], "file_empty"),
        ("no header", b"\n\n", "header_missing"),
        ("a nameless header", b",,\n1,2,3\n", "header_missing"),
        ("a broken archive", b"PK\x03\x04 and more", "file_unreadable"),
        (
            "an old or protected workbook",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
            "format_unknown",
        ),
        ("gzip", b"\x1f\x8b\x08\0\0\0\0\0", "format_unknown"),
        (
            "an open quote in the last column",
            b"a,b\n1,2\n1,\"x\n2,y\n3,z\n",
            "quote_unclosed",
        ),
        ("an open quote", b"a,b\n\"1,x\n2,y\n3,z\n", "quote_unclosed"),
        (
            "an open quote and more cells at the end",
            b"a,b\n1,\"x\n2,y\n3,z\n1,2,3",
            "quote_unclosed",
        ),
        ("an endless cell", &endless, "row_too_large"),
        ("too many columns", wide.as_bytes(), "too_many_columns"),
        ("truncated Parquet", b"PAR1 and then nothing", "file_unreadable"),
    ] {
        assert_eq!(read(bytes), Err(code), "{case}");
    }
}

#[test]
fn a_large_gbk_file_is_read_across_the_edges_of_buffers() {
    let text: String = std::iter::once("客户,姓名\n".to_owned())
        .chain((0..40_000).map(|n| format!("C{n},客户{n}\n")))
        .collect();
    let said = read(&encoding_rs::GB18030.encode(&text).0).unwrap();
    assert_eq!(said.lines().count(), 40_001);
    assert!(said.ends_with("\n40001: C39999|客户39999"));
}

#[test]
fn parquet_columns_come_as_text() {
    use ::parquet::arrow::ArrowWriter;
    use arrow::array::*;
    use std::sync::Arc;
    let lists =
        ListArray::from_iter_primitive::<arrow::datatypes::Int32Type, _, _>([Some([Some(1)]), None, None]);
    let batch = RecordBatch::try_from_iter([
        (
            "客户",
            Arc::new(StringArray::from(vec!["C1", "C2", "C3"])) as ArrayRef,
        ),
        (
            "day",
            Arc::new(Date32Array::from(vec![Some(0), None, Some(20_000)])),
        ),
        (
            "at",
            Arc::new(
                TimestampMicrosecondArray::from(vec![0, 1_000_000, 86_400_000_000]).with_timezone("UTC"),
            ),
        ),
        ("naive", Arc::new(TimestampSecondArray::from(vec![0, 1, 86_400]))),
        ("amount", Arc::new(Float64Array::from(vec![12.34, -0.5, 1e20]))),
        (
            "decimal",
            Arc::new(
                Decimal128Array::from(vec![1234, -5, 0])
                    .with_precision_and_scale(10, 2)
                    .unwrap(),
            ),
        ),
        ("ignored", Arc::new(lists)),
        ("n", Arc::new(Int64Array::from(vec![1, 2, 3]))),
    ])
    .unwrap();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    assert_eq!(
        read(&bytes).as_deref(),
        Ok("utf-8 客户|day|at|naive|amount|decimal|n\n\
            1: C1|1970-01-01|1970-01-01T00:00:00Z|1970-01-01T00:00:00|12.34|12.34|1\n\
            2: C2||1970-01-01T00:00:01Z|1970-01-01T00:00:01|-0.5|-0.05|2\n\
            3: C3|2024-10-04|1970-01-02T00:00:00Z|1970-01-02T00:00:00|100000000000000000000|0.00|3")
    );
    for cut in [4, 8, bytes.len() / 2, bytes.len() - 9] {
        assert_eq!(read(&bytes[..cut]), Err("file_unreadable"), "cut at {cut}");
    }
}

/// A Parquet file of one column of texts, written as references to `text`.
fn parquet_of(text: &str, rows: usize) -> Vec<u8> {
    use ::parquet::arrow::ArrowWriter;
    use arrow::array::*;
    use std::sync::Arc;
    let texts = DictionaryArray::new(
        Int32Array::from(vec![0; rows]),
        Arc::new(StringArray::from(vec![text])),
    );
    let batch = RecordBatch::try_from_iter([("a", Arc::new(texts) as ArrayRef)]).unwrap();
    // Read by programs that know no dictionaries: the file says only that it has texts.
    let settings = ::parquet::file::properties::WriterProperties::builder()
        .set_dictionary_page_size_limit(8 * 1024 * 1024)
        .build();
    let options = ::parquet::arrow::arrow_writer::ArrowWriterOptions::new()
        .with_properties(settings)
        .with_skip_arrow_metadata(true);
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new_with_options(&mut bytes, batch.schema(), options).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

#[test]
fn a_row_of_parquet_has_the_limit_of_any_row() {
    let whole = "x".repeat(1024 * 1024);
    let said = read(&parquet_of(&whole, 2)).unwrap();
    assert_eq!(said, format!("utf-8 a\n1: {whole}\n2: {whole}"));
    assert_eq!(
        read(&parquet_of(&"x".repeat(1024 * 1024 + 1), 2)),
        Err("row_too_large")
    );
}

#[cfg(target_os = "linux")]
#[test]
fn rows_that_share_a_long_text_do_not_fill_the_memory() {
    let bytes = parquet_of(&"x".repeat(900_000), 600);
    assert!(bytes.len() < 10_000_000, "{}", bytes.len());
    let (_folder, path) = file(&bytes);
    let shape = Shape::detect(&path).unwrap();
    let mut table = Table::open(&path, &shape).unwrap();
    let (mut row, mut rows) = (Row::default(), 0);
    while table.next_row(&mut row).unwrap() {
        rows += 1;
        assert_eq!(row.cells[0].len(), 900_000);
    }
    assert_eq!(rows, 600);
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    let peak_kib: u64 = peak.split_whitespace().nth(1).unwrap().parse().unwrap();
    assert!(peak_kib < 400_000, "{peak}");
}

#[test]
fn pages_that_unpack_to_too_much_are_refused_before_they_are() {
    let mut bytes = parquet_of(&"x".repeat(100_000), 10);
    let (_folder, path) = file(&bytes);
    let reader = ::parquet::file::metadata::ParquetMetaDataReader::new();
    let metadata = reader.parse_and_finish(&File::open(&path).unwrap()).unwrap();
    let (start, length) = metadata.row_group(0).column(0).byte_range();
    let (start, length) = (start as usize, length as usize);
    assert_eq!(
        bytes[start..start + 3],
        [0x15, 0x04, 0x15],
        "a dictionary page, then what it unpacks to"
    );
    // One page over all of the column that says it unpacks to 2 GiB, in Thrift's zigzag numbers.
    let mut header = vec![0x15, 0x04, 0x15, 0xfe, 0xff, 0xff, 0xff, 0x0f, 0x15];
    let mut packed = 2 * (length - header.len() - 4) as u64;
    for _ in 0..2 {
        header.push(packed as u8 | 0x80);
        packed >>= 7;
    }
    header.extend([packed as u8, 0]);
    assert!(packed < 0x80);
    bytes[start..start + header.len()].copy_from_slice(&header);
    assert_eq!(read(&bytes), Err("pages_too_large"));

    // Whatever else a header says, it is refused or read.
    for at in start..start + 40 {
        for byte in [0x00, 0x1c, 0x19, 0xf9, 0x18, 0xff] {
            let mut turned = bytes.clone();
            turned[at] = byte;
            let _any_answer_will_do = read(&turned);
        }
    }
}

#[test]
fn an_encoding_that_cannot_be_told_can_be_named() {
    let big5 = encoding_rs::BIG5.encode("客戶,金額\n張偉,5\n").0.into_owned();
    let western = b"client,montant\nAndr\xe9,5\n".to_vec();
    for (bytes, encoding, header, name) in [
        (big5, Encoding::Big5, "客戶", "張偉"),
        (western, Encoding::Windows1252, "client", "André"),
    ] {
        let (folder, path) = file(&bytes);
        assert_ne!(Shape::detect(&path).unwrap().encoding, encoding);
        let shape = Shape::of_text(&path, encoding).unwrap();
        let mut table = Table::open(&path, &shape).unwrap();
        let mut row = Row::default();
        assert!(table.next_row(&mut row).unwrap());
        assert_eq!(
            (table.columns()[0].as_str(), &row.cells[0], &row.problem),
            (header, name, &None)
        );

        let copy = folder.path().join("copy");
        assert!(copy_as_utf8(&path, Some(encoding), &copy).unwrap());
        assert!(
            std::fs::read_to_string(&copy)
                .unwrap()
                .ends_with(&format!("\n{name},5\n"))
        );
        assert!(!copy_as_utf8(&copy, None, &folder.path().join("none")).unwrap());
    }
}
