/**
 * What successful replies look like, by names that routes say (`answers`). The views (views/) decide what is shown; that
 * these shapes are the same is held by every test that asks for something and compares (test/security/description.ts).
 */
import { z } from "zod";

const text = z.string();
const number = z.number();
const flag = z.boolean();
const uuid = z.string().meta({ format: "uuid" });
const time = z.string().meta({ format: "date-time" });
const texts = z.array(text);
const labels = z.record(text, text);
const any = z.record(text, z.unknown());
const links = z.array(z.strictObject({ href: text, rel: text }));
const times = { created_at: time.nullable(), updated_at: time.nullable() };
const owner = { project_id: text, user_id: text };

const baymodelBrief = z.strictObject({
  uuid,
  name: text.nullable(),
  coe: text,
  image_id: text,
  apiserver_port: number.nullable(),
  registry_enabled: flag,
  tls_disabled: flag,
  public: flag,
  server_type: text,
  links,
});

const baymodel = baymodelBrief.extend({
  flavor_id: text.nullable(),
  master_flavor_id: text.nullable(),
  keypair_id: text.nullable(),
  dns_nameserver: text.nullable(),
  external_network_id: text.nullable(),
  fixed_network: text.nullable(),
  network_driver: text.nullable(),
  volume_driver: text.nullable(),
  docker_volume_size: number.nullable(),
  ssh_authorized_key: text.nullable(),
  cluster_distro: text.nullable(),
  http_proxy: text.nullable(),
  https_proxy: text.nullable(),
  no_proxy: text.nullable(),
  labels,
  ...times,
});

const clustertemplate = baymodel.omit({ ssh_authorized_key: true }).extend({
  fixed_subnet: text.nullable(),
  insecure_registry: text.nullable(),
  docker_storage_driver: text.nullable(),
  master_lb_enabled: flag,
  floating_ip_enabled: flag,
  hidden: flag,
  tags: text.nullable(),
  driver: text.nullable(),
  ...owner,
});

const bayBrief = z.strictObject({
  uuid,
  name: text.nullable(),
  baymodel_id: text,
  node_count: number,
  master_count: number,
  bay_create_timeout: number.nullable(),
  stack_id: text.nullable(),
  status: text,
  links,
});

const ofBay = {
  status_reason: text.nullable(),
  discovery_url: text.nullable(),
  api_address: text.nullable(),
  node_addresses: texts,
  master_addresses: texts,
  ...times,
};

const clusterBrief = z.strictObject({
  uuid,
  name: text.nullable(),
  cluster_template_id: text,
  keypair: text.nullable(),
  node_count: number,
  master_count: number,
  docker_volume_size: number.nullable(),
  labels,
  master_flavor_id: text.nullable(),
  flavor_id: text.nullable(),
  create_timeout: number.nullable(),
  links,
  /** Before version 1.13. */
  stack_id: text.nullable().optional(),
  /** From then on, in its place. */
  cluster_id: text.nullable().optional(),
  status: text,
  health_status: text.nullable(),
  merge_labels: flag,
});

const differences = { labels_overridden: labels, labels_added: labels, labels_skipped: labels };

const cluster = clusterBrief.extend({
  ...ofBay,
  health_status_reason: labels,
  coe_version: text.nullable(),
  container_version: text.nullable(),
  ...owner,
  fixed_network: text.nullable(),
  fixed_subnet: text.nullable(),
  floating_ip_enabled: flag.nullable(),
  master_lb_enabled: flag.nullable(),
  ...differences,
  /** Of one that failed. */
  faults: labels.optional(),
});

const nodegroupBrief = z.strictObject({
  uuid,
  name: text,
  flavor_id: text.nullable(),
  image_id: text.nullable(),
  node_count: number,
  role: text,
  min_node_count: number,
  max_node_count: number.nullable(),
  is_default: flag,
  stack_id: text.nullable(),
  status: text,
  merge_labels: flag,
});

const nodegroup = nodegroupBrief.extend({
  id: number,
  cluster_id: uuid,
  project_id: text,
  docker_volume_size: number.nullable(),
  labels,
  links,
  node_addresses: texts,
  status_reason: text.nullable(),
  version: text.nullable(),
  ...differences,
  node_labels: labels,
  node_taints: z.array(z.strictObject({ key: text, value: text.optional(), effect: text })),
  ...times,
});

const event = z.strictObject({
  id: text,
  type: text,
  time,
  sequence: number.nullable(),
  order: text.nullable(),
  subject: text.nullable(),
  bay_uuid: text.nullable(),
  data: any,
});

const operation = z.strictObject({
  id: text,
  kind: text,
  step: text.nullable(),
  attempts: number,
  started_at: time,
  step_started_at: time,
  deadline_at: time,
  next_at: time.nullable(),
  trouble: text.nullable(),
  failure: text.nullable(),
});

/** Sent back to who sent it. */
const manifest = { manifest: text.nullable().optional(), manifest_url: text.nullable().optional() };
const reason = { status_reason: text.nullable() };

const podBrief = z.strictObject({
  uuid,
  name: text.nullable(),
  desc: text.nullable(),
  bay_uuid: uuid,
  images: texts,
  labels,
  status: text.nullable(),
  host: text.nullable(),
  links,
});

