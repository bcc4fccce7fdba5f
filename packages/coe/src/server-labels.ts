/** Labels about the servers of a bay, whatever its COE, and the Heat parameters they become. */
import { z } from "zod";
import { integerLabel, textLabel } from "./label.ts";

export const serverLabels = {
  availability_zone: textLabel.optional().describe("where servers run"),
  boot_volume_size: integerLabel(0, 65_536).optional().describe("GB of a volume that each node boots from; 0: none"),
  boot_volume_type: textLabel.optional().describe("type of that volume"),
  docker_volume_type: textLabel.optional().describe("type of the volume for docker_volume_size"),
};
const schema = z.object(serverLabels);
export type ServerLabels = z.infer<typeof schema>;
