//! The columnar copy of the ledger: Parquet by month, kept up by watermark. Derived, never edited: the
//! folder can be deleted and is made anew. The database says which files count, so a file that a killed
//! process left behind is never read.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base::{Day, Error, Result};
use datafusion::arrow::array::{
    ArrayRef, Int64Builder, RecordBatch, StringBuilder, TimestampMicrosecondBuilder,
};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use datafusion::parquet::basic::{Compression, ZstdLevel};
use datafusion::parquet::file::properties::WriterProperties;
use futures::StreamExt as _;
use platform::db::{Db, Tx};

use crate::engine::source::{AmountUnit, Mapping};
use crate::model::RecordedLine;
use crate::store::ledger::{self, LedgerFile};

/// Lines copied in one step: bounds memory (about 200 MB) and what a crash repeats.
const LINES_PER_STEP: u32 = 500_000;
/// A month with more files than this is rewritten as one.
const FILES_PER_MONTH_MAX: usize = 8;

/// The copy as of a watermark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copy {
    /// The last line it holds.
    pub watermark: i64,
    /// Its lines.
    pub rows: u64,
    /// The sum of their amounts, minor units.
    pub amount_minor: i64,
    /// Its files.
    pub paths: Vec<PathBuf>,
}

/// The schema of every file of the copy.
pub fn schema() -> SchemaRef {
    let text = |name: &str, nullable| Field::new(name, DataType::Utf8, nullable);
    Arc::new(Schema::new(vec![
        Field::new("seq", DataType::Int64, false),
        text("customer_id", false),
        Field::new(
            "at",
            DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            false,
        ),
        Field::new("amount_minor", DataType::Int64, false),
        Field::new("cost_minor", DataType::Int64, true),
        text("kind", false),
        text("product", true),
        text("channel", true),
        text("line", false),
        text("reverses", true),
    ]))
}

/// Which column of the copy means what. `reversed` are the lines ([`line_name`]) that others take back: no other
/// line is told apart by name, because the ledger itself has each line once.
pub fn mapping(reversed: Vec<String>, counted_as: Vec<(String, String)>) -> Mapping {
    let has_reversals = !reversed.is_empty();
    let column = |name: &str| Some(name.to_owned());
    Mapping {
        customer: column("customer_id"),
        at: column("at"),
        amount: column("amount_minor"),
        cost: column("cost_minor"),
        external_id: has_reversals.then(|| "line".to_owned()),
        reverses: has_reversals.then(|| "reverses".to_owned()),
        reversed: has_reversals.then_some(reversed),
        counted_as,
        unit: AmountUnit::Minor,
    }
}

/// Copies the lines that have come since the last time and says what the copy holds.
///
/// `progress(done, total)` is called between steps and may stop the work with an error.
pub async fn bring_up_to_date(
    db: &Db,
    folder: &Path,
    mut progress: impl FnMut(u64, u64) -> Result<()> + Send,
) -> Result<Copy> {
    let watermark = {
        let mut tx = db.write().await?;
        let watermark = ledger::watermark(&mut tx).await?;
        tx.rollback().await?;
        watermark
    };
    let mut files = ledger::files(&mut db.read().await?).await?;
    if !are_there(folder, &files).await? {
        tracing::warn!(folder = %folder.display(), "the columnar copy is incomplete and is made anew");
        let mut tx = db.write().await?;
        ledger::replace_files(&mut tx, &files, &[]).await?;
        tx.commit().await?;
        files.clear();
    }
    let begun_at = files.iter().map(|file| file.seq_to).max().unwrap_or(0);
    let mut copied_to = begun_at;
    while copied_to < watermark {
        progress(
            (copied_to - begun_at).unsigned_abs(),
            (watermark - begun_at).unsigned_abs(),
        )?;
        let lines = read_lines(db, copied_to, watermark).await?;
        let Some(last) = lines.last().map(|line| line.seq) else {
            break;
        };
        let ledger = ledger::sums_between(&mut db.read().await?, copied_to, last).await?;
        let target = folder.to_owned();
        let files = tokio::task::spawn_blocking(move || write_by_month(&target, &lines, last))
            .await
            .map_err(Error::internal)??;
        let copied = files.iter().fold((0, 0), |(rows, minor), file| {
            (rows + file.rows, minor + file.amount_minor)
        });
        if copied != ledger {
            return Err(Error::internal(format!(
                "lines {copied_to} to {last} of the ledger are {ledger:?} in number and minor units, their copy {copied:?}"
            )));
        }
        let mut tx = db.write().await?;
        if ledger::copied_to(&mut tx).await? != copied_to {
            return Err(overtaken());
        }
        ledger::replace_files(&mut tx, &[], &files).await?;
        tx.commit().await?;
        copied_to = last;
    }
    compact(db, folder).await?;
    let files = ledger::files(&mut db.read().await?).await?;
    Ok(Copy {
        watermark,
        rows: files.iter().map(|file| file.rows.unsigned_abs()).sum(),
        amount_minor: files.iter().map(|file| file.amount_minor).sum(),
        paths: files.iter().map(|file| folder.join(&file.path)).collect(),
    })
}

