// deno-lint-ignore-file no-console
/**
 * Unpacks a MySQL server of Debian's unstable suite into a folder beside the system, for tests
 * against MySQL on a machine whose own packages have MariaDB only. Nothing is installed: a private
 * apt configuration downloads the packages, dpkg unpacks them, and a wrapper script runs mysqld with
 * the loader and libraries that came with it.
 *
 *     deno run -A tools/fetch_mysql.ts FOLDER     prints the wrapper's path; exit code 1 if it can't
 */

const PACKAGE = "mysql-server-core";
/** Pulled in by recommends or maintainer scripts; mysqld runs without. */
const NOT_NEEDED = /^(perl|perl-base|perl-modules.*|libperl.*|debconf|dpkg|adduser|passwd)$/;

async function output(command: string, args: readonly string[], cwd?: string): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, {
    args: [...args],
    ...(cwd === undefined ? {} : { cwd }),
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  const text = new TextDecoder();
  if (!success) throw new Error(`${command} ${args[0] ?? ""}: ${text.decode(stderr).trim()}`);
  return text.decode(stdout);
}

interface Mirror {
  readonly uri: string;
  readonly signedBy: string | undefined;
}

/** The machine's own Debian mirror, from whichever form of apt source it has. */
async function debianMirror(): Promise<Mirror> {
  const files: string[] = ["/etc/apt/sources.list"];
  for await (const entry of Deno.readDir("/etc/apt/sources.list.d")) {
    files.push(`/etc/apt/sources.list.d/${entry.name}`);
  }
  for (const file of files) {
    const text = await Deno.readTextFile(file).catch(() => ""); // Absent files are no source.
    if (file.endsWith(".sources")) {
      const uri = /^URIs:\s*(\S+\/debian)\/?\s*$/m.exec(text)?.[1];
      if (uri !== undefined) return { uri, signedBy: /^Signed-By:\s*(\S+)/m.exec(text)?.[1] };
    } else if (file.endsWith(".list")) {
      const match = /^deb\s+(?:\[([^\]]*)\]\s+)?(\S+\/debian)\/?\s/m.exec(text);
      if (match?.[2] !== undefined) {
        return { uri: match[2], signedBy: /signed-by=(\S+)/.exec(match[1] ?? "")?.[1] };
      }
    }
  }
  throw new Error("no Debian mirror among the apt sources");
}

async function aptOptions(folder: string): Promise<readonly string[]> {
  const { uri, signedBy } = await debianMirror();
  const key = signedBy ?? "/usr/share/keyrings/debian-archive-keyring.gpg";
  await Deno.mkdir(`${folder}/apt/lists/partial`, { recursive: true });
  await Deno.mkdir(`${folder}/apt/cache/archives/partial`, { recursive: true });
  await Deno.mkdir(`${folder}/debs`, { recursive: true });
  await Deno.writeTextFile(
    `${folder}/apt/sources.list`,
    `deb [signed-by=${key}] ${uri} sid main\n`,
  );
  return [
    `Dir::Etc::sourcelist=${folder}/apt/sources.list`,
    "Dir::Etc::sourceparts=/dev/null",
    `Dir::State::Lists=${folder}/apt/lists`,
    "Dir::State::status=/dev/null",
    `Dir::Cache=${folder}/apt/cache`,
    "APT::Sandbox::User=root",
  ].flatMap((option) => ["-o", option]);
}

async function unpack(folder: string): Promise<void> {
  const options = await aptOptions(folder);
  await output("apt-get", [...options, "update", "-qq"]);
  const listed = await output("apt-cache", [
    ...options,
    "depends",
    "--recurse",
    "--no-recommends",
    "--no-suggests",
    "--no-conflicts",
    "--no-breaks",
    "--no-replaces",
    "--no-enhances",
    PACKAGE,
  ]);
  const packages = listed.split("\n").filter((line) => /^[a-z0-9]/.test(line))
    .filter((name) => !NOT_NEEDED.test(name));
  await output("apt-get", [...options, "download", "-qq", ...packages], `${folder}/debs`);
  for await (const entry of Deno.readDir(`${folder}/debs`)) {
    await output("dpkg", ["-x", `${folder}/debs/${entry.name}`, `${folder}/root`]);
  }
}

/** --no-defaults and --defaults-file must stay first: the wrapper puts its paths behind them. */
function wrapper(root: string, triplet: string, loader: string): string {
  const lib = `${root}/usr/lib`;
  const mysqld = `"${loader}" --library-path "${lib}/${triplet}:${lib}/mysql/private" ` +
    `"${root}/usr/sbin/mysqld"`;
  const paths = [
    `--basedir=${root}/usr`,
    `--lc-messages-dir=${root}/usr/share/mysql`,
    `--character-sets-dir=${root}/usr/share/mysql/charsets`,
    `--plugin-dir=${lib}/mysql/plugin`,
    "--secure-file-priv=",
  ].map((option) => `"${option}"`).join(" ");
  return `#!/bin/sh
case "$1" in
  --no-defaults|--defaults-file=*|--print-defaults)
    first="$1"
    shift
    exec ${mysqld} "$first" ${paths} "$@" ;;
esac
exec ${mysqld} ${paths} "$@"
`;
}

async function findLoader(root: string): Promise<{ triplet: string; loader: string }> {
  for await (const entry of Deno.readDir(`${root}/usr/lib`)) {
    if (!entry.name.endsWith("-linux-gnu")) continue;
    for await (const file of Deno.readDir(`${root}/usr/lib/${entry.name}`)) {
      if (/^ld-linux.*\.so\.\d$/.test(file.name)) {
        return { triplet: entry.name, loader: `${root}/usr/lib/${entry.name}/${file.name}` };
      }
    }
  }
  throw new Error("the unpacked packages hold no program loader");
}

async function fetchMysql(folder: string): Promise<string> {
  const path = `${folder}/mysqld`;
  const done = await Deno.stat(path).then((info) => info.isFile, () => false); // Absent: fetch it.
  if (!done) {
    await unpack(folder);
    const { triplet, loader } = await findLoader(`${folder}/root`);
    await Deno.writeTextFile(path, wrapper(`${folder}/root`, triplet, loader), { mode: 0o755 });
  }
  console.error((await output(path, ["--no-defaults", "--version"])).trim());
  return path;
}

const folder = Deno.args[0];
if (folder === undefined || folder.startsWith("-")) {
  console.error("usage: deno run -A tools/fetch_mysql.ts FOLDER");
  Deno.exit(2);
}
try {
  await Deno.mkdir(folder, { recursive: true });
  console.log(await fetchMysql(await Deno.realPath(folder)));
} catch (error) {
  console.error(`No MySQL here: ${error instanceof Error ? error.message : error}`);
  Deno.exit(1);
}
