/** Something besides the graph could not start: a port in use, a storage that another process has. One line for a person. */
export class StartError {
  readonly _tag = "StartError"
  readonly message: string

  constructor(message: string) {
    this.message = message
  }
}
