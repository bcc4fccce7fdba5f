/** Neutron's refusals: `{"NeutronError": {type, message, detail}}`. */
import { Fault } from "../http/fault.ts";

export const neutronFault = (status: number, type: string, message: string): Fault =>
  new Fault(status, message, { NeutronError: { type, message, detail: "" } });

export const networkNotFound = (id: string) =>
  neutronFault(404, "NetworkNotFound", `Network ${id} could not be found.`);
export const subnetNotFound = (id: string) => neutronFault(404, "SubnetNotFound", `Subnet ${id} could not be found.`);
export const routerNotFound = (id: string) => neutronFault(404, "RouterNotFound", `Router ${id} could not be found`);
export const portNotFound = (id: string) => neutronFault(404, "PortNotFound", `Port ${id} could not be found.`);
export const badRequest = (message: string) => neutronFault(400, "BadRequest", `Bad request: ${message}`);
