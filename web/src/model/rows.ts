/** The first rows of a text that holds a table. */

/** Rows and columns that a preview shows, at most. */
export const MAX_ROWS = 20;
export const MAX_COLUMNS = 20;

function separated(text: string, separator: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = "";
  let isQuoted = false;
  for (let at = 0; at < text.length && rows.length <= MAX_ROWS; at += 1) {
    const character = text[at] as string;
    if (isQuoted) {
      if (character !== '"') cell += character;
      else if (text[at + 1] === '"') {
        cell += '"';
        at += 1;
      } else isQuoted = false;
    } else if (character === '"' && cell === "") isQuoted = true;
    else if (character === separator) {
      row.push(cell);
      cell = "";
    } else if (character === "\n") {
      rows.push([...row, cell.replace(/\r$/, "")]);
      row = [];
      cell = "";
    } else cell += character;
  }
  if (rows.length <= MAX_ROWS && (cell !== "" || row.length > 0)) rows.push([...row, cell]);
  return rows;
}

function jsonLines(text: string): string[][] {
  const records: Record<string, unknown>[] = [];
  for (const line of text.split("\n").slice(0, MAX_ROWS)) {
    try {
      const value: unknown = JSON.parse(line);
      if (typeof value === "object" && value !== null && !Array.isArray(value)) records.push(value as Record<string, unknown>);
    } catch {
      continue; // an empty line, or the last one where the preview was cut
    }
  }
  const names = [...new Set(records.flatMap((record) => Object.keys(record)))];
  const word = (value: unknown) => (value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value));
  return names.length === 0 ? [] : [names, ...records.map((record) => names.map((name) => word(record[name])))];
}

/** Head and first rows of a file that holds a table by its name, else none. */
export function rowsOf(name: string, text: string): string[][] | null {
  const suffix = name.slice(name.lastIndexOf(".") + 1).toLowerCase();
  const rows = suffix === "csv" ? separated(text, ",") : suffix === "tsv" ? separated(text, "\t") : suffix === "jsonl" ? jsonLines(text) : [];
  return rows.length > 1 ? rows.map((row) => row.slice(0, MAX_COLUMNS)) : null;
}
