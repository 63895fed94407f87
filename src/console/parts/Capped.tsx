import type { ComponentChildren } from "preact"

/** The first of many, and how many are not shown. */
export const capped = <A,>(all: ReadonlyArray<A>, max: number): { readonly some: ReadonlyArray<A>; readonly rest: number } => ({
  some: all.length > max ? all.slice(0, max) : all,
  rest: Math.max(0, all.length - max)
})

export const Rest = ({ count, of }: { readonly count: number; readonly of: string }) =>
  count === 0 ? null : (
    <p class="quiet">
      {count} more {of} not shown.
    </p>
  )

/** A part of the page: a heading that keys and links can go to, and what could not be had. */
export const Section = ({
  id,
  title,
  count,
  problem,
  children
}: {
  readonly id: string
  readonly title: string
  readonly count?: string | undefined
  readonly problem?: string | undefined
  readonly children: ComponentChildren
}) => (
  <section id={id} aria-labelledby={`${id}-title`}>
    <h2 id={`${id}-title`} tabIndex={-1}>
      {title} {count !== undefined && <span class="count">{count}</span>}
    </h2>
    {problem !== undefined && <p class="problem">What follows may be old: {problem}.</p>}
    {children}
  </section>
)

/** A word that is never told by its colour alone. */
export const Mark = ({ tone, glyph, children }: { readonly tone: Tone; readonly glyph: string; readonly children: ComponentChildren }) => (
  <span class={`mark ${tone}`}>
    <span aria-hidden="true">{glyph}</span> {children}
  </span>
)

export type Tone = "good" | "bad" | "attention" | "active" | "plain"

/** What scrolls by itself where it is wider than the page, or very long; also by keys. */
export const Scroller = ({
  label,
  kind = "",
  children
}: {
  readonly label: string
  readonly kind?: string
  readonly children: ComponentChildren
}) => (
  <div class={`scroller ${kind}`} role="group" aria-label={label} tabIndex={0}>
    {children}
  </div>
)
