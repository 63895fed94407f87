import { randomUUID } from "node:crypto"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { field } from "../../domain/config/Fields.ts"
import * as ClientHeaders from "../delivery/ClientHeaders.ts"
import { extension } from "../graph/Component.ts"
import { ComponentError } from "../graph/ComponentError.ts"
import { Reporter } from "../observation/Reporter.ts"

const Endpoint = Schema.String
const instanceUid = "Names the gateway in what it sends, as a UUID; a new one at each start, if it is empty."

const Config = Schema.Struct({
  endpoint: Schema.annotate<typeof Endpoint>({
    description: 'An OTLP/HTTP endpoint for metrics, the whole URL ("http://localhost:4318/v1/metrics").'
  })(Endpoint),
  headers: ClientHeaders.ClientHeaders,
  instance_uid: field(Schema.String, "", instanceUid)
})

/**
 * Observes the data path without a control plane, and sends what it sees to any OTLP endpoint, each second. A gateway with an `opamp`
 * extension has it from there, and needs none of this: what is seen is sent to one place.
 */
export const observe = extension<typeof Config.Type>({
  type: "observe",
  description:
    "Sends what it sees of the data, by service and tenant, to an OTLP endpoint as metrics; for a gateway without a control plane.",
  config: Config,
  make: ({ endpoint, headers, instance_uid }, { id, gateway, telemetry }) =>
    Effect.gen(function* () {
      const agent = instance_uid === "" ? randomUUID() : instance_uid
      const { observer, books } = gateway
      const reporter = yield* Reporter.make({ observer, books, telemetry, identity: () => ({ agent, revision: "" }) })
      const sent = yield* ClientHeaders.check(id, headers)
      if (reporter.send({ endpoint, headers: sent }, yield* Clock.currentTimeMillis)) return
      return yield* new ComponentError({ component: id, path: ["endpoint"], message: `"${endpoint}" is no URL of HTTP` })
    })
})
