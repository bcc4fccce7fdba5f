/**
 * `magnum_vm_ubuntu_mesos`: Mesos with Marathon on Ubuntu (16.04 or later: its units are systemd's), whose image holds
 * ZooKeeper, Mesos, Marathon and Docker (bay-era sheet 7, 8.4, 9).
 *
 * Where it differs from the era's, and why: masters are as many as the bay says, with a quorum; proxies are declared, so
 * such a bay can be made; nodes get the bay's credential only where REX-Ray needs it, for Mesos asks for no certificate.
 */
import { z } from "zod";
import type { BaySpec, BayType, BayTypeInput, HeatParameter, SpecProblem, TemplateLoader } from "../../bay-type.ts";
import { booleanLabel, plainText, textLabel } from "../../label.ts";
import { loadBalancerParameters, needsFloatingIp, networkLabels } from "../../network-labels.ts";
import { serverLabels } from "../../server-labels.ts";
import {
  checkDrivers,
  checkLabels,
  checkMasters,
  checkNetwork,
  checkNoRegistry,
  checkTexts,
  parseLabels,
  unknownLabels,
} from "../../spec-checks.ts";
import { defineStack } from "../../stack-definition.ts";
import { nodeNamePrefix } from "../../stack-name.ts";
import { listOutput, textOutput, workersOutput } from "../../stack-outputs.ts";
import {
  credentialParameters,
  dockerParameters,
  endpointParameters,
  given,
  networkParameters,
  serverParameters,
} from "../../stack-parameters.ts";

const labels = z.object({
  ...serverLabels,
  ...networkLabels,
  executor_registration_timeout: z
    .string()
    .regex(/^[0-9]+(\.[0-9]+)?(ns|us|ms|secs|mins|hrs|days|weeks)$/, "must be a number with a unit, such as 5mins")
    .optional()
    .describe("how long an executor may take to start"),
  mesos_slave_isolation: textLabel.optional().describe("isolation mechanisms of slaves, comma-separated"),
  mesos_slave_image_providers: textLabel.optional().describe("image providers of slaves, comma-separated"),
  mesos_slave_work_dir: textLabel.optional().describe("folder of what slaves run"),
  rexray_preempt: booleanLabel.optional().describe("whether a volume may be taken from a node that holds it"),
});
type Labels = z.infer<typeof labels>;

const TEMPLATE = "mesos/ubuntu/mesoscluster.yaml";

export function mesosUbuntu(load: TemplateLoader): BayType {
  return {
    name: "magnum_vm_ubuntu_mesos",
    coe: "mesos",
    provides: [{ serverType: "vm", os: "ubuntu", coe: "mesos" }],
    templatePath: TEMPLATE,
    labels,
    checkSpec,
    unknownLabels: (all) => unknownLabels(labels, all),
    stackFor(input) {
      const values = parseLabels(labels, input.labels);
      return defineStack(load, input, {
        template: TEMPLATE,
        parameters: parametersFor(input, values),
        bootVolumeSize: values.boot_volume_size,
        bootVolumeType: values.boot_volume_type,
      });
    },
    readOutputs: (outputs) => ({
      // Mesos answers on 5050 and Marathon on 8080: the address is of both, so it names neither scheme nor port.
      apiAddress: textOutput(outputs, "api_address"),
      nodeAddresses: listOutput(outputs, "mesos_slaves"),
      masterAddresses: listOutput(outputs, "mesos_master"),
      discoveryUrl: null,
      workers: workersOutput(outputs, {
        refs: "refs_map",
        names: "mesos_slave_names",
        addresses: "mesos_slaves_private",
      }),
    }),
    removalParameters: (workers) => ({ slaves_to_remove: workers.map(({ index }) => index) }),
  };
}

function checkSpec(spec: BaySpec): readonly SpecProblem[] {
  const { values, problems } = checkLabels(labels, spec.labels);
  return [
    ...problems,
    ...checkTexts(spec),
    ...checkMasters(spec),
    ...checkDrivers(spec, { network: ["docker"], volume: ["rexray"] }),
    ...checkNetwork(spec, values?.fixed_subnet_cidr, needsFloatingIp(spec, values)),
    ...checkNoRegistry(spec),
  ];
}

function parametersFor(input: BayTypeInput, values: Labels): Readonly<Record<string, HeatParameter>> {
  return {
    ...serverParameters(input),
    ...networkParameters(input, values.fixed_subnet_cidr),
    ...dockerParameters(input),
    ...endpointParameters(input),
    ...(input.volumeDriver === "rexray" ? cinderCredential(input) : {}),
    ...given({
      master_flavor: input.masterFlavorId,
      slave_flavor: input.flavorId,
      number_of_masters: input.masterCount,
      number_of_slaves: input.nodeCount,
      slaves_to_remove: input.workersToRemove.map(({ index }) => index),
      ...loadBalancerParameters(input, values),
      availability_zone: values.availability_zone,
      docker_volume_type: values.docker_volume_type,
      cluster_name: input.name !== null && plainText.test(input.name) ? input.name : nodeNamePrefix(input),
      executor_registration_timeout: values.executor_registration_timeout,
      mesos_slave_isolation: values.mesos_slave_isolation,
      mesos_slave_image_providers: values.mesos_slave_image_providers,
      mesos_slave_work_dir: values.mesos_slave_work_dir,
      volume_driver: input.volumeDriver,
      rexray_preempt: values.rexray_preempt,
    }),
  };
}

/** What REX-Ray needs of the credential: names and this service's URL are not among it. */
function cinderCredential(input: BayTypeInput): Readonly<Record<string, HeatParameter>> {
  const {
    magnum_url: _url,
    trustee_username: _name,
    trustee_domain_id: _domain,
    ...rest
  } = credentialParameters(input);
  return rest;
}
