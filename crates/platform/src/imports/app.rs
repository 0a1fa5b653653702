//! The use cases of imports. Each needs the permission `imports.write`.

use std::path::{Path, PathBuf};

use base::{Error, Page, PageSize, Result};
use serde_json::json;

use super::kind::ImportKind;
use super::model::{
    Column, DRY_RUN, FieldInfo, IMPORT, Import, ImportId, ImportOptions, ImportStart, ImportState, JobInput,
    Mapping, Upload,
};
use super::store::{self, Found};
use super::{Imports, files, rules};
use crate::access::{Caller, Permission};
use crate::db::Tx;
use crate::events::{self, Event};
use crate::firm;
use crate::http::StoredFile;
use crate::ids;
use crate::jobs::{Job, NewJob, Unique};
use crate::state::Platform;
use crate::tabular::{Encoding, Format, Row, Shape, Table};

/// Values shown of each column.
const SAMPLES: usize = 5;
/// Rows looked at to find them.
const SAMPLE_ROWS: usize = 100;
/// The longest sample, in characters.
const SAMPLE_CHARS: usize = 60;

/// Takes a file that has arrived (see [`crate::http::receive`]): finds out what it is and keeps it.
///
/// Errors: `kind_unknown`, `firm_generated`, and what [`Shape::detect`] and [`Table::open`] refuse; then the
/// file is gone.
pub async fn add(
    platform: &Platform,
    imports: &Imports,
    caller: &Caller,
    kind: &str,
    file: StoredFile,
) -> Result<Import> {
    caller.require_whole_firm(Permission::ImportsWrite)?;
    let kind = imports.kind(kind)?;
    firm::load(&mut platform.db.read().await?).await?.require_real()?;
    let path = file.path().to_owned();
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let (shape, columns) = look(path, None).await?;
    let upload = Upload {
        id: ids::new(&platform.clock),
        kind: kind.name().to_owned(),
        file_name: file.file_name.clone(),
        bytes: file.bytes,
        sha256: file.sha256.iter().map(|byte| format!("{byte:02x}")).collect(),
        shape,
        columns,
        options: None,
        checked: false,
        report: None,
        job: None,
        created_at: platform.clock.now(),
    };
    let mut tx = platform.db.write().await?;
    store::insert(&mut tx, &upload, &name, caller.actor()).await?;
    let payload = json!({
        "kind": upload.kind, "file_name": upload.file_name, "bytes": upload.bytes, "sha256": upload.sha256,
    });
    record(&mut tx, platform, caller, "import.uploaded", upload.id, &payload).await?;
    let suggested = suggestion(&mut tx, &*kind, &upload).await?;
    // A file that nothing mentions is swept away; one that an import mentions must be there, so it is kept
    // before the commit, after which the request may be given up at any moment.
    let _stays = file.keep();
    tx.commit().await?;
    Ok(shown(upload, ImportState::Uploaded, &*kind, suggested))
}

/// What a file is, its columns and some of their values.
async fn look(path: PathBuf, encoding: Option<Encoding>) -> Result<(Shape, Vec<Column>)> {
    tokio::task::spawn_blocking(move || look_blocking(&path, encoding))
        .await
        .map_err(|_| Error::invalid("file_unreadable", "the file is damaged and cannot be read"))?
}

fn look_blocking(path: &Path, encoding: Option<Encoding>) -> Result<(Shape, Vec<Column>)> {
    let shape = match encoding {
        Some(encoding) => Shape::of_text(path, encoding)?,
        None => Shape::detect(path)?,
    };
    let mut table = Table::open(path, &shape)?;
    let mut columns: Vec<Column> = table
        .columns()
        .iter()
        .map(|name| Column {
            name: name.clone(),
            samples: Vec::new(),
        })
        .collect();
    let mut row = Row::default();
    for _ in 0..SAMPLE_ROWS {
        // A file whose later rows cannot be read is shown; the dry run says where it breaks.
        if !matches!(table.next_row(&mut row), Ok(true)) {
            break;
        }
        for (column, cell) in columns.iter_mut().zip(&row.cells) {
            let sample: String = cell
                .trim()
                .chars()
                .filter(|c| !c.is_control())
                .take(SAMPLE_CHARS)
                .collect();
            if !sample.is_empty() && column.samples.len() < SAMPLES && !column.samples.contains(&sample) {
                column.samples.push(sample);
            }
        }
    }
    Ok((shape, columns))
}

