/** One sample of the Prometheus text format. */
export interface Sample {
  readonly name: string
  readonly labels: { readonly [name: string]: string }
  readonly value: number
}

const label = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"/g

export const parseMetrics = (text: string): ReadonlyArray<Sample> =>
  text
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => {
      const parts = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)/.exec(line)
      if (parts === null) throw new Error(`not a sample in the Prometheus text format: ${line}`)
      const labels = Object.fromEntries([...(parts[2] ?? "").matchAll(label)].map(([, name, value]) => [name!, value!]))
      return { name: parts[1]!, labels, value: Number(parts[3]) }
    })

/** The sum of all samples with this name that carry these labels. */
export const sumOf = (samples: ReadonlyArray<Sample>, name: string, labels: { readonly [name: string]: string } = {}): number =>
  samples
    .filter((sample) => sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value))
    .reduce((sum, { value }) => sum + value, 0)
