//! Excel workbooks (`.xlsx`): one sheet, row by row, with the limits a file from a stranger needs. What a
//! formula came to is taken as the file has it; nothing is ever computed.

mod package;
mod sheet;
mod value;
mod workbook;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use base::{Error, Result};

use self::package::Package;
use self::sheet::{Cell, SheetRows};
use self::workbook::Workbook;
use super::{COLUMNS_MAX, Row, RowProblem};

/// A worksheet as people see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SheetInfo {
    /// Its name.
    pub name: String,
    /// It cannot be seen when the workbook is opened.
    pub hidden: bool,
}

/// The worksheets of a workbook whose every part that is read was found whole.
///
/// Errors: `format_unknown` (no workbook of this kind), `workbook_too_large`, `file_unreadable`.
pub(super) fn inspect(path: &Path) -> Result<Vec<SheetInfo>> {
    let package = Package::open(path)?;
    let workbook = Workbook::read(&package)?;
    // A thousand sheets may be the same part.
    let parts: BTreeSet<String> = workbook.parts().map(str::to_lowercase).collect();
    for part in parts {
        package.verify(&part)?;
    }
    Ok(workbook.sheets.into_iter().map(|sheet| sheet.info).collect())
}

/// The worksheets of a workbook that was inspected.
pub(super) fn sheets(path: &Path) -> Result<Vec<SheetInfo>> {
    let workbook = Workbook::read(&Package::open(path)?)?;
    Ok(workbook.sheets.into_iter().map(|sheet| sheet.info).collect())
}

/// The rows of a worksheet.
#[derive(Debug)]
pub(super) struct XlsxRows {
    sheet: SheetRows,
    cells: Vec<Cell>,
    width: usize,
}

impl XlsxRows {
    /// Opens the worksheet of a number; its first row with anything in it names the columns.
    pub(super) fn open(path: &Path, sheet: u16) -> Result<(Vec<String>, Self)> {
        let package = Package::open(path)?;
        let workbook = Workbook::read(&package)?;
        let found = workbook
            .sheets
            .get(usize::from(sheet))
            .ok_or_else(|| Error::invalid("sheet_unknown", "the workbook has no such sheet").at("sheet"))?;
        let reader = package.part(&found.part)?;
        let texts = workbook.texts(&package)?;
        let mut sheet = SheetRows::new(reader, Arc::new(texts), workbook.dates)?;
        let mut cells = Vec::new();
        loop {
            if sheet.next_row(&mut cells)?.is_none() {
                return Err(Error::invalid(
                    "header_missing",
                    "the first line must name the columns",
                ));
            }
            if cells.iter().any(|cell| !cell.text.trim().is_empty()) {
                break;
            }
        }
        let width = cells.iter().filter(|cell| !cell.text.trim().is_empty());
        let width = width.map(|cell| cell.column + 1).max().unwrap_or(0);
        let mut columns: Vec<String> = (1..=width).map(|n| format!("column {n}")).collect();
        for cell in &cells {
            let name = cell.text.trim();
            if let Some(column) = columns.get_mut(cell.column)
                && !name.is_empty()
            {
                name.clone_into(column);
            }
        }
        Ok((columns, Self { sheet, cells, width }))
    }

    pub(super) fn next_row(&mut self, row: &mut Row) -> Result<bool> {
        let Some(line) = self.sheet.next_row(&mut self.cells)? else {
            return Ok(false);
        };
        row.line = line;
        row.cells.clear();
        let mut beyond = 0;
        for cell in &self.cells {
            if cell.column >= self.width {
                beyond += usize::from(!cell.text.trim().is_empty());
                // Kept so that a rejected row shows them; a stray note far to the right needs no 16,000 blanks.
                if cell.text.trim().is_empty() || cell.column >= COLUMNS_MAX {
                    continue;
                }
            }
            while row.cells.len() < cell.column {
                row.cells.push_field("");
            }
            row.cells.push_field(&cell.text);
            if let Some(problem) = &cell.problem {
                row.cell_problems.push((cell.column, problem.clone()));
            }
        }
        while row.cells.len() < self.width {
            row.cells.push_field("");
        }
        if beyond > 0 {
            row.problem = Some(RowProblem {
                code: "column_count",
                message: format!("the row has {beyond} cells beyond the last named column"),
            });
        }
        Ok(true)
    }
}

/// The workbook is damaged, or made to look like one.
fn damaged(what: impl std::fmt::Display) -> Error {
    Error::invalid("file_unreadable", format!("the workbook cannot be read: {what}"))
}

fn too_large(what: impl std::fmt::Display) -> Error {
    Error::invalid(
        "workbook_too_large",
        format!("{what}; save the sheet as CSV (UTF-8) and upload that"),
    )
}

#[cfg(test)]
mod tests;
