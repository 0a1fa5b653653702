//! Writes Parquet files that appear under their name only when they are complete, and are the same
//! bytes for the same rows.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use base::{Error, Result};
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::arrow::arrow_writer::{
    ArrowColumnChunk, ArrowRowGroupWriterFactory, compute_leaves,
};
use datafusion::parquet::basic::{Compression, Encoding};
use datafusion::parquet::errors::ParquetError;
use datafusion::parquet::file::properties::{EnabledStatistics, WriterProperties};
use datafusion::parquet::file::writer::SerializedFileWriter;
use datafusion::parquet::schema::types::ColumnPath;

use super::parallel::each;

/// A file being written beside its place. A thread of its own moves the bytes, so that the next group is
/// encoded meanwhile.
pub(crate) struct ParquetFile {
    groups: ArrowRowGroupWriterFactory,
    encoded: usize,
    chunks: SyncSender<Vec<ArrowColumnChunk>>,
    writing: JoinHandle<std::result::Result<File, ParquetError>>,
    partial: PartialFile,
}

type FileWriter = SerializedFileWriter<BufWriter<File>>;

/// Groups that wait to be written: one, so that memory stays bounded.
const GROUPS_WAITING: usize = 1;

/// Writes the groups in order, to the file's footer.
fn write(
    mut writer: FileWriter,
    groups: &Receiver<Vec<ArrowColumnChunk>>,
) -> std::result::Result<File, ParquetError> {
    for chunks in groups {
        let mut group = writer.next_row_group()?;
        for chunk in chunks {
            chunk.append_to_row_group(&mut group)?;
        }
        group.close()?;
        // The disk works while the next group is made, and little is left to wait for at the end.
        writer.inner().get_ref().sync_data()?;
    }
    writer
        .into_inner()?
        .into_inner()
        .map_err(|error| ParquetError::External(Box::new(error)))
}

impl ParquetFile {
    /// Starts a file whose columns are single values or lists of them; `repetitive` names those whose
    /// few values repeat.
    pub(crate) fn create(path: &Path, schema: &SchemaRef, repetitive: &[&str]) -> Result<Self> {
        let partial = PartialFile::beside(path);
        let file = File::create(&partial.path).map_err(|error| unwritable(path, &error))?;
        let mut properties = WriterProperties::builder()
            .set_created_by("patron".to_owned())
            .set_compression(Compression::UNCOMPRESSED)
            .set_dictionary_enabled(false)
            .set_statistics_enabled(EnabledStatistics::None);
        for (place, field) in schema.fields().iter().enumerate() {
            let mut path = vec![field.name().clone()];
            let mut kind = field.data_type();
            if let DataType::FixedSizeList(item, _) = kind {
                path.extend(["list".to_owned(), item.name().clone()]);
                kind = item.data_type();
            }
            let path = ColumnPath::new(path);
            if place == 0 {
                // A reader that looks for a customer skips the other groups.
                properties = properties.set_column_statistics_enabled(path.clone(), EnabledStatistics::Chunk);
            }
            properties = match kind {
                DataType::Int8 | DataType::Int32 | DataType::Int64 | DataType::Date32 => {
                    properties.set_column_encoding(path, Encoding::DELTA_BINARY_PACKED)
                }
                // Up to 18 digits Parquet has whole numbers of 64 bits for them.
                DataType::Decimal128(0..=18, _) => {
                    properties.set_column_encoding(path, Encoding::DELTA_BINARY_PACKED)
                }
                // Estimates hardly shrink, whatever time is spent on them; the ends of intervals do.
                DataType::Float64 if field.name().ends_with("_low") || field.name().ends_with("_high") => {
                    properties.set_column_compression(path, Compression::LZ4_RAW)
                }
                DataType::Utf8 => properties.set_column_compression(path, Compression::LZ4_RAW),
                _ => properties,
            };
        }
        for column in repetitive {
            let path = column.split('.').map(str::to_owned).collect();
            properties = properties.set_column_dictionary_enabled(ColumnPath::new(path), true);
        }
        let writer = ArrowWriter::try_new(BufWriter::new(file), schema.clone(), Some(properties.build()))
            .and_then(ArrowWriter::into_serialized_writer);
        let (writer, groups) = writer.map_err(|error| unwritable(path, &error))?;
        let (chunks, receiver) = sync_channel(GROUPS_WAITING);
        let writing = std::thread::Builder::new()
            .name("parquet-writer".to_owned())
            .spawn(move || write(writer, &receiver))
            .map_err(|error| unwritable(path, &error))?;
        Ok(Self {
            groups,
            encoded: 0,
            chunks,
            writing,
            partial,
        })
    }

    /// Writes batches as one group of rows, the columns encoded on all cores. What goes wrong when the bytes
    /// are moved is said by [`ParquetFile::finish`].
    pub(crate) fn write_group(&mut self, batches: &[RecordBatch]) -> Result<()> {
        let unwritable = |error: ParquetError| unwritable(&self.partial.place, &error);
        let writers = self
            .groups
            .create_column_writers(self.encoded)
            .map_err(unwritable)?;
        let columns: Vec<_> = writers.into_iter().enumerate().collect();
        let chunks = each(columns, |(i, mut column)| {
            for batch in batches {
                // A batch may hold a decimal in 64 bits where the file says 128: stored they are the same.
                let leaves = compute_leaves(batch.schema_ref().field(i), batch.column(i));
                for leaf in leaves.map_err(unwritable)? {
                    column.write(&leaf).map_err(unwritable)?;
                }
            }
            column.close().map_err(unwritable)
        })?;
        self.encoded += 1;
        // Where the writer has given up, nobody listens: `finish` says why.
        let _ = self.chunks.send(chunks);
        Ok(())
    }

    /// Completes the file; it is durable when this returns, and appears with [`PartialFile::publish`].
    pub(crate) fn finish(self) -> Result<PartialFile> {
        let Self {
            chunks,
            writing,
            partial,
            ..
        } = self;
        drop(chunks);
        let place = &partial.place;
        let file = writing
            .join()
            .map_err(|_| Error::internal("the thread that writes a file failed"))?
            .map_err(|error| unwritable(place, &error))?;
        file.sync_all().map_err(|error| unwritable(place, &error))?;
        Ok(partial)
    }
}

/// A file beside its place; gone when dropped before it is published.
pub(crate) struct PartialFile {
    path: PathBuf,
    place: PathBuf,
}

impl PartialFile {
    pub(crate) fn beside(place: &Path) -> Self {
        let mut name = std::ffi::OsString::from(".");
        name.push(place.file_name().unwrap_or_default());
        name.push(".partial");
        Self {
            path: place.with_file_name(name),
            place: place.to_owned(),
        }
    }

    /// Writes a whole small file.
    pub(crate) fn of_bytes(place: &Path, bytes: &[u8]) -> Result<Self> {
        use std::io::Write as _;
        let partial = Self::beside(place);
        File::create(&partial.path)
            .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
            .map_err(|error| unwritable(place, &error))?;
        Ok(partial)
    }

    /// Moves the file to its place.
    pub(crate) fn publish(self) -> Result<()> {
        std::fs::rename(&self.path, &self.place).map_err(|error| unwritable(&self.place, &error))
    }
}

impl Drop for PartialFile {
    fn drop(&mut self) {
        // Published, it is no longer there; else nothing of it may stay.
        let _ = std::fs::remove_file(&self.path);
    }
}

pub(crate) fn unwritable(path: &Path, error: &dyn std::fmt::Display) -> Error {
    Error::invalid(
        "file_unwritable",
        format!("cannot write {}: {error}", path.display()),
    )
}
