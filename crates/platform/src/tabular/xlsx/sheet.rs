//! One worksheet, row by row: never more of it in memory than a row.

use std::sync::Arc;

use base::{Error, Result};
use quick_xml::events::{BytesStart, Event};

use super::super::{ROW_BYTES_MAX, RowProblem};
use super::package::PartReader;
use super::value::{Dates, date_text, is_imprecise, number_text, unescaped};
use super::workbook::{Texts, Xml, add_text, attribute, read_rich_text};
use super::{damaged, too_large};

/// What the format allows.
const ROWS_MAX: u64 = 1_048_576;
const SHEET_COLUMNS_MAX: usize = 16_384;

/// A cell with something in it.
#[derive(Debug, Default)]
pub(super) struct Cell {
    /// From 0.
    pub(super) column: usize,
    pub(super) text: String,
    /// Why what it says cannot be used.
    pub(super) problem: Option<RowProblem>,
}

/// The rows of a worksheet.
#[derive(Debug)]
pub(super) struct SheetRows {
    xml: Xml,
    texts: Arc<Texts>,
    dates: Dates,
    buffer: Vec<u8>,
    row: u64,
    ended: bool,
}

fn problem(code: &'static str, message: &str) -> Option<RowProblem> {
    Some(RowProblem {
        code,
        message: message.to_owned(),
    })
}

impl SheetRows {
    pub(super) fn new(part: PartReader, texts: Arc<Texts>, dates: Dates) -> Result<Self> {
        let mut rows = Self {
            xml: Xml::new(part),
            texts,
            dates,
            buffer: Vec::new(),
            row: 0,
            ended: false,
        };
        loop {
            match rows.xml.next(&mut rows.buffer)? {
                Event::Start(element) if element.local_name().as_ref() == "sheetData" => return Ok(rows),
                Event::Empty(element) if element.local_name().as_ref() == "sheetData" => {
                    rows.ended = true;
                    return Ok(rows);
                }
                Event::Eof => return Err(damaged("a sheet has no rows to read")),
                _ => {}
            }
        }
    }

    /// Reads the next row's cells; gives its number from 1, none at the end.
    pub(super) fn next_row(&mut self, cells: &mut Vec<Cell>) -> Result<Option<u64>> {
        cells.clear();
        if self.ended {
            return Ok(None);
        }
        self.xml.begin_piece();
        loop {
            match self.xml.next(&mut self.buffer)? {
                Event::Start(element) if element.local_name().as_ref() == "row" => {
                    let said = attribute(&element, "r")?;
                    self.row = number_of_row(said.as_deref(), self.row)?;
                    self.read_cells(cells)?;
                    return Ok(Some(self.row));
                }
                Event::Empty(element) if element.local_name().as_ref() == "row" => {
                    let said = attribute(&element, "r")?;
                    self.row = number_of_row(said.as_deref(), self.row)?;
                    self.xml.begin_piece();
                }
                Event::End(element) if element.local_name().as_ref() == "sheetData" => {
                    self.ended = true;
                    return Ok(None);
                }
                Event::Eof => return Err(damaged("a sheet is cut off")),
                _ => {}
            }
        }
    }

    fn read_cells(&mut self, cells: &mut Vec<Cell>) -> Result<()> {
        let (mut next_column, mut row_bytes) = (0, 0);
        loop {
            let opened = match self.xml.next(&mut self.buffer)? {
                Event::Start(element) if element.local_name().as_ref() == "c" => Opened::of(&element)?,
                Event::Empty(element) if element.local_name().as_ref() == "c" => {
                    next_column = Opened::of(&element)?.column(next_column)? + 1;
                    continue;
                }
                Event::End(element) if element.local_name().as_ref() == "row" => return Ok(()),
                Event::Eof => return Err(damaged("a row is cut off")),
                _ => continue,
            };
            let column = opened.column(next_column)?;
            if column < next_column {
                return Err(damaged("the cells of a row are out of order"));
            }
            next_column = column + 1;
            let cell = self.read_cell(column, &opened)?;
            row_bytes += cell.text.len();
            if row_bytes > ROW_BYTES_MAX {
                let message = format!("row {} is longer than 1 MiB", self.row);
                return Err(Error::invalid("row_too_large", message));
            }
            if !cell.text.is_empty() || cell.problem.is_some() {
                cells.push(cell);
            }
        }
    }

