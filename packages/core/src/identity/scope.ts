/** Which records a request may find: its project's, or every project's for those whom policy lets. */
export interface Scope {
  readonly projectId: string;
  readonly allProjects: boolean;
}
