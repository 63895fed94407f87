import type { FileHandle } from "node:fs/promises"

/** How records follow one another: lines, or a 4-byte big-endian length before each. */
export type Framing = "lines" | "lengths"

const NEWLINE = 10
const blockBytes = 64 * 1024

/**
 * Where the last whole record ends. What follows was cut off when a process was killed while it wrote, and was never reported as
 * written.
 */
export const wholeRecordsEnd = (file: FileHandle, sizeBytes: number, framing: Framing): Promise<number> =>
  framing === "lines" ? wholeLinesEnd(file, sizeBytes) : wholeLengthsEnd(file, sizeBytes)

const wholeLinesEnd = async (file: FileHandle, sizeBytes: number): Promise<number> => {
  const block = Buffer.alloc(blockBytes)
  for (let end = sizeBytes; end > 0;) {
    const start = Math.max(0, end - blockBytes)
    const { bytesRead } = await file.read(block, 0, end - start, start)
    const newline = block.subarray(0, bytesRead).lastIndexOf(NEWLINE)
    if (newline >= 0) return start + newline + 1
    end = start
  }
  return 0
}

const wholeLengthsEnd = async (file: FileHandle, sizeBytes: number): Promise<number> => {
  const head = Buffer.alloc(4)
  let pos = 0
  while (pos + 4 <= sizeBytes) {
    await file.read(head, 0, 4, pos)
    const next = pos + 4 + head.readUInt32BE(0)
    if (next > sizeBytes) break
    pos = next
  }
  return pos
}