    fn read_cell(&mut self, column: usize, opened: &Opened) -> Result<Cell> {
        let (mut value, mut inline) = (String::new(), String::new());
        let (mut in_value, mut has_value, mut has_formula) = (false, false, false);
        loop {
            let event = self.xml.next(&mut self.buffer)?;
            match &event {
                Event::Start(element) => match element.local_name().as_ref() {
                    "v" => (in_value, has_value) = (true, true),
                    "f" => has_formula = true,
                    "is" => read_rich_text(&mut self.xml, &mut self.buffer, "is", &mut inline)?,
                    _ => {}
                },
                Event::Empty(element) if element.local_name().as_ref() == "f" => has_formula = true,
                Event::End(element) => match element.local_name().as_ref() {
                    "v" => in_value = false,
                    "c" => break,
                    _ => {}
                },
                Event::Eof => return Err(damaged("a cell is cut off")),
                event if in_value => add_text(event, &mut value)?,
                _ => {}
            }
        }
        let is_text = opened.kind.as_deref() == Some("str");
        if has_formula && !(has_value && (is_text || !value.is_empty())) {
            let message = "the cell holds a formula and the file does not say what it comes to; open the \
                           workbook in Excel and save it, or put the values in place of the formulas";
            return Ok(Cell {
                column,
                problem: problem("formula_without_value", message),
                ..Cell::default()
            });
        }
        self.said(column, opened, &value, &inline)
    }

    fn said(&self, column: usize, opened: &Opened, value: &str, inline: &str) -> Result<Cell> {
        let mut cell = Cell {
            column,
            ..Cell::default()
        };
        cell.text = match opened.kind.as_deref() {
            Some("inlineStr") => unescaped(inline),
            Some("str") => unescaped(value),
            _ if value.is_empty() => String::new(),
            Some("s") => {
                let text = value
                    .trim()
                    .parse()
                    .ok()
                    .and_then(|number| self.texts.get(number));
                unescaped(text.ok_or_else(|| damaged("a cell refers to a text that is not there"))?)
            }
            Some("b") => if matches!(value.trim(), "1" | "true") {
                "true"
            } else {
                "false"
            }
            .to_owned(),
            Some("d") => value.trim().to_owned(),
            Some("e") => {
                cell.problem = problem("cell_error", "the cell shows an error of the spreadsheet");
                value.to_owned()
            }
            None | Some("n") => self.number(opened, value.trim(), &mut cell.problem)?,
            Some(_) => return Err(damaged("a cell is of a kind that is not known")),
        };
        Ok(cell)
    }

    fn number(&self, opened: &Opened, said: &str, found: &mut Option<RowProblem>) -> Result<String> {
        let text = number_text(said).ok_or_else(|| damaged("a cell should hold a number and does not"))?;
        if self.dates.styles.get(opened.style) == Some(&true)
            && let Some(date) = date_text(said, &self.dates)
        {
            return Ok(date);
        }
        if is_imprecise(&text) {
            let message = "a spreadsheet keeps 15 digits of a number and this one has more; make the column \
                           one of texts and enter it again";
            *found = problem("number_imprecise", message);
        }
        Ok(text)
    }
}

/// What the beginning of a cell says.
struct Opened {
    at: Option<String>,
    style: usize,
    kind: Option<String>,
}

impl Opened {
    fn of(element: &BytesStart<'_>) -> Result<Self> {
        Ok(Self {
            at: attribute(element, "r")?,
            style: attribute(element, "s")?
                .and_then(|style| style.parse().ok())
                .unwrap_or(0),
            kind: attribute(element, "t")?,
        })
    }

    /// Its column from 0: the one named (`C7`), or the next.
    fn column(&self, next: usize) -> Result<usize> {
        let column = match &self.at {
            None => next,
            Some(at) => {
                let letters = at.bytes().take_while(u8::is_ascii_alphabetic).take(4);
                let number = letters.fold(0, |number, letter| {
                    number * 26 + usize::from(letter.to_ascii_uppercase() - b'A') + 1
                });
                number
                    .checked_sub(1)
                    .ok_or_else(|| damaged("a cell is nowhere"))?
            }
        };
        if column >= SHEET_COLUMNS_MAX {
            return Err(damaged("a cell is beyond the last column there is"));
        }
        Ok(column)
    }
}

/// The number a row says it has, or the next one.
fn number_of_row(said: Option<&str>, before: u64) -> Result<u64> {
    let number = match said {
        None => before + 1,
        Some(said) => said.parse().map_err(|_| damaged("a row has no number"))?,
    };
    if number <= before {
        return Err(damaged("the rows of a sheet are out of order"));
    }
    if number > ROWS_MAX {
        return Err(too_large("a sheet has more rows than Excel knows"));
    }
    Ok(number)
}
