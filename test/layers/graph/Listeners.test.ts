import { assert, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import { connect, type Socket } from "node:net"
import type { Engine } from "../../../src/layers/graph/Engine.ts"
import { type Claim, Listeners } from "../../../src/layers/graph/Listeners.ts"

/** Answers every line with its name; `retire` ends idle connections as an engine must. */
class NamingEngine implements Engine {
  name: string
  private readonly kind: string
  private readonly sockets = new Set<Socket>()
  keepOpen = false

  constructor(name: string, kind = "plain") {
    this.name = name
    this.kind = kind
  }

  start(): void {}

  serve(socket: Socket): void {
    this.sockets.add(socket)
    socket.on("error", () => {})
    socket.on("data", () => socket.write(`${this.name}\n`))
    socket.on("end", () => socket.end())
  }

  become(next: Engine): boolean {
    if (!(next instanceof NamingEngine) || next.kind !== this.kind) return false
    this.name = next.name
    return true
  }

  retire(): void {
    if (!this.keepOpen) for (const socket of this.sockets) socket.end()
  }
}

const claim = (endpoint: string, component = "otlp"): Claim => ({
  component,
  path: ["protocols", "http", "endpoint"],
  protocol: "http",
  endpoint
})

/** A client that says something and gets one line back. */
const dial = (address: string) =>
  Effect.acquireRelease(
    Effect.callback<Socket>((resume) => {
      const [host, port] = address.split(":")
      const socket = connect(Number(port), host)
      socket.once("connect", () => resume(Effect.succeed(socket)))
    }),
    (socket) => Effect.sync(() => socket.destroy())
  )

const ask = (socket: Socket) =>
  Effect.callback<string>((resume) => {
    socket.once("data", (bytes) => resume(Effect.succeed(bytes.toString().trim())))
    socket.write("?")
  })

const ended = (socket: Socket) =>
  Effect.callback<void>((resume) => {
    socket.on("error", () => {})
    socket.once("close", () => resume(Effect.void))
    socket.resume()
  })

const withListeners = <A, E>(effect: Effect.Effect<A, E, Listeners | Scope.Scope>) =>
  Effect.scoped(effect).pipe(Effect.provide(Listeners.layerWith({ drain: 10_000 })))

it.live("a second generation keeps the address and its open connections", () =>
  withListeners(
    Effect.gen(function* () {
      const listeners = yield* Listeners
      const first = yield* Scope.make()
      const one = yield* listeners.bind(claim("localhost:0")).pipe(Scope.provide(first))
      one.activate(new NamingEngine("one"))
      const socket = yield* dial(one.address)
      assert.strictEqual(yield* ask(socket), "one")

      const two = yield* listeners.bind(claim("localhost:0"))
      assert.strictEqual(two.address, one.address)
      assert.strictEqual(yield* ask(socket), "one")
      two.activate(new NamingEngine("two"))
      yield* Scope.close(first, Exit.void)
      assert.strictEqual(yield* ask(socket), "two")
      assert.strictEqual(yield* ask(yield* dial(two.address)), "two")
      assert.deepStrictEqual(listeners.addresses(), [{ component: "otlp", protocol: "http", address: two.address }])
    })
  )
)

it.live("an engine of another kind serves new connections, and the old ones are retired", () =>
  withListeners(
    Effect.gen(function* () {
      const listeners = yield* Listeners
      const one = yield* listeners.bind(claim("localhost:0"))
      one.activate(new NamingEngine("one"))
      const socket = yield* dial(one.address)
      assert.strictEqual(yield* ask(socket), "one")
      const two = yield* listeners.bind(claim("localhost:0"))
      two.activate(new NamingEngine("two", "tls"))
      yield* ended(socket)
      assert.strictEqual(yield* ask(yield* dial(two.address)), "two")
    })
  )
)

it.live("a connection that comes before the first engine waits for it", () =>
  withListeners(
    Effect.gen(function* () {
      const listeners = yield* Listeners
      const binding = yield* listeners.bind(claim("localhost:0"))
      const socket = yield* dial(binding.address)
      const answer = yield* Effect.forkChild(ask(socket), { startImmediately: true })
      binding.activate(new NamingEngine("late"))
      assert.strictEqual(yield* Fiber.join(answer), "late")
    })
  )
)

it.live("a generation that is given up leaves the running one alone", () =>
  withListeners(
    Effect.gen(function* () {
      const listeners = yield* Listeners
      const one = yield* listeners.bind(claim("localhost:0"))
      one.activate(new NamingEngine("one"))
      yield* Effect.scoped(listeners.bind(claim("localhost:0")))
      assert.strictEqual(yield* ask(yield* dial(one.address)), "one")
    })
  )
)

it.live("a port in use is an error that names the port and the setting", () =>
  withListeners(
    Effect.gen(function* () {
      const listeners = yield* Listeners
      const { address } = yield* listeners.bind(claim("localhost:0"))
      const error = yield* Effect.flip(listeners.bind(claim(address, "otlp/other")))
      assert.strictEqual(error.component, "otlp/other")
      assert.deepStrictEqual(error.path, ["protocols", "http", "endpoint"])
      assert.include(error.message, `port ${address.split(":")[1]} is already in use`)
    })
  )
)

it.live("two receivers of one generation cannot share an address", () =>
  withListeners(
    Effect.gen(function* () {
      const listeners = yield* Listeners
      const { address } = yield* Effect.scoped(listeners.bind(claim("localhost:0")))
      yield* listeners.bind(claim(address, "otlp/one"))
      const error = yield* Effect.flip(listeners.bind(claim(address, "otlp/two")))
      assert.include(error.message, "is the address of otlp/one (protocols.http.endpoint) too")
    })
  )
)

it.live("the last one to leave waits for open connections, and an interrupt ends them", () =>
  withListeners(
    Effect.gen(function* () {
      const listeners = yield* Listeners
      const scope = yield* Scope.make()
      const binding = yield* listeners.bind(claim("localhost:0")).pipe(Scope.provide(scope))
      const engine = new NamingEngine("slow")
      engine.keepOpen = true
      binding.activate(engine)
      const socket = yield* dial(binding.address)
      assert.strictEqual(yield* ask(socket), "slow")
      const gone = yield* Deferred.make<void>()
      const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void).pipe(Effect.ensuring(Deferred.succeed(gone, undefined))), {
        startImmediately: true
      })
      assert.deepStrictEqual(listeners.addresses(), [])
      assert.strictEqual(yield* ask(socket), "slow")
      assert.isFalse(yield* Deferred.isDone(gone))
      const end = yield* Effect.forkChild(ended(socket), { startImmediately: true })
      yield* Fiber.interrupt(closing)
      yield* Fiber.join(end)
    })
  )
)

it.live("what is no address is refused with what was expected", () =>
  withListeners(
    Effect.gen(function* () {
      const listeners = yield* Listeners
      for (const endpoint of ["localhost", "http://localhost:4318", "localhost:99999", "4318"]) {
        const error = yield* Effect.flip(listeners.bind(claim(endpoint)))
        assert.include(error.message, "expected host:port")
      }
    })
  )
)
