/** Hands a file to the person. */

export function save(name: string, content: Blob): void {
  const address = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

export function saveText(name: string, text: string, type = "text/plain"): void {
  save(name, new Blob([text], { type: `${type};charset=utf-8` }));
}

/** Where a spreadsheet sees a formula; many take a semicolon for the end of a cell. */
const FORMULA = /(^|[;\t\n])(?=\s*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20])/g;

/** Cells as CSV; what a spreadsheet would run as a formula is disarmed. */
export function csv(rows: readonly (readonly (string | number | null | undefined)[])[]): string {
  const cell = (value: string | number | null | undefined): string => {
    const text = value === null || value === undefined ? "" : String(value);
    const safe = typeof value === "string" ? text.replace(FORMULA, "$1'") : text;
    return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return rows.map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
}