/// How a file might be read.
struct Suggestion {
    mapping: Mapping,
    source: Option<String>,
}

/// The newest source and mapping used for this kind that fit the file, completed by what its column names
/// suggest for fields that had no column then.
async fn suggestion(tx: &mut Tx, kind: &dyn ImportKind, upload: &Upload) -> Result<Suggestion> {
    let columns: Vec<String> = upload.columns.iter().map(|column| column.name.clone()).collect();
    let currency = firm::load(tx).await?.currency;
    let suggested = rules::suggest(kind.fields(), &columns, currency);
    let remembered = store::mappings(tx, kind.name()).await?;
    let fits = |mapping: &Mapping| rules::resolve(kind.fields(), mapping, &columns).is_ok();
    let Some((source, mut mapping)) = remembered.into_iter().find(|(_, mapping)| fits(mapping)) else {
        return Ok(Suggestion {
            mapping: suggested,
            source: None,
        });
    };
    for (field, column) in suggested {
        if !mapping.values().any(|used| *used == column) {
            mapping.entry(field).or_insert(column);
        }
    }
    Ok(Suggestion {
        mapping,
        source: Some(source),
    })
}

fn shown(upload: Upload, state: ImportState, kind: &dyn ImportKind, suggested: Suggestion) -> Import {
    let fields = kind.fields().iter().map(|field| FieldInfo {
        name: field.name,
        required: field.required,
    });
    Import {
        id: upload.id,
        kind: upload.kind,
        file_name: upload.file_name,
        bytes: upload.bytes,
        format: upload.shape.format.name(),
        encoding: upload.shape.encoding,
        columns: upload.columns,
        suggested_mapping: suggested.mapping,
        suggested_source: suggested.source,
        options: upload.options,
        fields: fields.collect(),
        state,
        job_id: upload.job,
        report: upload.report,
        created_at: upload.created_at,
    }
}

async fn shown_found(tx: &mut Tx, imports: &Imports, found: Found) -> Result<Import> {
    let kind = imports.kind(&found.upload.kind)?;
    let suggested = suggestion(tx, &*kind, &found.upload).await?;
    Ok(shown(found.upload, found.state, &*kind, suggested))
}

/// Imports, newest first.
pub async fn list(
    platform: &Platform,
    imports: &Imports,
    caller: &Caller,
    size: PageSize,
    cursor: Option<&str>,
) -> Result<Page<Import>> {
    caller.require_whole_firm(Permission::ImportsWrite)?;
    let mut tx = platform.db.read().await?;
    let page = store::page(&mut tx, size, cursor).await?;
    let mut items = Vec::with_capacity(page.items.len());
    for found in page.items {
        items.push(shown_found(&mut tx, imports, found).await?);
    }
    Ok(Page {
        items,
        next_cursor: page.next_cursor,
    })
}

/// One import.
pub async fn get(platform: &Platform, imports: &Imports, caller: &Caller, id: ImportId) -> Result<Import> {
    caller.require_whole_firm(Permission::ImportsWrite)?;
    let mut tx = platform.db.read().await?;
    let found = store::get(&mut tx, id)
        .await?
        .ok_or(Error::NotFound { what: "import" })?;
    shown_found(&mut tx, imports, found).await
}

/// Reads the file's header anew in another encoding, or in the one found out when none is named. What was
/// checked before is forgotten.
///
/// Errors: `encoding_not_for_parquet`, `import_busy`, `import_done`, `file_gone`, and what [`Table::open`]
/// refuses.
pub async fn set_encoding(
    platform: &Platform,
    imports: &Imports,
    caller: &Caller,
    id: ImportId,
    encoding: Option<Encoding>,
) -> Result<Import> {
    caller.require_whole_firm(Permission::ImportsWrite)?;
    let (found, file) = still_open(&mut platform.db.read().await?, id).await?;
    if found.upload.shape.format == Format::Parquet {
        let message = "a Parquet file says itself how its text is written";
        return Err(Error::invalid("encoding_not_for_parquet", message).at("encoding"));
    }
    let (shape, columns) = look(files::path(platform, &file), encoding).await?;
    let mut tx = platform.db.write().await?;
    store::lock(&mut tx, id).await?;
    if still_open(&mut tx, id).await?.0.is_busy {
        return Err(Error::conflict("import_busy", BUSY));
    }
    store::set_shape(&mut tx, id, &shape, &columns).await?;
    let payload = json!({ "encoding": shape.encoding });
    record(&mut tx, platform, caller, "import.encoding_set", id, &payload).await?;
    tx.commit().await?;
    get(platform, imports, caller, id).await
}

