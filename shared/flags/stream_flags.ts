/**
 * How a tablet's streams copy: its own flags, which a workflow may set otherwise for its streams
 * (`--config-overrides`). Vitess keeps those as `{"config": {"name": "value"}}` in the column
 * `options` of _vt.vreplication, and so do we.
 */
import { vtError } from "../error/errors.ts";
import { duration, integer } from "./flag.ts";
import { type FlagValues, parseFlags } from "./parse.ts";

export const STREAM_FLAGS = {
  // Each is a connection on either side, and a session that writes: more than that a small
  // server has no cores for.
  "vreplication-parallel-tables": integer({
    help: "tables that a stream copies at a time",
    fallback: 4,
    min: 1,
    max: 16,
  }),
  "vreplication-copy-phase-duration": duration({
    help: "how long a copy reads one snapshot of its source",
    fallback: 3_600_000,
  }),
} as const;

export type StreamSettings = FlagValues<typeof STREAM_FLAGS>;

/** Of a program that has the flags among others. */
export function streamSettings(flags: StreamSettings): StreamSettings {
  const { vreplicationParallelTables, vreplicationCopyPhaseDuration } = flags;
  return { vreplicationParallelTables, vreplicationCopyPhaseDuration };
}

/** The column's text for "name=value" pairs. VT23001 ... VT23005 for what is no such flag. */
export function printStreamOptions(overrides: readonly string[]): string {
  if (overrides.length === 0) return "{}";
  parseFlags(STREAM_FLAGS, overrides.map((pair) => `--${pair}`));
  const config = overrides.map((pair) => {
    const equals = pair.indexOf("=");
    if (equals > 0) return [pair.slice(0, equals).replaceAll("_", "-"), pair.slice(equals + 1)];
    throw vtError("VT22001", `"${pair}" is no name=value, as in vreplication-parallel-tables=2`);
  });
  return JSON.stringify({ config: Object.fromEntries(config) });
}

/** What holds for a stream with this text in its row. VT27007 when somebody wrote another one. */
export function settingsOf(defaults: StreamSettings, options: string): StreamSettings {
  const argv = Object.entries(configOf(options)).map(([name, value]) => `--${name}=${value}`);
  try {
    const { values, given } = parseFlags(STREAM_FLAGS, argv);
    return {
      vreplicationParallelTables: given.has("vreplication-parallel-tables")
        ? values.vreplicationParallelTables
        : defaults.vreplicationParallelTables,
      vreplicationCopyPhaseDuration: given.has("vreplication-copy-phase-duration")
        ? values.vreplicationCopyPhaseDuration
        : defaults.vreplicationCopyPhaseDuration,
    };
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw vtError("VT27007", `column options of _vt.vreplication: ${cause}`);
  }
}

function configOf(options: string): Readonly<Record<string, unknown>> {
  if (options === "") return {};
  try {
    const value: unknown = JSON.parse(options);
    const isObject = typeof value === "object" && value !== null && "config" in value;
    const config = isObject ? value.config : undefined;
    return typeof config === "object" && config !== null ? { ...config } : {};
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw vtError("VT27007", `column options of _vt.vreplication is no JSON: ${cause}`);
  }
}
