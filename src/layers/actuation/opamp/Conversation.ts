import type { AgentConnection } from "../../../control/fleet/AgentConnection.ts"
import type { Fleet } from "../../../control/fleet/Fleet.ts"
import { AgentToServer } from "../../../domain/opamp/AgentToServer.ts"
import { decode } from "../../../domain/opamp/Decode.ts"
import { encode } from "../../../domain/opamp/Encode.ts"
import { formatUid } from "../../../domain/opamp/InstanceUid.ts"
import { MalformedMessage } from "../../../domain/opamp/MalformedMessage.ts"
import type { Init } from "../../../domain/opamp/MessageType.ts"
import { ServerErrorResponseTypes, ServerToAgent } from "../../../domain/opamp/ServerToAgent.ts"
import type { OpampServerLog } from "./OpampServerLog.ts"

export type Reply = Init<ServerToAgent>

/** What both transports do with bytes: a message in, its reply out. */
export class Conversation {
  readonly log: OpampServerLog
  private readonly fleet: Fleet["Service"]
  private readonly maxMessageBytes: number

  constructor(fleet: Fleet["Service"], maxMessageBytes: number, log: OpampServerLog) {
    this.fleet = fleet
    this.maxMessageBytes = maxMessageBytes
    this.log = log
  }

  /** The reply to a message; `uid` is the one that its HTTP headers claim, if they do. */
  hear(connection: AgentConnection | undefined, bytes: Uint8Array | MalformedMessage, peer: string, uid?: string): Reply {
    const message = bytes instanceof MalformedMessage ? bytes : decode(AgentToServer, bytes)
    if (message instanceof MalformedMessage) {
      this.log.say("a message could not be read", `${message} (from ${peer})`)
      return badRequest(new Uint8Array(0), String(message))
    }
    if (uid !== undefined && uid.toLowerCase() !== formatUid(message.instanceUid)) {
      return badRequest(message.instanceUid, `the header OpAMP-Instance-UID and instance_uid differ`)
    }
    return this.fleet.receive(connection, message)
  }

  lost(connection: AgentConnection): void {
    this.fleet.lost(connection)
  }

  /** The reply's bytes. What is larger than a message may be must not be sent: the offers are left out then. */
  write(reply: Reply): Uint8Array {
    const bytes = encode(ServerToAgent, reply)
    if (bytes.length <= this.maxMessageBytes) return bytes
    this.log.say("an offer is too large to be sent", `${bytes.length} bytes; at most ${this.maxMessageBytes} are allowed`)
    const { remoteConfig: _config, connectionSettings: _settings, ...rest } = reply
    return encode(ServerToAgent, rest)
  }
}

/** An error stands alone in its message. */
const badRequest = (instanceUid: Uint8Array, errorMessage: string): Reply => ({
  instanceUid,
  errorResponse: { type: ServerErrorResponseTypes.BadRequest, errorMessage }
})
