import { legible } from "../Legible.ts"

/** Text from the network as an element, isolated from the direction of what is around it. Names come into the page legible or not at all. */
export const Name = ({ text, max }: { readonly text: string; readonly max?: number }) => <bdi class="name">{legible(text, max)}</bdi>
