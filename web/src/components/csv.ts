// Tables as CSV files that Excel opens rightly, Chinese included.

export type Cell = string | number | null | undefined;

function cellText(cell: Cell): string {
  if (cell === null || cell === undefined) return "";
  if (typeof cell === "number") return String(cell);
  // A spreadsheet would run a text that begins like a formula.
  const safe = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function toCsv(header: string[], rows: Cell[][]): string {
  return [header, ...rows].map((row) => `${row.map(cellText).join(",")}\r\n`).join("");
}

export function downloadCsv(name: string, header: string[], rows: Cell[][]): void {
  // The mark at the start tells Excel that the file is UTF-8.
  save(`${name}.csv`, "text/csv;charset=utf-8", ["\ufeff", toCsv(header, rows)]);
}

export function downloadText(name: string, text: string): void {
  save(name, "text/plain;charset=utf-8", [text]);
}

function save(name: string, type: string, parts: string[]): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(parts, { type }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
