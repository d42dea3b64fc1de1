// deno-lint-ignore-file no-console
/**
 * Sees to it that the servers which tests and the local cluster use are on PATH: a mysqld
 * (mariadbd), a MySQL client and etcd. What is missing is installed with apt on Debian and Ubuntu
 * as root; elsewhere the command to run is printed and the exit code is 1.
 */

interface Need {
  /** Any one of these programs will do. */
  readonly programs: readonly string[];
  readonly debianPackage: string;
}

const NEEDS: readonly Need[] = [
  { programs: ["mariadbd", "mysqld"], debianPackage: "mariadb-server" },
  { programs: ["mysql", "mariadb"], debianPackage: "mariadb-client" },
  { programs: ["etcd"], debianPackage: "etcd-server" },
];

/** Servers live here on Debian, which leaves it out of a user's PATH. */
const SBIN = ["/usr/sbin", "/usr/local/sbin", "/sbin"];

async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch {
    return false; // Absent or not ours to see: either way it can't be run.
  }
}

async function onPath(program: string): Promise<boolean> {
  const folders = [...(Deno.env.get("PATH") ?? "").split(":"), ...SBIN];
  for (const folder of folders) {
    if (folder !== "" && await isFile(`${folder}/${program}`)) return true;
  }
  return false;
}

async function missing(): Promise<readonly Need[]> {
  const absent: Need[] = [];
  for (const need of NEEDS) {
    const found = await Promise.all(need.programs.map(onPath));
    if (!found.includes(true)) absent.push(need);
  }
  return absent;
}

async function run(command: string, args: readonly string[]): Promise<boolean> {
  const { success } = await new Deno.Command(command, {
    args: [...args],
    env: { DEBIAN_FRONTEND: "noninteractive" },
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).output();
  return success;
}

/**
 * Keeps apt from starting the system's own mariadb and etcd, which would take the ports: invoke-rc.d
 * asks /usr/sbin/policy-rc.d, and 101 means no (Debian policy, "invoke-rc.d").
 */
async function withoutServiceStart<T>(body: () => Promise<T>): Promise<T> {
  const policy = "/usr/sbin/policy-rc.d";
  if (await isFile(policy)) return await body();
  await Deno.writeTextFile(policy, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  try {
    return await body();
  } finally {
    await Deno.remove(policy);
  }
}

async function install(packages: readonly string[]): Promise<boolean> {
  console.error(`Installing ${packages.join(", ")} with apt ...`);
  return await withoutServiceStart(async () =>
    await run("apt-get", ["update", "-qq"]) &&
    await run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...packages])
  );
}

const absent = await missing();
if (absent.length > 0) {
  const packages = absent.map((need) => need.debianPackage);
  const names = absent.map((need) => need.programs[0]).join(", ");
  console.error(`Not on PATH: ${names}.`);
  const mayInstall = Deno.uid() === 0 && await onPath("apt-get");
  if (!mayInstall || !await install(packages)) {
    console.error(`Install it and try again:\n\n  sudo apt-get install ${packages.join(" ")}\n`);
    Deno.exit(1);
  }
}
