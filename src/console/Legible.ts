import { printableLine } from "../domain/Printable.ts"

const maxShown = 200

/** Text from the network on one line: what cannot be seen is made visible, what is long is cut. */
export const legible = (text: string, max = maxShown): string => {
  const cut = text.length > max ? `${text.slice(0, max)}… (${text.length - max} more characters)` : text
  return text === "" ? "(empty)" : printableLine(cut).replace(zeroWidth, escape)
}

/** What takes no room would make two names look like one. */
const zeroWidth = /[\u00ad\u180e\u200b-\u200d\u2060-\u2064]/g

const escape = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`
