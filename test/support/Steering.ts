/** What an extension sees of a gateway that takes nothing from afar. */
import * as Effect from "effect/Effect"
import { Books } from "../../src/domain/Books.ts"
import { noControl } from "../../src/domain/config/Control.ts"
import { noRemote } from "../../src/domain/config/Overlay.ts"
import { noWeir } from "../../src/domain/config/Weir.ts"
import { ConfigurationError } from "../../src/layers/ConfigurationError.ts"
import { Observer } from "../../src/layers/observation/Observer.ts"
import type { Steering } from "../../src/layers/graph/Steering.ts"

const books = new Books()

export const fixedSteering: Steering = {
  books,
  observer: new Observer(books),
  components: () => [],
  current: () => ({
    components: [],
    pipelines: [],
    telemetry: { logs: { level: "info", encoding: "console" }, metrics: undefined },
    weir: noWeir,
    control: noControl
  }),
  shown: () => "",
  remote: () => noRemote,
  offer: () => Effect.fail(new ConfigurationError({ message: "nothing is taken" }))
}