/// A process that was held up for long may find that its successor has copied the same lines.
fn overtaken() -> Error {
    Error::Unavailable {
        code: "ledger_copied_elsewhere",
        message: "another process is copying the ledger".to_owned(),
    }
}

/// Whether the folder has every file of the list.
async fn are_there(folder: &Path, files: &[LedgerFile]) -> Result<bool> {
    let paths: Vec<PathBuf> = files.iter().map(|file| folder.join(&file.path)).collect();
    tokio::task::spawn_blocking(move || paths.iter().all(|path| path.is_file()))
        .await
        .map_err(Error::internal)
}

async fn read_lines(db: &Db, after: i64, until: i64) -> Result<Vec<RecordedLine>> {
    let mut tx = db.read().await?;
    tx.allow_minutes(30).await?;
    let mut lines = Vec::new();
    let mut rows = ledger::lines_between(&mut tx, after, until, LINES_PER_STEP)?;
    while let Some(line) = rows.next().await {
        lines.push(line?);
    }
    Ok(lines)
}

fn write_by_month(folder: &Path, lines: &[RecordedLine], seq_to: i64) -> Result<Vec<LedgerFile>> {
    let mut months: BTreeMap<i32, Vec<&RecordedLine>> = BTreeMap::new();
    for line in lines {
        let day = Day(line.line.at.as_second().div_euclid(86_400) as i32);
        months.entry(day.month().0).or_default().push(line);
    }
    months
        .into_iter()
        .map(|(month, mut lines)| {
            // One customer's lines stand together: the file is smaller, and the next line's customer was just met.
            lines.sort_by_key(|line| (line.line.customer, line.line.at, line.seq));
            let path = format!("{}/{seq_to:012}.parquet", base::Month(month));
            let amount_minor = lines.iter().map(|line| line.line.amount_minor).sum();
            write_file(&folder.join(&path), &[batch(&lines)?])?;
            Ok(LedgerFile {
                path,
                month,
                rows: lines.len() as i64,
                amount_minor,
                seq_to,
            })
        })
        .collect()
}

fn batch(lines: &[&RecordedLine]) -> Result<RecordBatch> {
    let texts = |of: &dyn Fn(&RecordedLine) -> Option<String>| -> ArrayRef {
        let mut builder = StringBuilder::with_capacity(lines.len(), lines.len() * 16);
        for line in lines {
            builder.append_option(of(line));
        }
        Arc::new(builder.finish())
    };
    let numbers = |of: &dyn Fn(&RecordedLine) -> Option<i64>| -> ArrayRef {
        let mut builder = Int64Builder::with_capacity(lines.len());
        for line in lines {
            builder.append_option(of(line));
        }
        Arc::new(builder.finish())
    };
    let mut at = TimestampMicrosecondBuilder::with_capacity(lines.len()).with_timezone("UTC");
    for line in lines {
        at.append_value(line.line.at.as_microsecond());
    }
    RecordBatch::try_new(
        schema(),
        vec![
            numbers(&|line| Some(line.seq)),
            texts(&|line| Some(line.line.customer.to_string())),
            Arc::new(at.finish()),
            numbers(&|line| Some(line.line.amount_minor)),
            numbers(&|line| line.line.cost_minor),
            texts(&|line| Some(line.line.kind.clone())),
            texts(&|line| line.line.product.clone()),
            texts(&|line| line.line.channel.clone()),
            texts(&|line| Some(line_name(&line.line.source, &line.line.external_id))),
            texts(&|line| {
                line.line
                    .reverses
                    .as_ref()
                    .map(|reversed| line_name(&line.line.source, reversed))
            }),
        ],
    )
    .map_err(Error::internal)
}

