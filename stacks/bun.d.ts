/** SST's sources name one type of bun's. */
declare module "bun" {
  export type Shell = unknown;
}
