// `npm run docs`: writes the references that are made from the code. Tests compare them with what is checked in.
import { writeFileSync } from "node:fs"
import { Control } from "../src/domain/config/Control.ts"
import { Weir } from "../src/domain/config/Weir.ts"
import { builtIn } from "../src/layers/BuiltIn.ts"
import { metricsReference } from "./docs/metrics.ts"
import { controlReference, reference } from "./docs/Reference.ts"

const pages: Readonly<Record<string, string>> = {
  "docs/components.md": reference(builtIn),
  "docs/control-settings.md": controlReference({ control: Control, weir: Weir }),
  "docs/metrics.md": metricsReference()
}

for (const [path, text] of Object.entries(pages)) {
  writeFileSync(new URL(`../${path}`, import.meta.url), text)
  console.log(path)
}
