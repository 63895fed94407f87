import * as Effect from "effect/Effect"
import { decode } from "../../../../domain/opamp/Decode.ts"
import { MalformedMessage } from "../../../../domain/opamp/MalformedMessage.ts"
import { ServerToAgent } from "../../../../domain/opamp/ServerToAgent.ts"
import { parseRetryAfter } from "../../../delivery/RetryAfter.ts"
import type { Conversation } from "./Conversation.ts"
import { type HttpAnswer, post } from "./HttpPost.ts"
import { pace } from "./Pace.ts"
import type { Ended, Endpoint } from "./Session.ts"

/**
 * Polls the server, one request at a time: at once when there is news, else at the interval, until a request fails.
 *
 * Fails: never, the result says how it ended. Closes (an interruption): one last request says goodbye.
 */
export const httpSession = (endpoint: Endpoint, conversation: Conversation, pollingMillis: number): Effect.Effect<Ended> =>
  Effect.gen(function* () {
    conversation.startOver()
    let wasHeard = false
    for (;;) {
      const answer = yield* post(endpoint, conversation.instanceUid, conversation.next())
      const ended = take(answer, conversation, wasHeard)
      if (ended !== undefined) return ended
      wasHeard ||= answer.status === 200
      if (!conversation.hasNews || answer.status !== 200) yield* untilNews(conversation, intervalOf(conversation, pollingMillis))
    }
  }).pipe(
    Effect.onInterrupt(() =>
      post(endpoint, conversation.instanceUid, conversation.goodbye()).pipe(Effect.interruptible, Effect.timeoutOption(pace.farewell))
    )
  )

const intervalOf = ({ heartbeatSeconds }: Conversation, pollingMillis: number): number =>
  heartbeatSeconds === undefined || heartbeatSeconds === 0 ? pollingMillis : heartbeatSeconds * 1000

const untilNews = (conversation: Conversation, millis: number): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    conversation.listen(() => resume(Effect.void))
    return Effect.sync(() => conversation.listen(() => {}))
  }).pipe(Effect.timeoutOption(millis), Effect.andThen(Effect.sync(() => conversation.listen(() => {}))))

/** How it ends with this answer; `undefined` if it goes on. */
const take = ({ status, body, retryAfter, problem }: HttpAnswer, conversation: Conversation, wasHeard: boolean): Ended | undefined => {
  const end = (reason: string, retryAfterMillis?: number): Ended => ({ reason, wasHeard, retryAfterMillis })
  if (problem !== undefined) return end(problem)
  // The same message would be refused again: it counts as sent.
  if (status === 400 || status === 413) return undefined
  if (status !== 200) return end(`the server answers ${status}`, parseRetryAfter(retryAfter, Date.now()))
  const message = decode(ServerToAgent, body)
  if (message instanceof MalformedMessage) return end("the server sent what is no message")
  const received = conversation.receive(message)
  return received._tag === "Unavailable" ? end("the server is unavailable", received.retryAfterMillis) : undefined
}
