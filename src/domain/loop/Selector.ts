/** Agents by their labels, which are the attributes of their descriptions; all have to match. An empty selector means every agent. */
export type Selector = { readonly [label: string]: string }

export const matches = (selector: Selector, labels: Selector): boolean =>
  Object.entries(selector).every(([label, value]) => Object.hasOwn(labels, label) && labels[label] === value)

/** Whether no agent can match both, now or later: they want different values of one label. */
export const areDisjoint = (a: Selector, b: Selector): boolean =>
  Object.entries(a).some(([label, value]) => Object.hasOwn(b, label) && b[label] !== value)