const serviceBrief = z.strictObject({
  uuid,
  name: text.nullable(),
  bay_uuid: uuid,
  labels,
  selector: labels,
  ip: text.nullable(),
  ports: z.array(
    z.strictObject({
      name: text.optional(),
      port: number,
      targetPort: z.union([number, text]).optional(),
      protocol: text,
      nodePort: number.optional(),
    }),
  ),
  links,
});

const rcBrief = z.strictObject({
  uuid,
  name: text.nullable(),
  images: texts,
  bay_uuid: uuid,
  labels,
  replicas: number.nullable(),
  links,
});

const containerBrief = z.strictObject({
  uuid,
  name: text.nullable(),
  image: text,
  bay_uuid: uuid,
  command: text.nullable(),
  status: text.nullable(),
  memory: text.nullable(),
  environment: labels,
  links,
});

const nodeBrief = z.strictObject({
  uuid,
  type: text.nullable(),
  image_id: text.nullable(),
  ironic_node_id: text.nullable(),
  links,
});

const x509keypairBrief = z.strictObject({
  uuid,
  name: text.nullable(),
  bay_uuid: uuid,
  ca_cert: text.nullable(),
  certificate: text.nullable(),
  private_key: text.nullable(),
  links,
});

const webhookBrief = z.strictObject({
  uuid,
  name: text.nullable(),
  url: text,
  events: texts,
  bay_uuid: uuid.nullable(),
  format: text,
  enabled: flag,
  links,
});

const webhook = webhookBrief.extend({
  description: text.nullable(),
  disabled_reason: text.nullable(),
  previous_secret_valid_until: time.nullable(),
  ...owner,
  ...times,
});

const hook = z.strictObject({
  uuid,
  name: text.nullable(),
  url: text,
  bay_uuid: uuid,
  action: text,
  /** Of a resize. */
  min_node_count: number.optional(),
  max_node_count: number.optional(),
  /** Of an upgrade. */
  bay_models: z.array(uuid).optional(),
  max_batch_size: number.optional(),
  enabled: flag,
  ...owner,
  ...times,
  links,
});

const deliveryBrief = z.strictObject({
  uuid,
  event_id: text,
  event_type: text,
  status: text,
  failure: text.nullable(),
  last_status: number.nullable(),
  last_error: text.nullable(),
  ...times,
});

const round = z.strictObject({
  started_at: time,
  ended_at: time.nullable(),
  dry_run: flag,
  failure: text.nullable(),
  counts: z.record(text, number),
  findings: z.array(
    z.strictObject({
      what: text,
      outcome: text,
      project_id: text.nullable(),
      bay_id: text.nullable(),
      detail: text.nullable(),
    }),
  ),
});

export const SHAPES = {
  /** The body is null. */
  nothing: z.null(),
  accepted: z.strictObject({ uuid }),
  baymodelBrief,
  baymodel,
  clustertemplate,
  bayBrief,
  bay: bayBrief.extend(ofBay),
  clusterBrief,
  cluster,
  nodegroupBrief,
  nodegroup,
  bayEvents: z.strictObject({ events: z.array(event), operation: operation.nullable(), next: text.optional() }),
  eventPage: z.strictObject({ events: z.array(event), cursor: text, has_more: flag }),
  certificate: z.strictObject({
    bay_uuid: uuid,
    cluster_uuid: uuid,
    csr: text.optional(),
    pem: text,
    not_after: time,
    ca_cert_type: text.optional(),
    links,
  }),
  /** By the names that a master's scripts have for them, in lower case. */
  masterVersions: labels,
  podBrief,
  pod: podBrief.extend({ ...manifest, ...reason, ...times }),
  serviceBrief,
  service: serviceBrief.extend({ ...manifest, ...reason, ...times }),
  rcBrief,
  rc: rcBrief.extend({ ...manifest, ...reason }),
  containerBrief,
  container: containerBrief.extend({ ...reason, ...times }),
  output: z.strictObject({ output: text }),
  nodeBrief,
  node: nodeBrief.extend(times),
  x509keypairBrief,
  x509keypair: x509keypairBrief.extend(times),
  webhookBrief,
  webhook,
  webhookWithSecret: webhook.extend({ secret: text }),
  deliveryBrief,
  delivery: deliveryBrief.extend({
    next_attempt_at: time.nullable(),
    attempts: z.array(
      z.strictObject({ at: time, duration_ms: number, status: number.nullable(), error: text.nullable() }),
    ),
    payload: z.unknown(),
  }),
  hook,
  hookWithSecret: hook.extend({ secret: text }),
  /** Nobody set the default: it has no number and no times. */
  quota: z.strictObject({
    id: number.optional(),
    hard_limit: number,
    project_id: text,
    resource: text,
    created_at: time.optional(),
    updated_at: time.nullable().optional(),
  }),
  stats: z.strictObject({ clusters: number, nodes: number }),
  mservice: z.strictObject({
    id: number,
    host: text,
    binary: text,
    state: text,
    report_count: number,
    disabled: flag,
    disabled_reason: z.null(),
    ...times,
  }),
  /** There are none. */
  federation: z.never(),
  roundsBegun: z.strictObject({ started: texts, running: texts }),
  job: z.strictObject({ name: text, next_at: time.nullable(), state: text, round: round.nullable() }),
} satisfies Readonly<Record<string, z.ZodType>>;

export type ShapeName = keyof typeof SHAPES;
