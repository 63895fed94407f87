import type { Subject } from "./Observation.ts"

/** Which subjects are meant: those that agree with everything that is named. */
export type SubjectFilter = Partial<Subject>

export const isMeant = (filter: SubjectFilter, { tenant, service, signal }: Subject): boolean =>
  (filter.tenant === undefined || filter.tenant === tenant) &&
  (filter.service === undefined || filter.service === service) &&
  (filter.signal === undefined || filter.signal === signal)

/** Equal for equal subjects only. */
export const subjectKey = ({ tenant, service, signal }: Subject): string => `${signal} ${tenant.length} ${tenant} ${service}`