const BUSY: &str = "this file is being checked or imported already";

/// The import with the name of its file, if anything can still be done with it.
async fn still_open(tx: &mut Tx, id: ImportId) -> Result<(Found, String)> {
    let found = store::get(tx, id)
        .await?
        .ok_or(Error::NotFound { what: "import" })?;
    if found.state == ImportState::Imported {
        return Err(Error::conflict(
            "import_done",
            "this file is imported already; upload it again to repeat it",
        ));
    }
    match found.file.clone() {
        Some(file) => Ok((found, file)),
        None => Err(Error::conflict(
            "file_gone",
            "the file was removed after a week; upload it again",
        )),
    }
}

/// Queues a job that reads the file and says what importing it would do.
///
/// Errors: a mapping that cannot be right, `firm_facts_fixed`, `firm_generated`, `import_busy`, `file_gone`,
/// `import_done`.
pub async fn start_dry_run(
    platform: &Platform,
    imports: &Imports,
    caller: &Caller,
    id: ImportId,
    options: ImportOptions,
) -> Result<Job> {
    enqueue(platform, imports, caller, id, Ask::Check(options)).await
}

/// Queues the import of what the dry run has checked. Above the reject limit the job fails with
/// `too_many_rejects` and changes nothing.
///
/// Errors: as for the dry run, `import_not_checked`, `import_done`.
pub async fn start(
    platform: &Platform,
    imports: &Imports,
    caller: &Caller,
    id: ImportId,
    start: ImportStart,
) -> Result<Job> {
    enqueue(platform, imports, caller, id, Ask::Import(start)).await
}

/// What is asked of an uploaded file.
enum Ask {
    Check(ImportOptions),
    Import(ImportStart),
}

async fn enqueue(
    platform: &Platform,
    imports: &Imports,
    caller: &Caller,
    id: ImportId,
    ask: Ask,
) -> Result<Job> {
    caller.require_whole_firm(Permission::ImportsWrite)?;
    let mut tx = platform.db.write().await?;
    if !store::lock(&mut tx, id).await? {
        return Err(Error::NotFound { what: "import" });
    }
    let (found, _) = still_open(&mut tx, id).await?;
    let (job_kind, mut options) = match ask {
        Ask::Check(options) => (DRY_RUN, options),
        Ask::Import(start) => (IMPORT, checked_options(&found.upload, start)?),
    };
    options.source = options.source.parse::<super::model::Source>()?.0;
    rules::reject_limit(options.reject_limit_percent)?;
    let kind = imports.kind(&found.upload.kind)?;
    let columns: Vec<String> = found
        .upload
        .columns
        .iter()
        .map(|column| column.name.clone())
        .collect();
    rules::resolve(kind.fields(), &options.mapping, &columns)?;
    let firm = firm::load(&mut tx).await?;
    firm.require_real()?;
    firm.with(options.currency, options.zone.as_deref())?;

    let unique = format!("import/{id}");
    let job_input = JobInput {
        import: id,
        options: options.clone(),
    };
    let new = NewJob {
        kind: job_kind,
        subject: Some(("import", id.uuid())),
        input: serde_json::to_value(job_input).map_err(Error::internal)?,
        unique: Some(Unique {
            key: &unique,
            code: "import_busy",
            message: BUSY,
        }),
        actor: caller.actor(),
    };
    let job = platform.jobs.enqueue(&mut tx, &platform.clock, new).await?;
    if job_kind == DRY_RUN {
        store::begin_check(&mut tx, id, job.id, &options).await?;
    } else {
        store::set_job(&mut tx, id, job.id).await?;
        let payload = json!({ "kind": found.upload.kind, "source": options.source, "job": job.id });
        record(&mut tx, platform, caller, "import.started", id, &payload).await?;
    }
    tx.commit().await?;
    platform.jobs.wake();
    Ok(job)
}

