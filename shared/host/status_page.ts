import type { StatusSections } from "./http.ts";

const STYLE =
  `body{font:14px/1.45 system-ui,sans-serif;margin:2em auto;max-width:72em;padding:0 1em;
color:#222;background:#fff}h1{font-size:1.4em}h2{font-size:1.1em;margin-top:1.6em}
table{border-collapse:collapse}th,td{text-align:left;padding:.25em .8em .25em 0;vertical-align:top;
border-bottom:1px solid #ddd}th{font-weight:600}td{font-variant-numeric:tabular-nums}
@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}th,td{border-color:#444}
a{color:#8bf}}`;

/** A page without scripts: each section a table. */
export function printStatusPage(program: string, sections: StatusSections): string {
  const name = escapeHtml(program);
  const body = Object.entries(sections)
    .map(([title, section]) => `<h2>${escapeHtml(title)}</h2>\n${printValue(section)}`)
    .join("\n");
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${name}</title><style>${STYLE}</style></head>
<body><h1>${name}</h1>
${body}
<p><a href="?format=json">JSON</a> · <a href="/debug/vars">variables</a> · ` +
    `<a href="/metrics">metrics</a></p>
</body></html>
`;
}

function printValue(value: unknown): string {
  if (Array.isArray(value)) return printList(value);
  if (isRecord(value)) {
    const rows = Object.entries(value).map(([key, item]) =>
      `<tr><th>${escapeHtml(key)}</th><td>${printValue(item)}</td></tr>`
    );
    return `<table>${rows.join("")}</table>`;
  }
  return escapeHtml(value === undefined || value === null ? "–" : String(value));
}

function printList(items: readonly unknown[]): string {
  if (items.length === 0) return "none";
  if (!items.every(isRecord)) return items.map(printValue).join(", ");
  const columns = [...new Set(items.flatMap((item) => Object.keys(item)))];
  const head = columns.map((column) => `<th>${escapeHtml(column)}</th>`).join("");
  const rows = items.map((item) =>
    `<tr>${columns.map((column) => `<td>${printValue(item[column])}</td>`).join("")}</tr>`
  );
  return `<table><tr>${head}</tr>${rows.join("")}</table>`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