/// Ids of different sources may be equal: with its source an id names one line of the ledger.
fn line_name(source: &str, external_id: &str) -> String {
    format!("{source}/{external_id}")
}

/// The lines of the ledger that others take back.
pub async fn reversed(tx: &mut Tx) -> Result<Vec<String>> {
    let reversed = ledger::reversed(tx).await?;
    Ok(reversed
        .iter()
        .map(|(source, external_id)| line_name(source, external_id))
        .collect())
}

/// Writes a file whole or not at all.
fn write_file(path: &Path, batches: &[RecordBatch]) -> Result<()> {
    let failed = |e: &dyn std::fmt::Display| {
        Error::internal(format!(
            "the ledger's columns cannot be written to {}: {e}",
            path.display()
        ))
    };
    let folder = path.parent().ok_or_else(|| failed(&"no folder"))?;
    platform::private::folder(folder).map_err(|e| failed(&e))?;
    let unfinished = path.with_extension("unfinished");
    let file = File::create(&unfinished).map_err(|e| failed(&e))?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(131_072))
        .build();
    let mut writer = ArrowWriter::try_new(&file, schema(), Some(properties)).map_err(|e| failed(&e))?;
    for batch in batches {
        writer.write(batch).map_err(|e| failed(&e))?;
    }
    writer.close().map_err(|e| failed(&e))?;
    file.sync_all().map_err(|e| failed(&e))?;
    std::fs::rename(&unfinished, path).map_err(|e| failed(&e))?;
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|e| failed(&e))
}

/// Rewrites months that have become many small files.
async fn compact(db: &Db, folder: &Path) -> Result<()> {
    let mut months: BTreeMap<i32, Vec<LedgerFile>> = BTreeMap::new();
    for file in ledger::files(&mut db.read().await?).await? {
        months.entry(file.month).or_default().push(file);
    }
    for (_, gone) in months
        .into_iter()
        .filter(|(_, files)| files.len() > FILES_PER_MONTH_MAX)
    {
        let (target, sources) = (folder.to_owned(), gone.clone());
        let new = tokio::task::spawn_blocking(move || merge(&target, &sources))
            .await
            .map_err(Error::internal)??;
        let mut tx = db.write().await?;
        if !ledger::replace_files(&mut tx, &gone, &[new]).await? {
            return Err(overtaken());
        }
        tx.commit().await?;
        for file in &gone {
            // A reader that still has it open keeps it; a leftover is never read again.
            let _already_gone = tokio::fs::remove_file(folder.join(&file.path)).await;
        }
    }
    Ok(())
}

fn merge(folder: &Path, sources: &[LedgerFile]) -> Result<LedgerFile> {
    let Some(newest) = sources.iter().max_by_key(|file| file.seq_to) else {
        return Err(Error::internal("a month of the ledger's columns has no files"));
    };
    let mut batches = Vec::new();
    for source in sources {
        let file = File::open(folder.join(&source.path)).map_err(Error::internal)?;
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).and_then(|builder| builder.build());
        for batch in reader.map_err(Error::internal)? {
            batches.push(batch.map_err(Error::internal)?);
        }
    }
    let path = format!(
        "{}/merged-{:012}.parquet",
        base::Month(newest.month),
        newest.seq_to
    );
    write_file(&folder.join(&path), &batches)?;
    Ok(LedgerFile {
        path,
        month: newest.month,
        rows: sources.iter().map(|file| file.rows).sum(),
        amount_minor: sources.iter().map(|file| file.amount_minor).sum(),
        seq_to: newest.seq_to,
    })
}
