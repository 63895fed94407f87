/** The child's side of `Child.ask`: questions come over the IPC channel, one answer each. */
export const serveQuestions = (answers: { readonly [question: string]: () => unknown }): void => {
  process.on("message", (message: { readonly id: number; readonly question: string }) => {
    void Promise.resolve(answers[message.question]!()).then((answer) => process.send?.({ id: message.id, answer }))
  })
}

/** What a process says once it serves; control planes say it too. */
export const readyMessage = "ready"

export const sayReady = (): void => void process.send!(readyMessage)

/** Ends the process when it is told to, or when the parent is gone. A terminal's Ctrl-C is the parent's to handle. */
export const endWith = (close: () => Promise<void>): void => {
  let isEnding = false
  const end = (): void => {
    if (isEnding) return
    isEnding = true
    void close().finally(() => process.exit(0))
  }
  process.on("SIGTERM", end).on("disconnect", end)
}
