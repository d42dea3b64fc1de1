/** A throw-away certificate authority, and a certificate for 127.0.0.1 that serves both sides. */
export async function makeCertificates(
  folder: string,
): Promise<{ readonly ca: string; readonly cert: string; readonly key: string }> {
  const file = (name: string) => `${folder}/${name}`;
  const names = "subjectAltName=IP:127.0.0.1,DNS:localhost";
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const days = ["-days", "2"];
  await Deno.writeTextFile(file("san.cnf"), `${names}\nextendedKeyUsage=serverAuth,clientAuth\n`);
  await openssl([
    "req",
    "-x509",
    ...key,
    ...days,
    "-subj",
    "/O=test authority",
    "-keyout",
    file("ca.key"),
    "-out",
    file("ca.pem"),
  ]);
  // No common name: etcd's gateway refuses client certificates with one when users log in.
  await openssl([
    "req",
    "-new",
    ...key,
    "-subj",
    "/O=test",
    "-keyout",
    file("cert.key"),
    "-out",
    file("cert.csr"),
  ]);
  await openssl([
    "x509",
    "-req",
    ...days,
    "-in",
    file("cert.csr"),
    "-CA",
    file("ca.pem"),
    "-CAkey",
    file("ca.key"),
    "-CAcreateserial",
    "-extfile",
    file("san.cnf"),
    "-out",
    file("cert.pem"),
  ]);
  return { ca: file("ca.pem"), cert: file("cert.pem"), key: file("cert.key") };
}

async function openssl(args: readonly string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("openssl", { args: [...args] }).output();
  if (!success) throw new Error(`openssl ${args[0]}: ${new TextDecoder().decode(stderr)}`);
}
