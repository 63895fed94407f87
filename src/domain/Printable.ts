/**
 * Text from files and from the network as a terminal may have it: control characters, and characters that reorder or break lines, are
 * shown (`\u001b`), not obeyed. Tabs and line feeds stay.
 */
export const printable = (text: string): string => text.replace(unprintable, escape)

/** The same on one line: line feeds and tabs are shown too. */
export const printableLine = (text: string): string => printable(text).replace(/[\t\n]/g, escape)

// oxlint-disable-next-line no-control-regex
const unprintable = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g

const escape = (character: string): string =>
  character === "\n" ? "\\n" : character === "\t" ? "\\t" : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`
