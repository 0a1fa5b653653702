//! Two runs side by side: who moved class, and how much value moved. Asked of the profiles in SQL
//! (`sql/compare_*.sql`), because the firm may want to ask more of them in the same way.

use std::path::Path;

use base::{Error, Result};
use datafusion::arrow::array::{Array, AsArray, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Int64Type};
use datafusion::prelude::{ParquetReadOptions, SessionContext};

use super::scan::{file_url, scan_config};

/// What changed between two runs. Values are in minor units, each customer's rounded before they are added.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Comparison {
    /// Customers of the earlier run.
    pub customers_before: u64,
    /// Customers of the later run.
    pub customers_after: u64,
    /// Customers only of the later run.
    pub entered: u64,
    /// Customers only of the earlier run.
    pub left: u64,
    /// Decimal digits of the currency's minor unit.
    pub minor_digits: u32,
    /// Their value in the earlier run.
    pub value_before_minor: i64,
    /// Their value in the later run.
    pub value_after_minor: i64,
    /// Every pair of classes that occurs; the empty name stands for not being a customer.
    pub classes: Vec<ClassMove>,
    /// Those who gained the most, at most 20.
    pub up: Vec<Mover>,
    /// Those who lost the most, at most 20.
    pub down: Vec<Mover>,
}

/// Customers who went from one class to another, or stayed.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct ClassMove {
    /// The class in the earlier run.
    pub from_class: String,
    /// The class in the later run.
    pub to_class: String,
    /// How many.
    pub customers: u64,
    /// Their value in the earlier run.
    pub value_before_minor: i64,
    /// Their value in the later run.
    pub value_after_minor: i64,
}

/// A customer whose value moved.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Mover {
    /// Who.
    pub customer_id: String,
    /// The class in the earlier run.
    pub from_class: String,
    /// The class in the later run.
    pub to_class: String,
    /// Value in the earlier run.
    pub value_before_minor: i64,
    /// Value in the later run.
    pub value_after_minor: i64,
}

const CLASSES: &str = include_str!("../../sql/compare_classes.sql");
const MOVERS_UP: &str = include_str!("../../sql/compare_movers_up.sql");
const MOVERS_DOWN: &str = include_str!("../../sql/compare_movers_down.sql");

/// Compares the profiles of two runs. Blocking.
///
/// Errors: files that cannot be read or are not profiles, or whose customers' ids differ in type.
pub fn compare(before: &Path, after: &Path) -> Result<Comparison> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Error::internal)?;
    runtime.block_on(async {
        let context = SessionContext::new_with_config(scan_config());
        for (name, path) in [("before", before), ("after", after)] {
            let extension = path
                .extension()
                .map(|e| format!(".{}", e.to_string_lossy()))
                .unwrap_or_default();
            let options = ParquetReadOptions {
                file_extension: &extension,
                ..ParquetReadOptions::default()
            };
            std::fs::metadata(path).map_err(|error| unreadable(path, &error))?;
            context
                .register_parquet(name, file_url(path)?, options)
                .await
                .map_err(|error| unreadable(path, &error))?;
        }
        let minor_digits = minor_digits(&context, "before").await?;
        if minor_digits != self::minor_digits(&context, "after").await? {
            return Err(Error::invalid(
                "runs_not_comparable",
                "the runs are in currencies with different minor units",
            ));
        }
        let ask = |sql: &'static str| {
            let context = context.clone();
            let sql = sql.replace("{per_major}", &10_i64.pow(minor_digits).to_string());
            async move {
                let table = context.sql(&sql).await.map_err(|error| not_profiles(&error))?;
                table.collect().await.map_err(|error| not_profiles(&error))
            }
        };
        let mut classes = Vec::new();
        for batch in ask(CLASSES).await? {
            let rows = Rows(&batch);
            for row in 0..batch.num_rows() {
                classes.push(ClassMove {
                    from_class: rows.text("from_class", row)?,
                    to_class: rows.text("to_class", row)?,
                    customers: rows.whole("customers", row)?.unsigned_abs(),
                    value_before_minor: rows.whole("value_before", row)?,
                    value_after_minor: rows.whole("value_after", row)?,
                });
            }
        }
        let mut movers = [Vec::new(), Vec::new()];
        for (movers, sql) in movers.iter_mut().zip([MOVERS_UP, MOVERS_DOWN]) {
            for batch in ask(sql).await? {
                let rows = Rows(&batch);
                for row in 0..batch.num_rows() {
                    movers.push(Mover {
                        customer_id: rows.text("customer_id", row)?,
                        from_class: rows.text("from_class", row)?,
                        to_class: rows.text("to_class", row)?,
                        value_before_minor: rows.whole("value_before", row)?,
                        value_after_minor: rows.whole("value_after", row)?,
                    });
                }
            }
        }
        let [up, down] = movers;
        let customers = |of: fn(&ClassMove) -> bool| {
            classes
                .iter()
                .filter(|row| of(row))
                .map(|row| row.customers)
                .sum()
        };
        Ok(Comparison {
            customers_before: customers(|row| !row.from_class.is_empty()),
            customers_after: customers(|row| !row.to_class.is_empty()),
            entered: customers(|row| row.from_class.is_empty()),
            left: customers(|row| row.to_class.is_empty()),
            minor_digits,
            value_before_minor: classes.iter().map(|row| row.value_before_minor).sum(),
            value_after_minor: classes.iter().map(|row| row.value_after_minor).sum(),
            classes,
            up,
            down,
        })
    })
}

/// The digits of the amounts in a file of profiles.
async fn minor_digits(context: &SessionContext, table: &str) -> Result<u32> {
    let table = context.table(table).await.map_err(|error| not_profiles(&error))?;
    let amount = table
        .schema()
        .field_with_unqualified_name("contribution")
        .map_err(|error| not_profiles(&error))?;
    match amount.data_type() {
        DataType::Decimal128(_, digits @ 0..=6) => Ok(digits.unsigned_abs().into()),
        other => Err(not_profiles(&format!("contribution is {other}"))),
    }
}

fn unreadable(path: &Path, error: &dyn std::fmt::Display) -> Error {
    Error::invalid(
        "profiles_malformed",
        format!("cannot read {}: {error}", path.display()),
    )
}

fn not_profiles(error: &dyn std::fmt::Display) -> Error {
    Error::invalid(
        "profiles_malformed",
        format!("these are not profiles of two runs: {error}"),
    )
}

struct Rows<'a>(&'a RecordBatch);

impl Rows<'_> {
    fn column(&self, name: &str) -> Result<&datafusion::arrow::array::ArrayRef> {
        self.0
            .column_by_name(name)
            .ok_or_else(|| not_profiles(&format!("no column {name}")))
    }

    fn text(&self, name: &str, row: usize) -> Result<String> {
        let text = datafusion::arrow::compute::cast(
            self.column(name)?,
            &datafusion::arrow::datatypes::DataType::Utf8,
        )
        .map_err(|error| not_profiles(&error))?;
        Ok(text.as_string::<i32>().value(row).to_owned())
    }

    fn whole(&self, name: &str, row: usize) -> Result<i64> {
        self.column(name)?
            .as_primitive_opt::<Int64Type>()
            .filter(|column| column.is_valid(row))
            .map(|column| column.value(row))
            .ok_or_else(|| not_profiles(&format!("{name} is no whole number")))
    }
}
