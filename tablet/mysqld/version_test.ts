import assert from "node:assert/strict";
import { isAtLeast, parseServerVersion, printServerVersion } from "./version.ts";

Deno.test("parseServerVersion() reads what the servers print", () => {
  const texts = {
    "mariadbd  Ver 10.11.19-MariaDB-0+deb12u1 for debian-linux-gnu on x86_64 (Debian 12)":
      "MariaDB 10.11.19",
    "5.5.5-10.6.18-MariaDB-log": "MariaDB 10.6.18",
    "11.4.2-MariaDB": "MariaDB 11.4.2",
    "/usr/sbin/mysqld  Ver 9.7.4-2 for Linux on x86_64 ((Debian))": "MySQL 9.7.4",
    "8.0.36-28": "MySQL 8.0.36",
    "8.4.0": "MySQL 8.4.0",
  };
  for (const [text, want] of Object.entries(texts)) {
    assert.equal(printServerVersion(parseServerVersion(text)), want);
  }
});

Deno.test("parseServerVersion() refuses servers that are too old, with the remedy", () => {
  for (const text of ["10.5.9-MariaDB", "5.7.44-log", "not a version"]) {
    assert.throws(() => parseServerVersion(text), /VT22002/);
  }
  assert.throws(() => parseServerVersion("5.7.44"), /want MariaDB 10.6 or later, or MySQL 8.0/);
});

Deno.test("isAtLeast() compares part by part", () => {
  const version = parseServerVersion("8.0.36");
  assert.ok(isAtLeast(version, 8, 0, 26));
  assert.ok(isAtLeast(version, 8, 0, 36));
  assert.ok(!isAtLeast(version, 8, 0, 37));
  assert.ok(!isAtLeast(version, 8, 4, 0));
});
