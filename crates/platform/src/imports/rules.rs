//! Which column is which field, whether a row is accepted, whether a file is. Pure.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use base::{Currency, Error, Result};
use sha2::{Digest as _, Sha256};

use super::fields::{CellFacts, CellProblem, Field, FieldKind, FieldValue};
use super::kind::{ImportKind, ImportRow};
use super::model::{Mapping, REJECT_LIMIT_PERCENT, Reject};
use crate::tabular;

/// What a bracket in a column's name begins with, and ends with: narrow and full-width.
const OPENING: [char; 4] = ['(', '\u{ff08}', '[', '【'];
const CLOSING: [char; 4] = [')', '\u{ff09}', ']', '】'];

/// Whether a column of amounts, going by its name, holds them in whole units of the currency: what stands
/// in brackets after the name is the currency's unit, or there is nothing (`金额(元)`, not `金额(万元)`).
fn is_in_major_units(name: &str, currency: Currency) -> bool {
    const UNITS: [&str; 9] = [
        "元",
        "人民币",
        "人民币元",
        "yuan",
        "rmb",
        "¥",
        "\u{ffe5}",
        "$",
        "€",
    ];
    let Some((before, unit)) = name.split_once(OPENING) else {
        return true;
    };
    let unit = unit.trim_end().trim_end_matches(CLOSING).trim().to_lowercase();
    before.trim().is_empty() || UNITS.contains(&unit.as_str()) || unit.eq_ignore_ascii_case(currency.code())
}

