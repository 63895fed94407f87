import { useLayoutEffect, useRef, useState } from "preact/hooks"
import { keys, theme } from "../feed/Session.ts"
import { places } from "./Keys.tsx"

/** As the system has it, unless the person wants otherwise. */
export const applyTheme = (): void => {
  const wanted = theme.get()
  if (wanted === "light" || wanted === "dark") document.documentElement.dataset["theme"] = wanted
  else delete document.documentElement.dataset["theme"]
}

/** What the keys do, and what a person may have otherwise. */
export const HelpDialog = ({ leave }: { readonly leave: () => void }) => {
  const dialog = useRef<HTMLDialogElement>(null)
  const [isOn, setOn] = useState(keys.get() !== "off")
  useLayoutEffect(() => dialog.current?.showModal(), [])
  return (
    <dialog ref={dialog} aria-labelledby="help-title" onClose={leave}>
      <h2 id="help-title">Keys</h2>
      <dl class="keys">
        {places.map(([letter, , name]) => (
          <div key={letter}>
            <dt>
              <kbd>g</kbd> <kbd>{letter}</kbd>
            </dt>
            <dd>{name}</dd>
          </div>
        ))}
        <div>
          <dt>
            <kbd>h</kbd>
          </dt>
          <dd>Hold what is shown, or follow again</dd>
        </div>
        <div>
          <dt>
            <kbd>?</kbd>
          </dt>
          <dd>This help</dd>
        </div>
      </dl>
      <p>
        <label class="choice">
          <input
            type="checkbox"
            checked={isOn}
            onChange={({ currentTarget }) => {
              keys.set(currentTarget.checked ? "" : "off")
              setOn(currentTarget.checked)
            }}
          />{" "}
          Keys are on
        </label>
      </p>
      <p>
        <label>
          Colours{" "}
          <select
            value={theme.get()}
            onChange={({ currentTarget }) => {
              theme.set(currentTarget.value)
              applyTheme()
            }}
          >
            <option value="">as the system has them</option>
            <option value="light">light</option>
            <option value="dark">dark</option>
          </select>
        </label>
      </p>
      <p class="buttons">
        <button type="button" onClick={() => dialog.current?.close()}>
          Close
        </button>
      </p>
    </dialog>
  )
}
