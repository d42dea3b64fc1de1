/** Names and texts in statements for mysqld, which get Unicode as it is. */

export function quoteIdentifier(name: string): string {
  return `\`${name.replaceAll("`", "``")}\``;
}

/** With the backslash escapes that an administrative session understands. */
export function quoteText(text: string): string {
  return `'${text.replace(/[\\']/g, "\\$&")}'`;
}
