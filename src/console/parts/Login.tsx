import { useState } from "preact/hooks"
import { token } from "../feed/Session.ts"
import { Name } from "./Name.tsx"

/** Asks for a token of `control.auth.api`. It is kept until the tab is closed, and sent in a header to this origin only. */
export const Login = ({ reason, enter }: { readonly reason: string; readonly enter: () => void }) => {
  const [text, setText] = useState("")
  const wasRefused = token.get() !== ""
  const submit = (event: Event) => {
    event.preventDefault()
    token.set(text.trim())
    enter()
  }
  return (
    <main class="login">
      <h1>Weir</h1>
      <form onSubmit={submit}>
        <label>
          Token of the control API
          <input
            type="password"
            autocomplete="current-password"
            required
            value={text}
            onInput={({ currentTarget }) => setText(currentTarget.value)}
            aria-describedby="login-reason"
          />
        </label>
        <p id="login-reason" role={wasRefused ? "alert" : undefined} class={wasRefused ? "problem" : "quiet"}>
          {wasRefused ? (
            <Name text={`It was refused: ${reason}`} />
          ) : (
            "One of control.auth.api in the control plane's configuration. It is forgotten when this tab is closed."
          )}
        </p>
        <p class="buttons">
          <button type="submit" class="primary">
            Enter
          </button>
        </p>
      </form>
    </main>
  )
}
