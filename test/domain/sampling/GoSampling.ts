// The collector's own `pkg/sampling`, run as a Go program where Go and the module are on the machine (`npm run peers` fetches it).
import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

const manifest = `module weir.test/sampling

go 1.25

require github.com/open-telemetry/opentelemetry-collector-contrib/pkg/sampling v0.161.0
`

const program = `package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/sampling"
)

func main() {
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		line := in.Text()
		if state, isState := strings.CutPrefix(line, "state "); isState {
			w3c, err := sampling.NewW3CTraceState(state)
			if err != nil {
				fmt.Println("invalid")
				continue
			}
			var out strings.Builder
			if err := w3c.Serialize(&out); err != nil {
				panic(err)
			}
			fmt.Println("valid " + out.String())
			continue
		}
		var p float64
		var precision int
		fmt.Sscanf(line, "threshold %g %d", &p, &precision)
		threshold, err := sampling.ProbabilityToThresholdWithPrecision(p, precision)
		if err != nil {
			panic(err)
		}
		fmt.Printf("%s %v\\n", threshold.TValue(), threshold.Probability())
	}
}
`

/** Answers of the Go module, one a line; `undefined` where it cannot be built here. */
export const askGo = (lines: ReadonlyArray<string>): ReadonlyArray<string> | undefined => {
  const folder = mkdtempSync(join(tmpdir(), "weir-sampling-"))
  try {
    writeFileSync(join(folder, "go.mod"), manifest)
    writeFileSync(join(folder, "main.go"), program)
    const env = { ...process.env, GOFLAGS: "-mod=mod", GOPROXY: "off" }
    const { status, stdout } = spawnSync("go", ["run", "."], { cwd: folder, env, input: lines.join("\n"), encoding: "utf8" })
    return status === 0 ? stdout.split("\n").slice(0, lines.length) : undefined
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

export const hasGo = askGo(["threshold 1 4"]) !== undefined
