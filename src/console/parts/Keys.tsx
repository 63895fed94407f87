import { useEffect, useRef } from "preact/hooks"
import { keys } from "../feed/Session.ts"

/** Parts of the page by the letter that goes there, after `g`. */
export const places: ReadonlyArray<readonly [letter: string, id: string, name: string]> = [
  ["r", "rollouts", "Rollouts"],
  ["f", "findings", "Findings"],
  ["p", "pipelines", "Pipelines"],
  ["a", "agents", "Agents"],
  ["j", "journal", "Journal"]
]

export const goTo = (id: string): void => {
  const title = document.getElementById(`${id}-title`)
  title?.focus({ preventScroll: true })
  title?.scrollIntoView({ block: "start" })
}

/** How long after `g` the letter may come. */
const chordMillis = 1500

/**
 * Single keys for the page: `g` and a letter goes to a part, `h` holds, `?` tells them. Not while something is written or a dialog is
 * open, and not at all if the person has turned them off (WCAG 2.1.4).
 */
export const useKeys = (hold: () => void, help: () => void): void => {
  const actions = useRef({ hold, help })
  actions.current = { hold, help }
  useEffect(() => {
    let chordAt = -Infinity
    const pressed = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || keys.get() === "off") return
      const { target } = event
      if (target instanceof Element && target.closest("input, select, textarea, dialog") !== null) return
      const isChord = performance.now() - chordAt < chordMillis
      chordAt = -Infinity
      const place = places.find(([letter]) => letter === event.key)
      if (isChord && place !== undefined) goTo(place[1])
      else if (event.key === "g") chordAt = performance.now()
      else if (event.key === "h") actions.current.hold()
      else if (event.key === "?") actions.current.help()
      else return
      event.preventDefault()
    }
    window.addEventListener("keydown", pressed)
    return () => window.removeEventListener("keydown", pressed)
  }, [])
}
