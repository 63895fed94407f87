/** What the browser keeps of a person: the token until the tab closes, their name and wishes for the page for longer. */
const kept = (storage: () => Storage, key: string) => ({
  get: (): string => {
    try {
      return storage().getItem(key) ?? ""
    } catch {
      // A browser may forbid storage altogether; then nothing is kept.
      return ""
    }
  },
  set: (value: string): void => {
    try {
      if (value === "") storage().removeItem(key)
      else storage().setItem(key, value)
    } catch {
      // As above: what is not kept is asked for again.
    }
  }
})

export const token = kept(() => sessionStorage, "weir.token")
export const personName = kept(() => localStorage, "weir.name")
export const theme = kept(() => localStorage, "weir.theme")
/** `off`, or empty for on. */
export const keys = kept(() => localStorage, "weir.keys")
