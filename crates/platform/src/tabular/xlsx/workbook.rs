//! What a workbook says of itself: its sheets, which styles are dates, and the texts its sheets share.

use std::collections::HashMap;
use std::io::BufReader;

use base::{Error, Result};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::package::{Package, PartReader, read_error};
use super::value::{Dates, is_date_format};
use super::{SheetInfo, damaged, too_large};

/// No part of a workbook that is read has more elements within each other.
const DEPTH_MAX: u32 = 64;
const SHEETS_MAX: usize = 1_000;
const STYLES_MAX: usize = 100_000;
/// All texts that the sheets share, as they are kept in memory.
const TEXT_BYTES_MAX: usize = 256 * 1024 * 1024;

/// A part as XML, one event at a time.
pub(super) struct Xml {
    reader: Reader<BufReader<PartReader>>,
    depth: u32,
}

impl std::fmt::Debug for Xml {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Xml")
            .field("depth", &self.depth)
            .finish_non_exhaustive()
    }
}

impl Xml {
    pub(super) fn new(part: PartReader) -> Self {
        Self {
            reader: Reader::from_reader(BufReader::new(part)),
            depth: 0,
        }
    }

    /// The next event; at the end, [`Event::Eof`].
    pub(super) fn next<'b>(&mut self, buffer: &'b mut Vec<u8>) -> Result<Event<'b>> {
        buffer.clear();
        let event = self.reader.read_event_into(buffer).map_err(|e| match e {
            quick_xml::Error::Io(e) => read_error(&e),
            e => damaged(e),
        })?;
        match &event {
            Event::Start(_) if self.depth == DEPTH_MAX => {
                return Err(damaged("its elements are too deep within each other"));
            }
            Event::Start(_) => self.depth += 1,
            Event::End(_) => self.depth = self.depth.saturating_sub(1),
            // It could define texts that grow without end.
            Event::DocType(_) => return Err(damaged("it defines its own XML")),
            Event::Eof if self.depth > 0 => return Err(damaged("a part of it is cut off")),
            _ => {}
        }
        Ok(event)
    }

    /// What was read before is dealt with: the limit of a piece begins anew.
    pub(super) fn begin_piece(&mut self) {
        self.reader.get_mut().get_mut().begin_piece();
    }
}

/// An attribute, by its name without prefix.
pub(super) fn attribute(element: &BytesStart<'_>, name: &str) -> Result<Option<String>> {
    for attribute in element.attributes().with_checks(false) {
        let attribute = attribute.map_err(damaged)?;
        if attribute.key.local_name().as_ref() == name {
            let value = quick_xml::escape::unescape(&attribute.value).map_err(damaged)?;
            return Ok(Some(value.into_owned()));
        }
    }
    Ok(None)
}

/// Adds the text that an event is.
pub(super) fn add_text(event: &Event<'_>, text: &mut String) -> Result<()> {
    match event {
        Event::Text(more) => text.push_str(&more.xml10_content()),
        Event::CData(more) => text.push_str(&more.xml10_content()),
        Event::GeneralRef(reference) => match reference.resolve_char_ref().map_err(damaged)? {
            Some(character) => text.push(character),
            None => match quick_xml::escape::resolve_predefined_entity(reference) {
                Some(known) => text.push_str(known),
                None => return Err(damaged("it uses an entity that XML does not know")),
            },
        },
        _ => {}
    }
    Ok(())
}

/// A worksheet and where it is.
#[derive(Debug)]
pub(super) struct Sheet {
    pub(super) info: SheetInfo,
    pub(super) part: String,
}

/// What a workbook says of itself.
#[derive(Debug)]
pub(super) struct Workbook {
    pub(super) sheets: Vec<Sheet>,
    pub(super) dates: Dates,
    /// The parts that say all this.
    said_by: Vec<String>,
    styles: Option<String>,
    texts: Option<String>,
}

struct Relation {
    kind: String,
    target: String,
}