/// A column's name as it is compared: lower case, without spaces, punctuation and bracketed units
/// (`金额(元)` is `金额`, `Customer_ID` is `customerid`).
pub fn fold(name: &str) -> String {
    let without_unit = name.split(OPENING).next().filter(|text| !text.trim().is_empty());
    without_unit
        .unwrap_or(name)
        .chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// The mapping that the columns' names suggest. A field with two columns of equal standing gets none, nor
/// does an amount in thousands or cents: a guess that may be wrong is worse than a question.
pub(super) fn suggest(fields: &[Field], columns: &[String], currency: Currency) -> Mapping {
    let folded: Vec<String> = columns.iter().map(|name| fold(name)).collect();
    let mut mapping = Mapping::new();
    for field in fields {
        let own_name = fold(field.name);
        let names = std::iter::once(own_name.as_str()).chain(field.aliases.iter().copied());
        for name in names {
            let mut meant = (0..columns.len()).filter(|&n| folded[n] == name);
            match (meant.next(), meant.next()) {
                (None, _) => {}
                (Some(n), None) => {
                    let is_amount = matches!(field.kind, FieldKind::Amount);
                    if is_amount && !is_in_major_units(&columns[n], currency) {
                        break;
                    }
                    if !mapping.values().any(|column| *column == columns[n]) {
                        mapping.insert(field.name.to_owned(), columns[n].clone());
                        break;
                    }
                }
                (Some(_), Some(_)) => break,
            }
        }
    }
    mapping
}

/// What files with the same columns have in common, in whatever order they are: a hash of their names.
pub(super) fn signature(columns: &[String]) -> String {
    let mut names: Vec<&str> = columns.iter().map(String::as_str).collect();
    names.sort_unstable();
    let mut hash = Sha256::new();
    for name in names {
        hash.update((name.len() as u64).to_le_bytes());
        hash.update(name.as_bytes());
    }
    let mut hex = String::with_capacity(64);
    for byte in hash.finalize() {
        let _cannot_fail = write!(hex, "{byte:02x}");
    }
    hex
}

/// Where each field of a kind stands in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Places(Vec<Option<usize>>);

impl Places {
    /// Whether a field has a column.
    pub(super) fn is_mapped(&self, field: usize) -> bool {
        self.0.get(field).is_some_and(Option::is_some)
    }
}

/// Finds the columns of a mapping.
///
/// Errors, each naming `mapping.<field>`: `field_unknown`, `column_missing`, `column_ambiguous` (two
/// columns of that name), `column_used_twice`, `field_required`.
pub(super) fn resolve(fields: &[Field], mapping: &Mapping, columns: &[String]) -> Result<Places> {
    if let Some(unknown) = mapping
        .keys()
        .find(|name| !fields.iter().any(|field| field.name == **name))
    {
        return Err(
            Error::invalid("field_unknown", format!("there is no field {unknown:?}"))
                .at(&format!("mapping.{unknown}")),
        );
    }
    let mut used: BTreeMap<usize, &str> = BTreeMap::new();
    let mut places = Vec::with_capacity(fields.len());
    for field in fields {
        let at = format!("mapping.{}", field.name);
        let Some(name) = mapping.get(field.name).filter(|name| !name.is_empty()) else {
            if field.required {
                let message = format!("name the column that holds the field {:?}", field.name);
                return Err(Error::invalid("field_required", message).at(&at));
            }
            places.push(None);
            continue;
        };
        let mut found = (0..columns.len()).filter(|&n| columns[n] == *name);
        let place = match (found.next(), found.next()) {
            (Some(place), None) => place,
            (None, _) => {
                let message = format!("the file has no column {name:?}");
                return Err(Error::invalid("column_missing", message).at(&at));
            }
            (Some(_), Some(_)) => {
                let message = format!("the file has two columns {name:?}; rename one");
                return Err(Error::invalid("column_ambiguous", message).at(&at));
            }
        };
        if let Some(other) = used.insert(place, field.name) {
            let message = format!("the column {name:?} is mapped to {other:?} already");
            return Err(Error::invalid("column_used_twice", message).at(&at));
        }
        places.push(Some(place));
    }
    Ok(Places(places))
}

/// The longest piece of a cell that a reject shows, in characters.
const VALUE_SHOWN_CHARS: usize = 200;

/// A row's values, or why it is rejected: the first thing that is wrong with it.
pub(super) fn check_row(
    kind: &dyn ImportKind,
    places: &Places,
    columns: &[String],
    row: &tabular::Row,
    facts: &CellFacts,
) -> Result<ImportRow, Reject> {
    if let Some(problem) = &row.problem {
        return Err(Reject {
            line: row.line,
            column: None,
            code: problem.code.to_owned(),
            message: problem.message.clone(),
            value: None,
        });
    }
    let mut values = Vec::with_capacity(kind.fields().len());
    for (field, place) in kind.fields().iter().zip(&places.0) {
        let value = match place {
            None => FieldValue::Empty,
            Some(place) => {
                let cell = row.cells.get(*place).unwrap_or_default();
                let reject = |code: &str, message: String| Reject {
                    line: row.line,
                    column: columns.get(*place).cloned(),
                    code: code.to_owned(),
                    message,
                    value: Some(shown(cell)),
                };
                if let Some((_, problem)) = row.cell_problems.iter().find(|(column, _)| column == place) {
                    return Err(reject(problem.code, problem.message.clone()));
                }
                let value = field
                    .kind
                    .read(cell, facts)
                    .map_err(|problem| reject(problem.code, problem.message))?;
                if field.required && value == FieldValue::Empty {
                    return Err(reject(
                        "value_missing",
                        format!("the field {:?} is empty", field.name),
                    ));
                }
                value
            }
        };
        values.push(value);
    }
    let checked = ImportRow {
        line: row.line,
        values,
    };
    match kind.check(&checked) {
        Ok(()) => Ok(checked),
        Err((field, problem)) => Err(reject_at(
            places,
            columns,
            row.line,
            field,
            &problem,
            Some(&row.cells),
        )),
    }
}

/// A reject that names the column of a field.
pub(super) fn reject_at(
    places: &Places,
    columns: &[String],
    line: u64,
    field: usize,
    problem: &CellProblem,
    cells: Option<&csv::StringRecord>,
) -> Reject {
    let place = places.0.get(field).copied().flatten();
    Reject {
        line,
        column: place.and_then(|place| columns.get(place)).cloned(),
        code: problem.code.to_owned(),
        message: problem.message.clone(),
        value: place
            .zip(cells)
            .and_then(|(place, cells)| cells.get(place))
            .map(shown),
    }
}

/// The beginning of a cell, without what a database cannot hold.
pub(super) fn shown(cell: &str) -> String {
    cell.chars()
        .take(VALUE_SHOWN_CHARS)
        .map(|c| if c == '\0' { '\u{fffd}' } else { c })
        .collect()
}

/// The limit of a request, checked: 0 to 100 percent.
pub(super) fn reject_limit(percent: Option<f64>) -> Result<f64> {
    match percent {
        None => Ok(REJECT_LIMIT_PERCENT),
        Some(percent) if (0.0..=100.0).contains(&percent) => Ok(percent),
        Some(_) => Err(
            Error::invalid("limit_out_of_range", "the reject limit is 0 to 100 percent")
                .at("reject_limit_percent"),
        ),
    }
}

/// Why a row is refused whose external id an earlier row of the file has.
pub(super) fn repeated() -> CellProblem {
    CellProblem {
        code: "external_id_repeated",
        message: "an earlier row of this file has the same id and says something else; \
                  give each line an id of its own, or leave the id out"
            .to_owned(),
    }
}

/// Passes if no more rows are rejected than the limit allows, and at least one is accepted.
///
/// Errors: `too_many_rejects`, `no_rows`.
pub(super) fn accept_file(rows: u64, rejected: u64, limit_percent: f64) -> Result<()> {
    if rows == 0 {
        return Err(Error::invalid("no_rows", "the file has a header but no rows"));
    }
    let share_percent = share_percent(rows, rejected);
    if rejected > 0 && (share_percent > limit_percent || rejected == rows) {
        return Err(Error::invalid(
            "too_many_rejects",
            format!(
                "{rejected} of {rows} rows are rejected ({share_percent:.2} %); the limit is {limit_percent} %. \
                 Nothing was imported"
            ),
        ));
    }
    Ok(())
}

/// Passes if, while rows are stored, no more of the file's rows are rejected than the limit allows.
///
/// Errors: `import_stopped_at_limit`.
pub(super) fn accept_further(rows: u64, rejected: u64, limit_percent: f64) -> Result<()> {
    if share_percent(rows, rejected) > limit_percent {
        return Err(Error::conflict(
            "import_stopped_at_limit",
            format!(
                "what is stored has changed since the file was checked, and {rejected} of its {rows} rows are \
                 rejected now; the limit is {limit_percent} %. What was stored before stays"
            ),
        ));
    }
    Ok(())
}

fn share_percent(rows: u64, rejected: u64) -> f64 {
    rejected as f64 / rows as f64 * 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: FieldKind = FieldKind::Text { chars_max: 100 };
    const FIELDS: &[Field] = &[
        Field {
            name: "customer",
            required: true,
            kind: TEXT,
            aliases: &["customerid", "客户编号", "客户"],
        },
        Field {
            name: "at",
            required: true,
            kind: FieldKind::Time,
            aliases: &["date", "交易时间"],
        },
        Field {
            name: "amount",
            required: true,
            kind: FieldKind::Amount,
            aliases: &["金额"],
        },
        Field {
            name: "product",
            required: false,
            kind: TEXT,
            aliases: &["产品"],
        },
    ];

    fn columns(header: &str) -> Vec<String> {
        header.split(',').map(str::to_owned).collect()
    }

    fn suggested(header: &str) -> String {
        suggest(FIELDS, &columns(header), Currency::CNY)
            .iter()
            .map(|(f, c)| format!("{f}={c} "))
            .collect()
    }

    #[test]
    fn column_names_suggest_a_mapping() {
        for (header, mapping) in [
            (
                "Customer_ID,Date,Amount,Product",
                "amount=Amount at=Date customer=Customer_ID product=Product ",
            ),
            (
                "客户编号,交易时间,金额(元),产品",
                "amount=金额(元) at=交易时间 customer=客户编号 product=产品 ",
            ),
            ("金额(人民币)", "amount=金额(人民币) "),
            ("Amount (CNY)", "amount=Amount (CNY) "),
            ("金额\u{ff08}元\u{ff09}", "amount=金额\u{ff08}元\u{ff09} "),
            ("金额\u{ff08}万元\u{ff09}", ""),
            ("金额(万元)", ""),
            ("金额(分)", ""),
            ("Amount [USD]", ""),
            ("amount (in thousands)", ""),
            ("金额(万元),amount", "amount=amount "),
            ("产品(必填)", "product=产品(必填) "),
            ("客户,客户编号,x", "customer=客户编号 "),
            ("amount,amount", ""),
            ("a,b", ""),
        ] {
            assert_eq!(suggested(header), mapping, "{header}");
        }
    }

    #[test]
    fn a_mapping_that_cannot_be_right_is_refused() {
        let mapping = |pairs: &[(&str, &str)]| -> Mapping {
            pairs
                .iter()
                .map(|(field, column)| ((*field).to_owned(), (*column).to_owned()))
                .collect()
        };
        let right = [("customer", "c"), ("at", "t"), ("amount", "a")];
        assert!(resolve(FIELDS, &mapping(&right), &columns("c,t,a")).is_ok());
        for (header, pairs, code) in [
            ("c,t,a", &[("customer", "c"), ("at", "t")][..], "field_required"),
            (
                "c,t,a",
                &[("customer", "c"), ("at", "t"), ("amount", "")],
                "field_required",
            ),
            (
                "c,t,a",
                &[("customer", "c"), ("at", "t"), ("amount", "z")],
                "column_missing",
            ),
            ("c,t,a,a", &right, "column_ambiguous"),
            (
                "c,t,a",
                &[("customer", "c"), ("at", "t"), ("amount", "t")],
                "column_used_twice",
            ),
            (
                "c,t,a",
                &[("customer", "c"), ("at", "t"), ("amount", "a"), ("colour", "c")],
                "field_unknown",
            ),
        ] {
            let error = resolve(FIELDS, &mapping(pairs), &columns(header)).unwrap_err();
            assert_eq!(error.code(), code, "{header} {pairs:?}");
        }
    }

    #[test]
    fn the_limit_is_a_share_of_the_rows() {
        let code = |rows, rejected, limit| accept_file(rows, rejected, limit).err().map(|e| e.code());
        assert_eq!(code(200, 2, 1.0), None);
        assert_eq!(code(199, 2, 1.0), Some("too_many_rejects"));
        assert_eq!(code(10, 0, 0.0), None);
        assert_eq!(code(10, 1, 0.0), Some("too_many_rejects"));
        assert_eq!(code(10, 9, 100.0), None);
        assert_eq!(code(10, 10, 100.0), Some("too_many_rejects"));
        assert_eq!(code(0, 0, 1.0), Some("no_rows"));
        assert!(reject_limit(Some(f64::NAN)).is_err());
        assert!(reject_limit(Some(100.1)).is_err());
    }
}
