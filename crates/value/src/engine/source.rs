//! Where a run's transactions come from and which columns mean what. Names that are not given are
//! guessed; a guess that could be wrong is an error that lists the columns found.

use std::path::PathBuf;

use base::{Error, Result};

use crate::column_names;

/// The unit amounts are stored in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AmountUnit {
    /// Yuan, dollars: what files from outside carry.
    #[default]
    Major,
    /// Fen, cents, as whole numbers: what the ledger's own columnar copy carries.
    Minor,
}

/// Column names; what is `None` is guessed, where guessing is safe.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mapping {
    /// Who bought.
    pub customer: Option<String>,
    /// When.
    pub at: Option<String>,
    /// For how much, in `unit`; negative for money given back.
    pub amount: Option<String>,
    /// What it cost the firm, in `unit`.
    pub cost: Option<String>,
    /// The id of the line in its source; a repeated id is a repeated line and counts once.
    pub external_id: Option<String>,
    /// The external id of the line that this line takes back.
    pub reverses: Option<String>,
    /// The external ids that some line takes back, where they are known and no line is repeated: nothing is then
    /// remembered of the others, which takes more room than the lines themselves.
    pub reversed: Option<Vec<String>>,
    /// Customers that lines name and that are counted as others: the customer named and the other one, who is not
    /// named so itself. For customers whose id is text.
    pub counted_as: Vec<(String, String)>,
    /// The unit of amount and cost.
    pub unit: AmountUnit,
}

/// The transactions of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LedgerSource {
    /// One CSV file with a header, UTF-8.
    Csv {
        /// The file.
        path: PathBuf,
        /// Its columns.
        mapping: Mapping,
    },
    /// Parquet files of one shape, read in this order.
    Parquet {
        /// The files.
        paths: Vec<PathBuf>,
        /// Their columns.
        mapping: Mapping,
    },
}

impl LedgerSource {
    /// Its columns.
    pub(crate) fn mapping(&self) -> &Mapping {
        match self {
            Self::Csv { mapping, .. } | Self::Parquet { mapping, .. } => mapping,
        }
    }
}

/// The place of each column in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Columns {
    pub customer: usize,
    pub at: usize,
    pub amount: usize,
    pub cost: Option<usize>,
    pub external_id: Option<usize>,
    pub reverses: Option<usize>,
}

