/**
 * Cuts an SQL script at its semicolons, as the mysql client does: not inside quotes and comments.
 * For operators' init files, which come before there is anything to parse them against.
 */

/** The statements without their semicolons and without what surrounds them; empty ones left out. */
export function splitStatements(script: string): readonly string[] {
  const statements: string[] = [];
  let statement = "";
  for (let at = 0; at < script.length;) {
    const end = tokenEnd(script, at);
    if (script[at] === ";") {
      statements.push(statement);
      statement = "";
    } else if (!isComment(script, at)) {
      statement += script.slice(at, end);
    } else {
      // A comment parts words, as a blank does.
      statement += " ";
    }
    at = end;
  }
  statements.push(statement);
  return statements.map((text) => text.trim()).filter((text) => text !== "");
}

/** Comments that the server shall not see; "/*!" is code and stays. */
function isComment(script: string, at: number): boolean {
  if (script[at] === "#") return true;
  if (startsDashComment(script, at)) return true;
  return script.startsWith("/*", at) && script[at + 2] !== "!" && script[at + 2] !== "M";
}

/** "--" opens a comment when a blank, a control character or the end follows (manual, "Comments"). */
function startsDashComment(script: string, at: number): boolean {
  return script.startsWith("--", at) && !(script.charCodeAt(at + 2) > 32);
}

/** Where the quote, comment or character that starts at `at` ends. */
function tokenEnd(script: string, at: number): number {
  const first = script[at];
  if (first === "'" || first === '"' || first === "`") return quoteEnd(script, at, first);
  if (first === "#" || startsDashComment(script, at)) return findEnd(script, "\n", at);
  if (script.startsWith("/*", at)) return findEnd(script, "*/", at + 2);
  return at + 1;
}

function quoteEnd(script: string, at: number, quote: string): number {
  for (let i = at + 1; i < script.length; i++) {
    if (script[i] === "\\" && quote !== "`") i++;
    else if (script[i] === quote) return i + 1;
  }
  return script.length;
}

function findEnd(script: string, mark: string, from: number): number {
  const found = script.indexOf(mark, from);
  return found < 0 ? script.length : found + mark.length;
}
