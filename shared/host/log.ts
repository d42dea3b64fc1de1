/** The log on stderr: one line an event, logfmt for people and `grep`, JSON for collectors. */
import type { Log, LogFields } from "../io/log.ts";

const LEVELS = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof LEVELS)[number];

export interface LogOptions {
  readonly level: LogLevel;
  readonly format: "logfmt" | "json";
  /** Takes whole lines; stderr when absent. */
  readonly write?: (line: string) => void;
  /** RFC 3339; the host's clock when absent. */
  readonly time?: () => string;
}

/** A log that drops what is below its level. */
export function createLog(options: LogOptions): Log {
  return withFields(options, {});
}

/** For tests and tools that have nothing to say. */
export const SILENT_LOG: Log = createLog({ level: "error", format: "logfmt", write: () => {} });

function withFields(options: LogOptions, bound: LogFields): Log {
  const { write = writeStderr, time = () => new Date().toISOString() } = options;
  const print = options.format === "json" ? printJson : printLogfmt;
  const least = LEVELS.indexOf(options.level);
  const at = (level: LogLevel) => {
    if (LEVELS.indexOf(level) < least) return () => {};
    return (message: string, fields: LogFields = {}) =>
      write(print({ time: time(), level, msg: message, ...bound, ...fields }) + "\n");
  };
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    with: (fields) => withFields(options, { ...bound, ...fields }),
  };
}

function printJson(fields: LogFields): string {
  return JSON.stringify(fields);
}

function printLogfmt(fields: LogFields): string {
  return Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${quote(String(value))}`)
    .join(" ");
}

/** A field never breaks its line, whatever a server answered. */
function quote(value: string): string {
  return /^[!#-<>-~\u00a1-\uffff]+$/.test(value) ? value : JSON.stringify(value);
}

const encoder = new TextEncoder();

function writeStderr(line: string): void {
  const bytes = encoder.encode(line);
  try {
    for (let written = 0; written < bytes.length;) {
      written += Deno.stderr.writeSync(bytes.subarray(written));
    }
  } catch {
    // The reader of our stderr is gone; there is nobody left to tell, and work must go on.
  }
}
