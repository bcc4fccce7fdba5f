/** A server's certificate in files, for programs that want it so: the request by openssl, the signature by the bay's authority. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { BayIdentity } from "./bay-identity.ts";
import { run } from "./processes.ts";

export interface CertificateFiles {
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
}

export async function writeServerCertificate(
  identity: BayIdentity,
  folder: string,
  addresses: readonly string[],
): Promise<CertificateFiles> {
  const path = (name: string): string => join(folder, name);
  run("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", path("server.key"));
  const names = addresses.map((address) => `IP:${address}`).join(",");
  run(
    ...([
      "openssl",
      "req",
      "-new",
      "-key",
      path("server.key"),
      "-subj",
      "/CN=server",
      "-out",
      path("server.csr"),
    ] as const),
    "-addext",
    `subjectAltName=${names},DNS:localhost`,
    "-addext",
    "extendedKeyUsage=serverAuth,clientAuth",
  );
  writeFileSync(path("ca.crt"), identity.authority);
  writeFileSync(path("server.crt"), await identity.sign(readFileSync(path("server.csr"), "utf8")));
  return { authority: path("ca.crt"), certificate: path("server.crt"), key: path("server.key") };
}

/** The client's, for kubectl and curl. */
export function writeClientCertificate({ authority, client }: BayIdentity, folder: string): CertificateFiles {
  const path = (name: string): string => join(folder, name);
  writeFileSync(path("client-ca.crt"), authority);
  writeFileSync(path("client.crt"), client.certificate);
  writeFileSync(path("client.key"), client.privateKey);
  return { authority: path("client-ca.crt"), certificate: path("client.crt"), key: path("client.key") };
}
