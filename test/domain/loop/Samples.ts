import type { Finding } from "../../../src/domain/loop/Finding.ts"

export const findingOf = (changes: Partial<Finding> & { readonly tenant?: string } = {}): Finding => {
  const { tenant = "shop", ...rest } = changes
  return {
    id: `baseline/volume/volume/${tenant}/checkout/traces@1000`,
    detector: "baseline/volume",
    kind: "volume",
    subject: { tenant, service: "checkout", signal: "traces" },
    score: 0.9,
    since: 1000,
    until: undefined,
    value: 2000,
    expected: 100,
    evidence: [[1000, 2000]],
    ...rest
  }
}