impl Workbook {
    /// Errors: `format_unknown` when the archive holds something else.
    pub(super) fn read(package: &Package) -> Result<Self> {
        let no_workbook = || {
            Error::invalid(
                "format_unknown",
                "this is an archive but no Excel workbook (.xlsx); unpack it and upload the table inside",
            )
        };
        let mut said_by = Vec::new();
        let main = if package.has("_rels/.rels") {
            said_by.push("_rels/.rels".to_owned());
            let relations = relations(package, "")?;
            let document = relations.values().find(|r| r.kind.ends_with("/officeDocument"));
            document.map_or_else(|| "xl/workbook.xml".to_owned(), |r| r.target.clone())
        } else {
            "xl/workbook.xml".to_owned()
        };
        if main.ends_with(".bin") {
            let message = "this is a binary Excel workbook (.xlsb); save it as .xlsx or CSV (UTF-8)";
            return Err(Error::invalid("format_unknown", message));
        }
        if !package.has(&main) {
            return Err(no_workbook());
        }
        said_by.extend([main.clone(), relations_of(&main)]);
        let relations = relations(package, &main)?;
        let of_kind = |kind: &str| {
            let relation = relations.values().find(|relation| relation.kind.ends_with(kind));
            relation.map(|relation| relation.target.clone())
        };
        let mut workbook = Self {
            sheets: Vec::new(),
            dates: Dates::default(),
            said_by,
            styles: of_kind("/styles"),
            texts: of_kind("/sharedStrings"),
        };
        workbook.read_main(package, &main, &relations)?;
        if workbook.sheets.is_empty() {
            return Err(no_workbook());
        }
        if let Some(styles) = &workbook.styles {
            workbook.dates.styles = date_styles(package, styles)?;
        }
        Ok(workbook)
    }

    fn read_main(
        &mut self,
        package: &Package,
        main: &str,
        relations: &HashMap<String, Relation>,
    ) -> Result<()> {
        let (mut xml, mut buffer) = (Xml::new(package.part(main)?), Vec::new());
        loop {
            let event = xml.next(&mut buffer)?;
            let (Event::Start(element) | Event::Empty(element)) = &event else {
                match event {
                    Event::Eof => return Ok(()),
                    _ => continue,
                }
            };
            match element.local_name().as_ref() {
                "workbookPr" => {
                    let epoch = attribute(element, "date1904")?;
                    self.dates.from_1904 = matches!(epoch.as_deref(), Some("1" | "true"));
                }
                "sheet" => {
                    let id = attribute(element, "id")?.unwrap_or_default();
                    // Charts and macros are sheets too, of another kind.
                    let Some(relation) = relations.get(&id).filter(|r| r.kind.ends_with("/worksheet")) else {
                        continue;
                    };
                    if self.sheets.len() == SHEETS_MAX {
                        return Err(too_large(format!("it has more than {SHEETS_MAX} sheets")));
                    }
                    let state = attribute(element, "state")?;
                    let name = attribute(element, "name")?.unwrap_or_default();
                    self.sheets.push(Sheet {
                        info: SheetInfo {
                            // Excel allows 31 characters.
                            name: name.chars().filter(|c| !c.is_control()).take(100).collect(),
                            hidden: state.is_some_and(|state| state != "visible"),
                        },
                        part: relation.target.clone(),
                    });
                }
                _ => {}
            }
        }
    }

    /// Every part that is read.
    pub(super) fn parts(&self) -> impl Iterator<Item = &str> {
        let sheets = self.sheets.iter().map(|sheet| sheet.part.as_str());
        let said_by = self.said_by.iter().map(String::as_str);
        said_by
            .chain(sheets)
            .chain(self.styles.as_deref())
            .chain(self.texts.as_deref())
    }

    /// The texts that its sheets share.
    pub(super) fn texts(&self, package: &Package) -> Result<Texts> {
        let mut texts = Texts::default();
        let Some(part) = &self.texts else { return Ok(texts) };
        let (mut xml, mut buffer) = (Xml::new(package.part(part)?), Vec::new());
        loop {
            match xml.next(&mut buffer)? {
                Event::Start(element) if element.local_name().as_ref() == "si" => {
                    drop(element);
                    read_rich_text(&mut xml, &mut buffer, "si", &mut texts.text)?;
                    texts.end()?;
                    xml.begin_piece();
                }
                Event::Empty(element) if element.local_name().as_ref() == "si" => {
                    texts.end()?;
                    drop(element);
                    xml.begin_piece();
                }
                Event::Eof => return Ok(texts),
                _ => {}
            }
        }
    }
}

