/** Rows of whole numbers in one reused typed array: row `i` is `data[i * width]` and on. It grows by doubling and never shrinks. */
export class Table {
  data: Int32Array
  count = 0
  readonly width: number

  constructor(width: number, rows = 64) {
    this.width = width
    this.data = new Int32Array(width * rows)
  }

  clear(): void {
    this.count = 0
  }

  /** Adds a row and says where in `data` it begins. What it holds is left over from earlier use. */
  add(): number {
    const at = this.count++ * this.width
    if (at === this.data.length) {
      const grown = new Int32Array(at * 2)
      grown.set(this.data)
      this.data = grown
    }
    return at
  }
}
