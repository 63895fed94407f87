import { runProcess } from "./layers/cli/Process.ts"

await runProcess(process.argv.slice(2))