/// Reads up to the end of an element and adds the text within, but not how it is pronounced.
pub(super) fn read_rich_text(
    xml: &mut Xml,
    buffer: &mut Vec<u8>,
    until: &str,
    text: &mut String,
) -> Result<()> {
    let (mut takes, mut pronounced) = (false, false);
    loop {
        let event = xml.next(buffer)?;
        match &event {
            Event::Start(element) => match element.local_name().as_ref() {
                "t" => takes = !pronounced,
                "rPh" => pronounced = true,
                _ => {}
            },
            Event::End(element) => match element.local_name().as_ref() {
                "t" => takes = false,
                "rPh" => pronounced = false,
                name if name == until => return Ok(()),
                _ => {}
            },
            Event::Eof => return Err(damaged("a part of it is cut off")),
            event if takes => add_text(event, text)?,
            _ => {}
        }
    }
}

/// Texts by number, end to end.
#[derive(Debug, Default)]
pub(super) struct Texts {
    text: String,
    ends: Vec<u32>,
}

impl Texts {
    pub(super) fn get(&self, number: usize) -> Option<&str> {
        let from = match number.checked_sub(1) {
            None => 0,
            Some(before) => *self.ends.get(before)? as usize,
        };
        self.text.get(from..*self.ends.get(number)? as usize)
    }

    fn end(&mut self) -> Result<()> {
        let end = u32::try_from(self.text.len()).unwrap_or(u32::MAX);
        if self.text.len() + 4 * self.ends.len() > TEXT_BYTES_MAX {
            return Err(too_large("its texts have more than 256 MiB"));
        }
        self.ends.push(end);
        Ok(())
    }
}

/// The part with the relations of a part.
fn relations_of(part: &str) -> String {
    match part.rsplit_once('/') {
        Some((folder, name)) => format!("{folder}/_rels/{name}.rels"),
        None => format!("_rels/{part}.rels"),
    }
}

/// What a part (or, without name, the whole archive) refers to, by the reference's id.
fn relations(package: &Package, part: &str) -> Result<HashMap<String, Relation>> {
    let folder = part.rsplit_once('/').map_or("", |(folder, _)| folder);
    let (mut xml, mut buffer) = (Xml::new(package.part(&relations_of(part))?), Vec::new());
    let mut relations = HashMap::new();
    loop {
        match xml.next(&mut buffer)? {
            Event::Start(element) | Event::Empty(element)
                if element.local_name().as_ref() == "Relationship" =>
            {
                let relation = Relation {
                    kind: attribute(&element, "Type")?.unwrap_or_default(),
                    target: resolved(folder, &attribute(&element, "Target")?.unwrap_or_default()),
                };
                relations.insert(attribute(&element, "Id")?.unwrap_or_default(), relation);
            }
            Event::Eof => return Ok(relations),
            _ => {}
        }
    }
}

/// Where a target is in the archive, seen from a folder of it.
fn resolved(folder: &str, target: &str) -> String {
    if let Some(absolute) = target.strip_prefix('/') {
        return absolute.to_owned();
    }
    let mut steps: Vec<&str> = folder.split('/').filter(|step| !step.is_empty()).collect();
    for step in target.split('/') {
        match step {
            "" | "." => {}
            ".." => {
                steps.pop();
            }
            step => steps.push(step),
        }
    }
    steps.join("/")
}

/// For each cell style, whether a number in it is shown as a date.
fn date_styles(package: &Package, part: &str) -> Result<Vec<bool>> {
    let (mut xml, mut buffer) = (Xml::new(package.part(part)?), Vec::new());
    let (mut formats, mut styles, mut in_cells) = (HashMap::new(), Vec::new(), false);
    loop {
        match xml.next(&mut buffer)? {
            Event::Start(element) | Event::Empty(element) => match element.local_name().as_ref() {
                "numFmt" => {
                    let id = attribute(&element, "numFmtId")?.unwrap_or_default();
                    let code = attribute(&element, "formatCode")?.unwrap_or_default();
                    formats.insert(id, is_date_format(&code));
                }
                "cellXfs" => in_cells = true,
                "xf" if in_cells => {
                    if styles.len() == STYLES_MAX {
                        return Err(too_large("it has too many styles"));
                    }
                    let id = attribute(&element, "numFmtId")?.unwrap_or_default();
                    let builtin = matches!(id.parse::<u16>(), Ok(14..=22 | 27..=36 | 45 | 47 | 50..=58));
                    styles.push(formats.get(&id).copied().unwrap_or(builtin));
                }
                _ => {}
            },
            Event::End(element) if element.local_name().as_ref() == "cellXfs" => in_cells = false,
            Event::Eof => return Ok(styles),
            _ => {}
        }
    }
}
