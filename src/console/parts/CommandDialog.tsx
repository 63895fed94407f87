import { useLayoutEffect, useRef, useState } from "preact/hooks"
import { post } from "../feed/Client.ts"
import { personName } from "../feed/Session.ts"
import type { Wanted } from "./Commands.ts"
import { Name } from "./Name.tsx"

/**
 * Asks before something is done: what, with which effect, by whom and why, for the journal. A native dialog: focus stays in it, Escape
 * leaves it, and focus goes back to where it was. What the API refuses is told here, and nothing is lost of what was written.
 */
export const CommandDialog = ({
  wanted,
  done,
  leave
}: {
  readonly wanted: Wanted
  readonly done: (told: string) => void
  readonly leave: () => void
}) => {
  const dialog = useRef<HTMLDialogElement>(null)
  const [by, setBy] = useState(personName.get())
  const [reason, setReason] = useState("")
  const [problem, setProblem] = useState<string>()
  const [isBusy, setBusy] = useState(false)
  // Before the next key can come.
  useLayoutEffect(() => {
    const before = document.activeElement
    dialog.current?.showModal()
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus()
    }
  }, [])

  const submit = async (event: Event) => {
    event.preventDefault()
    if (isBusy) return
    setBusy(true)
    setProblem(undefined)
    personName.set(by)
    try {
      await post(wanted.path, wanted.hasReason ? { by, reason } : undefined)
      done(`Done: ${wanted.title}.`)
    } catch (failure) {
      setProblem(failure instanceof Error ? failure.message : String(failure))
      setBusy(false)
    }
  }
  return (
    <dialog ref={dialog} aria-labelledby="command-title" aria-describedby="command-effect" onClose={leave}>
      <form onSubmit={submit}>
        <h2 id="command-title">
          <Name text={`${wanted.title}?`} />
        </h2>
        <p id="command-effect">{wanted.effect}</p>
        {wanted.hasReason && (
          <>
            <label>
              Your name, for the journal
              <input required maxLength={128} autocomplete="name" value={by} onInput={({ currentTarget }) => setBy(currentTarget.value)} />
            </label>
            <label>
              Why
              <input maxLength={1000} value={reason} onInput={({ currentTarget }) => setReason(currentTarget.value)} />
            </label>
          </>
        )}
        <p role="alert" class="problem">
          {problem !== undefined && <Name text={problem} max={1000} />}
        </p>
        <p class="buttons">
          <button type="button" onClick={() => dialog.current?.close()}>
            Leave it
          </button>
          <button type="submit" class={wanted.isDestructive ? "destructive" : "primary"} disabled={isBusy}>
            {wanted.verb}
          </button>
        </p>
      </form>
    </dialog>
  )
}
