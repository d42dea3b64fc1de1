/** LIKE for what the gate lists itself: `%` any text, `_` one character, backslash escapes; case doesn't matter. */

/** Undefined pattern: everything matches. */
export function likeMatcher(pattern: string | undefined): (text: string) => boolean {
  if (pattern === undefined) return () => true;
  let source = "";
  for (let i = 0; i < pattern.length; i++) {
    let character = pattern.charAt(i);
    if (character === "%") source += "[\\s\\S]*";
    else if (character === "_") source += "[\\s\\S]";
    else {
      if (character === "\\" && i + 1 < pattern.length) character = pattern.charAt(++i);
      source += character.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
    }
  }
  const expression = new RegExp(`^${source}$`, "iu");
  return (text) => expression.test(text);
}
