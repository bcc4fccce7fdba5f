/** The configured cloud, as one process reaches it: sessions over HTTP with the cloud's own authorities. */
import type { Clock } from "../ports.ts";
import type { CloudConfig } from "./cloud-config.ts";
import { createFetchHttp } from "./fetch-http.ts";
import { readTlsOptions } from "./file-cloud-config.ts";
import { createKeystone } from "./keystone.ts";
import { createSessions } from "./session.ts";
import type { Sessions } from "./session.ts";

/** Asks nobody anything yet. Throws, naming the file, when a file of the configuration cannot be read. */
export function connectCloud(config: CloudConfig, clock: Clock): Sessions {
  const http = createFetchHttp(readTlsOptions(config));
  const keystone = createKeystone({ http, clock }, config.authUrl);
  const { credentials, project, region } = config;
  return createSessions(
    { http, clock, keystone },
    { credentials, ...(project && { project }) },
    { interface: config.interface, ...(region && { region }) },
  );
}
