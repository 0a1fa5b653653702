//! A file as an import reads it. One that is a corrected list of rejected rows is read as the rows were: what
//! Patron had written beside them is left out, and what had kept spreadsheets from computing is taken off.

use std::path::Path;

use base::Result;

use super::rejects::{OWN_COLUMNS, REASON};
use crate::tabular::{Row, Shape, Table, formula};

/// An open file.
#[derive(Debug)]
pub(super) struct ImportTable {
    table: Table,
    columns: Vec<String>,
    /// The places of the columns that are read, if some are not.
    read: Option<Vec<usize>>,
    whole: Row,
}

impl ImportTable {
    /// Errors: as [`Table::open`].
    pub(super) fn open(path: &Path, shape: &Shape) -> Result<Self> {
        let table = Table::open(path, shape)?;
        let columns = table.columns();
        let read = columns.iter().any(|column| column == REASON).then(|| {
            let not_ours = |n: &usize| !OWN_COLUMNS.contains(&columns[*n].as_str());
            (0..columns.len()).filter(not_ours).collect::<Vec<_>>()
        });
        let columns = match &read {
            None => columns.to_vec(),
            Some(read) => read
                .iter()
                .map(|n| formula::restored(&columns[*n]).to_owned())
                .collect(),
        };
        Ok(Self {
            table,
            columns,
            read,
            whole: Row::default(),
        })
    }

    /// The names of the columns, in the file's order; two may be the same.
    pub(super) fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Reads the next row; false at the end. Rows without any text are passed over.
    ///
    /// Errors: as [`Table::next_row`].
    pub(super) fn next_row(&mut self, row: &mut Row) -> Result<bool> {
        let Some(read) = &self.read else {
            return self.table.next_row(row);
        };
        while self.table.next_row(&mut self.whole)? {
            let whole = &mut self.whole;
            row.line = whole.line;
            row.problem = whole.problem.take();
            row.cell_problems.clear();
            row.cells.clear();
            for (column, place) in read.iter().enumerate() {
                row.cells
                    .push_field(formula::restored(whole.cells.get(*place).unwrap_or_default()));
                let problem = whole.cell_problems.iter().find(|(at, _)| at == place);
                row.cell_problems
                    .extend(problem.map(|(_, problem)| (column, problem.clone())));
            }
            let is_blank = row.cells.iter().all(|cell| cell.trim().is_empty());
            if row.problem.is_some() || !row.cell_problems.is_empty() || !is_blank {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
