//! Writes Parquet files that appear under their name only when they are complete, and are the same
//! bytes for the same rows.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use base::{Error, Result};
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::arrow::arrow_writer::{ArrowRowGroupWriterFactory, compute_leaves};
use datafusion::parquet::basic::{Compression, Encoding};
use datafusion::parquet::errors::ParquetError;
use datafusion::parquet::file::properties::{EnabledStatistics, WriterProperties};
use datafusion::parquet::file::writer::SerializedFileWriter;
use datafusion::parquet::schema::types::ColumnPath;

use super::parallel::each;

/// A file being written beside its place.
pub(crate) struct ParquetFile {
    writer: SerializedFileWriter<BufWriter<File>>,
    groups: ArrowRowGroupWriterFactory,
    written: usize,
    schema: SchemaRef,
    partial: PartialFile,
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
        Ok(Self {
            writer,
            groups,
            written: 0,
            schema: SchemaRef::clone(schema),
            partial,
        })
    }

    /// Writes batches as one group of rows, the columns encoded on all cores.
    pub(crate) fn write_group(&mut self, batches: &[RecordBatch]) -> Result<()> {
        let unwritable = |error: ParquetError| unwritable(&self.partial.place, &error);
        let writers = self
            .groups
            .create_column_writers(self.written)
            .map_err(unwritable)?;
        let columns: Vec<_> = writers.into_iter().enumerate().collect();
        let chunks = each(columns, |(i, mut column)| {
            for batch in batches {
                for leaf in compute_leaves(self.schema.field(i), batch.column(i)).map_err(unwritable)? {
                    column.write(&leaf).map_err(unwritable)?;
                }
            }
            column.close().map_err(unwritable)
        })?;
        self.written += 1;
        let mut group = self.writer.next_row_group().map_err(unwritable)?;
        for chunk in chunks {
            chunk.append_to_row_group(&mut group).map_err(unwritable)?;
        }
        group.close().map(|_| ()).map_err(unwritable)
    }

    /// Completes the file; it is durable when this returns, and appears with [`PartialFile::publish`].
    pub(crate) fn finish(self) -> Result<PartialFile> {
        let Self { writer, partial, .. } = self;
        let place = &partial.place;
        let buffer = writer.into_inner().map_err(|error| unwritable(place, &error))?;
        let file = buffer.into_inner().map_err(|error| unwritable(place, &error))?;
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
