/**
 * Whether a column makes its values itself, as "extra" of information_schema.columns tells: "STORED
 * GENERATED", "VIRTUAL GENERATED, INVISIBLE"; but not MySQL's "DEFAULT_GENERATED", which takes some.
 */
export function isGenerated(extra: string): boolean {
  return /\b(?:STORED|VIRTUAL|PERSISTENT) GENERATED\b|^(?:PERSISTENT|VIRTUAL)\b/i.test(extra);
}