impl Columns {
    /// Finds the columns of a mapping among those a file has.
    ///
    /// Errors: `column_missing`, `column_ambiguous`, `column_used_twice`, each listing the columns.
    pub(crate) fn find(mapping: &Mapping, found: &[String]) -> Result<Self> {
        let columns = Self {
            customer: required(
                found,
                mapping.customer.as_deref(),
                column_names::CUSTOMER,
                "customer",
            )?,
            at: required(found, mapping.at.as_deref(), column_names::AT, "at")?,
            amount: required(found, mapping.amount.as_deref(), column_names::AMOUNT, "amount")?,
            cost: match &mapping.cost {
                Some(name) => Some(named(found, name, "cost")?),
                None => match guesses(found, column_names::COST, "cost")[..] {
                    [only] => Some(only),
                    _ => None,
                },
            },
            external_id: mapping
                .external_id
                .as_deref()
                .map(|name| named(found, name, "external_id"))
                .transpose()?,
            reverses: mapping
                .reverses
                .as_deref()
                .map(|name| named(found, name, "reverses"))
                .transpose()?,
        };
        if columns.reverses.is_some() && columns.external_id.is_none() {
            return Err(Error::invalid(
                "column_missing",
                "a column of reversals needs the column of external ids that it refers to",
            )
            .at("mapping.external_id"));
        }
        let mut used = columns.used();
        used.sort_unstable();
        if let Some(twice) = used.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(Error::invalid(
                "column_used_twice",
                format!("the column {:?} cannot stand for two things", found[twice[0]]),
            )
            .at("mapping"));
        }
        Ok(columns)
    }

    /// All columns in use.
    pub(crate) fn used(&self) -> Vec<usize> {
        [
            Some(self.customer),
            Some(self.at),
            Some(self.amount),
            self.cost,
            self.external_id,
            self.reverses,
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

fn required(found: &[String], given: Option<&str>, names: &[&str], role: &'static str) -> Result<usize> {
    if let Some(name) = given {
        return named(found, name, role);
    }
    match guesses(found, names, role)[..] {
        [only] => Ok(only),
        [] => Err(missing(
            format!("no column looks like the {role}; the file has {}", listed(found)),
            role,
        )),
        ref several => {
            let names: Vec<String> = several.iter().map(|&i| found[i].clone()).collect();
            Err(Error::invalid(
                "column_ambiguous",
                format!(
                    "{} could each be the {role}: name one; the file has {}",
                    listed(&names),
                    listed(found)
                ),
            )
            .at(&format!("mapping.{role}")))
        }
    }
}

/// The column of exactly this name, else the only one of this name in another case.
fn named(found: &[String], name: &str, role: &'static str) -> Result<usize> {
    if let Some(place) = found.iter().position(|column| column == name) {
        return Ok(place);
    }
    let folded = name.trim().to_lowercase();
    let mut alike = (0..found.len()).filter(|&i| found[i].trim().to_lowercase() == folded);
    match (alike.next(), alike.next()) {
        (Some(place), None) => Ok(place),
        _ => Err(missing(
            format!("there is no column {name:?}; the file has {}", listed(found)),
            role,
        )),
    }
}

fn missing(message: String, role: &str) -> Error {
    Error::invalid("column_missing", message).at(&format!("mapping.{role}"))
}

/// The columns of one of these names, or of the role's own; an amount may say that it is in minor units.
fn guesses(found: &[String], names: &[&str], role: &str) -> Vec<usize> {
    (0..found.len())
        .filter(|&i| {
            let plain: String = found[i]
                .chars()
                .filter(|c| !matches!(c, '_' | '-' | ' ' | '\u{feff}'))
                .flat_map(char::to_lowercase)
                .collect();
            let in_minor = matches!(role, "amount" | "cost");
            let own = plain.strip_suffix("minor").filter(|_| in_minor).unwrap_or(&plain);
            own == role || names.contains(&plain.as_str())
        })
        .collect()
}

fn listed(names: &[String]) -> String {
    const SHOWN: usize = 50;
    let mut text = names
        .iter()
        .take(SHOWN)
        .map(|n| format!("{n:?}"))
        .collect::<Vec<_>>()
        .join(", ");
    if names.is_empty() {
        text.push_str("no columns");
    } else if names.len() > SHOWN {
        text.push_str(&format!(" and {} more", names.len() - SHOWN));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(header: &str, change: impl Fn(&mut Mapping)) -> Result<Columns> {
        let found: Vec<String> = header.split(',').map(str::to_owned).collect();
        let mut mapping = Mapping::default();
        change(&mut mapping);
        Columns::find(&mapping, &found)
    }

    #[test]
    fn usual_names_are_guessed() {
        for (header, expected) in [
            ("master_id,customer_id,date,quantity,amount", (1, 2, 4)),
            ("客户编号,交易时间,金额", (0, 1, 2)),
            ("Amount,TS,User ID", (2, 1, 0)),
        ] {
            let columns = find(header, |_| {}).unwrap();
            assert_eq!(
                (columns.customer, columns.at, columns.amount),
                expected,
                "{header}"
            );
        }
        assert_eq!(find("customer,date,amount,成本", |_| {}).unwrap().cost, Some(3));
    }

    #[test]
    fn what_cannot_be_guessed_is_an_error_that_lists_the_columns() {
        for (header, code) in [
            ("customer_id,user_id,date,amount", "column_ambiguous"),
            ("customer_id,when,amount", "column_missing"),
            ("", "column_missing"),
        ] {
            let error = find(header, |_| {}).unwrap_err();
            assert_eq!(error.code(), code, "{header}");
            for column in header.split(',') {
                assert!(
                    error.to_string().contains(column),
                    "{error} does not list {column}"
                );
            }
        }
        let twice = find("who,date,amount", |m| {
            m.customer = Some("who".to_owned());
            m.amount = Some("WHO".to_owned());
        });
        assert_eq!(twice.unwrap_err().code(), "column_used_twice");
        let reversal = find("customer,date,amount,back", |m| {
            m.reverses = Some("back".to_owned())
        });
        assert_eq!(reversal.unwrap_err().code(), "column_missing");
    }
}
