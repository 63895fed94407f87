import { constants, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2"
import { deadlines, type Expiring } from "../Deadlines.ts"
import type { GrpcProtocol } from "../OtlpConfig.ts"

/** Without open streams a client may ping once in two hours, unless the policy permits more (gRPC A8, A9). */
const minTimeWithoutStream = 7_200_000
const maxPingStrikes = 2
/** A connection on which streams are open and nothing moves is given up after this long beyond the limits of the calls. */
const stalledMillis = 60_000

/**
 * The life of one HTTP/2 connection: handshake, idleness, age, keep-alive pings of both sides. The connection of a client that keeps
 * to its side notices nothing but a GOAWAY.
 */
export class GrpcSession implements Expiring {
  deadline: number
  private readonly session: ServerHttp2Session
  private readonly config: () => GrpcProtocol
  private readonly startedAt = performance.now()
  private greeted = false
  private openStreams = 0
  private lastSign = this.startedAt
  private idleSince = this.startedAt
  private pingedAt: number | undefined = undefined
  private closedAt: number | undefined = undefined
  private lastPing = -Infinity
  private pingStrikes = 0

  /** `config` gives the settings of the moment: a swap changes them for open connections too. */
  constructor(session: ServerHttp2Session, config: () => GrpcProtocol) {
    this.session = session
    this.config = config
    this.deadline = this.startedAt + config().handshake_timeout
    session.once("remoteSettings", () => this.greet())
    session.on("ping", () => this.onPing(performance.now()))
    session.on("close", () => deadlines.delete(this))
    deadlines.add(this)
  }

  private greet(): void {
    this.greeted = true
    this.lastSign = performance.now()
    this.deadline = this.nextCheck()
  }

  opened(stream: ServerHttp2Stream): void {
    this.openStreams++
    this.lastSign = performance.now()
    this.pingStrikes = 0
    stream.on("close", () => {
      this.openStreams--
      this.lastSign = this.idleSince = performance.now()
    })
  }

  /** Tells the client to go elsewhere; open calls are answered. */
  close(): void {
    this.closedAt ??= performance.now()
    if (!this.session.destroyed) this.session.close()
  }

  expire(now: number): void {
    if (this.session.destroyed) return
    if (!this.greeted) return this.session.destroy()
    const { server_parameters: limits } = this.config().keepalive
    if (this.closedAt === undefined) {
      if (this.isIdleFor(limits.max_connection_idle, now) || this.isOlderThan(limits.max_connection_age, now)) this.close()
    } else if (limits.max_connection_age_grace > 0 && now >= this.closedAt + limits.max_connection_age_grace) {
      return this.session.destroy()
    }
    if (this.isStalled(now) || !this.keepsAlive(limits.time, limits.timeout, now)) return this.session.destroy()
    this.deadline = this.nextCheck()
    deadlines.add(this)
  }

  private isIdleFor(millis: number, now: number): boolean {
    return millis > 0 && this.openStreams === 0 && now >= this.idleSince + millis
  }

  private isOlderThan(millis: number, now: number): boolean {
    return millis > 0 && now >= this.startedAt + millis
  }

  private isStalled(now: number): boolean {
    const { read_timeout } = this.config()
    return read_timeout > 0 && this.openStreams > 0 && now >= this.lastSign + 2 * read_timeout + stalledMillis
  }

  /** `false`: the client has not answered our ping. */
  private keepsAlive(time: number, timeout: number, now: number): boolean {
    if (time === 0) return true
    if (this.pingedAt !== undefined) return now < this.pingedAt + timeout
    if (now < this.lastSign + time) return true
    this.pingedAt = now
    return this.session.ping((error) => {
      this.pingedAt = undefined
      if (error === null) this.lastSign = performance.now()
    })
  }

  /** Often enough for the shortest limit, seldom enough to cost nothing. */
  private nextCheck(): number {
    const { max_connection_idle, max_connection_age, max_connection_age_grace, time, timeout } = this.config().keepalive.server_parameters
    const shortest = [max_connection_idle, max_connection_age, max_connection_age_grace, time, timeout].filter((limit) => limit > 0)
    return performance.now() + Math.min(5000, ...shortest.map((limit) => limit / 4))
  }

  private onPing(now: number): void {
    const { min_time, permit_without_stream } = this.config().keepalive.enforcement_policy
    const least = this.openStreams > 0 || permit_without_stream ? min_time : minTimeWithoutStream
    if (now < this.lastPing + least) this.pingStrikes++
    this.lastPing = now
    if (this.pingStrikes <= maxPingStrikes) return
    this.session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM, 0, Buffer.from("too_many_pings"))
    this.session.close()
  }
}