/// What was checked, with the limit that is asked for now.
fn checked_options(upload: &Upload, start: ImportStart) -> Result<ImportOptions> {
    let checked = upload.options.clone().filter(|_| upload.checked);
    let options = checked.ok_or_else(|| {
        Error::conflict(
            "import_not_checked",
            "the file has not been checked as it is to be read; do a dry run first",
        )
    })?;
    Ok(ImportOptions {
        reject_limit_percent: start.reject_limit_percent.or(options.reject_limit_percent),
        ..options
    })
}

async fn record(
    tx: &mut Tx,
    platform: &Platform,
    caller: &Caller,
    kind: &'static str,
    id: ImportId,
    payload: &serde_json::Value,
) -> Result<()> {
    let event = Event {
        actor: caller.actor(),
        kind,
        subject_kind: "import",
        subject: id.uuid(),
        customer: None,
        payload,
    };
    events::record(tx, &platform.clock, &event).await
}

/// The rejected rows as CSV: the columns as they came, then line, column and reason. A cell that a
/// spreadsheet would take for a formula is made a text by an apostrophe.
pub async fn rejects_csv(platform: &Platform, caller: &Caller, id: ImportId) -> Result<(String, Vec<u8>)> {
    const PER_QUERY: u32 = 1_000;
    caller.require_whole_firm(Permission::ImportsWrite)?;
    let mut tx = platform.db.read().await?;
    let found = store::get(&mut tx, id)
        .await?
        .ok_or(Error::NotFound { what: "import" })?;
    let width = found.upload.columns.len();
    let mut csv = csv::Writer::from_writer(b"\xef\xbb\xbf".to_vec());
    let own = ["line", "column", "reason"].map(str::to_owned);
    let header = found
        .upload
        .columns
        .iter()
        .map(|column| column.name.clone())
        .chain(own);
    csv.write_record(header.map(|cell| defused(&cell)))
        .map_err(Error::internal)?;
    let mut after = -1;
    loop {
        let rows = store::rejects(&mut tx, id, after, PER_QUERY).await?;
        for (number, rejected) in &rows {
            after = *number;
            let reject = &rejected.reject;
            let cells = (0..width).map(|n| rejected.cells.get(n).cloned().unwrap_or_default());
            // Cells beyond the header go with the reason, so that nothing of the row is lost.
            let beyond = rejected.cells.get(width..).filter(|more| !more.is_empty());
            let mut reason = format!("{} ({}", reject.code, reject.message);
            if let Some(more) = beyond {
                reason += &format!("; further cells: {}", more.join(" | "));
            }
            if rejected.is_cut {
                reason += "; the row is longer than is kept and ends where the … is";
            }
            reason.push(')');
            let about = [
                reject.line.to_string(),
                reject.column.clone().unwrap_or_default(),
                reason,
            ];
            csv.write_record(cells.chain(about).map(|cell| defused(&cell)))
                .map_err(Error::internal)?;
        }
        if rows.len() < PER_QUERY as usize {
            break;
        }
    }
    let stem = found
        .upload
        .file_name
        .rsplit_once('.')
        .map_or(found.upload.file_name.as_str(), |(stem, _)| stem);
    Ok((
        format!("{stem}-rejects.csv"),
        csv.into_inner().map_err(Error::internal)?,
    ))
}

/// A cell that no spreadsheet takes for a formula. Numbers stay as they are.
fn defused(cell: &str) -> String {
    let is_number = || {
        let digits = cell.trim_start_matches(['-', '+']);
        !digits.is_empty()
            && digits
                .chars()
                .all(|c| c.is_ascii_digit() || matches!(c, '.' | ','))
    };
    match cell.chars().next() {
        Some('=' | '@' | '\t' | '\r' | '\n') => format!("'{cell}"),
        Some('+' | '-') if !is_number() => format!("'{cell}"),
        _ => cell.to_owned(),
    }
}
