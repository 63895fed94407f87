/** A control plane, as its clients see it. */
export interface Where {
  /** Without a path and a slash at the end: `http://127.0.0.1:4319`. */
  readonly api: string
  readonly token: string | undefined
}
