// Excel workbooks as a firm might bring them: nothing but texts, in an archive whose parts are not packed.

type Sheet = { name: string; rows: string[][] };

const CRCS = Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc >>> 0;
});

function crc32(bytes: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ (CRCS[(crc ^ byte) & 0xff] ?? 0);
  return (crc ^ 0xffffffff) >>> 0;
}

function archive(parts: [string, string][]): Buffer {
  const files: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const [name, text] of parts) {
    const [nameBytes, bytes] = [Buffer.from(name), Buffer.from(text)];
    // Version, flags, method, time and day; then what both headers say of the part.
    const about = Buffer.alloc(26);
    about.writeUInt16LE(20, 0);
    about.writeUInt32LE(crc32(bytes), 10);
    about.writeUInt32LE(bytes.length, 14);
    about.writeUInt32LE(bytes.length, 18);
    about.writeUInt16LE(nameBytes.length, 22);
    const entry = Buffer.alloc(14);
    entry.writeUInt32LE(at, 10);
    files.push(Buffer.from("PK\x03\x04"), about, nameBytes, bytes);
    directory.push(Buffer.from("PK\x01\x02\x14\x00"), about, entry, nameBytes);
    at += 30 + nameBytes.length + bytes.length;
  }
  const entries = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(parts.length, 8);
  end.writeUInt16LE(parts.length, 10);
  end.writeUInt32LE(entries.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...files, entries, end]);
}

const escaped = (text: string) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;");

/** A workbook with these sheets. */
export function workbook(sheets: Sheet[]): Buffer {
  const office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
  const packages = "http://schemas.openxmlformats.org/package/2006/relationships";
  const main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
  const relation = (id: string, kind: string, target: string) =>
    `<Relationship Id="${id}" Type="${office}/${kind}" Target="${target}"/>`;
  const cell = (text: string) => `<c t="inlineStr"><is><t>${escaped(text)}</t></is></c>`;
  const row = (cells: string[]) => `<row>${cells.map(cell).join("")}</row>`;
  return archive([
    [
      "_rels/.rels",
      `<Relationships xmlns="${packages}">${relation("r", "officeDocument", "xl/workbook.xml")}</Relationships>`,
    ],
    [
      "xl/workbook.xml",
      `<workbook xmlns="${main}" xmlns:r="${office}"><sheets>${sheets
        .map(({ name }, n) => `<sheet name="${escaped(name)}" sheetId="${n + 1}" r:id="r${n}"/>`)
        .join("")}</sheets></workbook>`,
    ],
    [
      "xl/_rels/workbook.xml.rels",
      `<Relationships xmlns="${packages}">${sheets
        .map((_, n) => relation(`r${n}`, "worksheet", `worksheets/sheet${n}.xml`))
        .join("")}</Relationships>`,
    ],
    ...sheets.map(({ rows }, n): [string, string] => [
      `xl/worksheets/sheet${n}.xml`,
      `<worksheet xmlns="${main}"><sheetData>${rows.map(row).join("")}</sheetData></worksheet>`,
    ]),
  ]);
}
