import { equal } from "node:assert/strict";
import { decodeCommandEvent } from "../../shared/rpc/ctl_api.ts";
import { ProgressWriter } from "./progress_writer.ts";

function writer(columns?: number): { progress: ProgressWriter; written: () => string } {
  const texts: string[] = [];
  const progress = new ProgressWriter({
    write: (text) => texts.push(text),
    columns: columns === undefined ? undefined : () => columns,
  });
  return { progress, written: () => texts.splice(0).join("") };
}

Deno.test("on a terminal progress is drawn over, and notes and results leave it where it is", () => {
  const { progress, written } = writer(20);
  progress.line("10%", "progress");
  progress.line("20%", "progress");
  equal(written(), "\r\x1b[K10%\r\x1b[K20%");
  progress.line("a note", undefined);
  equal(written(), "\na note\n");
  progress.line("30%", "progress");
  progress.close();
  progress.close();
  equal(written(), "\r\x1b[K30%\n");
});

Deno.test("a line that is longer than the terminal's row is cut, so that it can be drawn over", () => {
  const { progress, written } = writer(6);
  progress.line("🎉345678", "progress");
  equal(written(), "\r\x1b[K🎉3456");
});

Deno.test("elsewhere than on a terminal each progress is a line", () => {
  const { progress, written } = writer();
  progress.line("10%", "progress");
  progress.line("a note", undefined);
  progress.line("20%", "progress");
  progress.close();
  equal(written(), "10%\na note\n20%\n");
});

Deno.test("vtctld says which lines are progress; a kind that nobody knows is a note", () => {
  const kinds = ['{"line":"a","kind":"progress"}', '{"line":"a"}', '{"line":"a","kind":"other"}']
    .map(decodeCommandEvent).map((event) => "line" in event ? event.kind : "no line");
  equal(JSON.stringify(kinds), JSON.stringify(["progress", undefined, undefined]));
});
