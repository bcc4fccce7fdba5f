/** When a certificate ends, as far as everybody may know: without the library that makes them. */
import { X509Certificate } from "node:crypto";

/** Milliseconds since the epoch, of the first certificate in the PEM. */
export function endsAtMs(pem: string): number {
  return new X509Certificate(pem).validToDate.getTime();
}
