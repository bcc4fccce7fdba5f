/** The guarded client with its transport, loaded when the first address is asked: few requests give one. */
import type { GuardedHttp } from "./guarded-http.ts";

/** Networks are in CIDR form. */
export function loadedGuardedHttp(allowedNetworks: readonly string[]): GuardedHttp {
  let loaded: Promise<GuardedHttp> | undefined;
  return async (request, signal) => (await (loaded ??= load(allowedNetworks)))(request, signal);
}

async function load(allowedNetworks: readonly string[]): Promise<GuardedHttp> {
  const [{ createGuardedHttp }, { createHttpsWebTransport }, { createAddressRule }] = await Promise.all([
    import("./guarded-http.ts"),
    import("./https-web-transport.ts"),
    import("./public-address.ts"),
  ]);
  return createGuardedHttp(createHttpsWebTransport(), createAddressRule(allowedNetworks));
}

/** Networks as an operator writes them, with commas between. */
export function readNetworks(text: string | undefined): readonly string[] {
  return (text ?? "")
    .split(",")
    .map((one) => one.trim())
    .filter((one) => one !== "");
}
