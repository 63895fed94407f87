/** The OpAMP protocol, version 0.20, as plain values: messages and their codec, capabilities, instance uids, WebSocket frames. */
export { AgentDescription, AvailableComponents, ComponentDetails } from "./domain/opamp/AgentDescription.ts"
export { type AgentDisconnect, AgentToServer } from "./domain/opamp/AgentToServer.ts"
export { AnyValue, ArrayValue, KeyValue, KeyValueList } from "./domain/opamp/Attributes.ts"
export { AgentCapability, AgentToServerFlag, ServerCapability, ServerToAgentFlag } from "./domain/opamp/Capability.ts"
export { ComponentHealth } from "./domain/opamp/ComponentHealth.ts"
export {
  CertificateRequest,
  ConnectionSettingsOffers,
  ConnectionSettingsRequest,
  ConnectionSettingsStatus,
  ConnectionSettingsStatuses,
  Header,
  Headers,
  OpAMPConnectionSettings,
  OpAMPConnectionSettingsRequest,
  OtherConnectionSettings,
  ProxyConnectionSettings,
  TelemetryConnectionSettings,
  TLSCertificate,
  TLSConnectionSettings
} from "./domain/opamp/ConnectionSettings.ts"
export { CustomCapabilities, CustomMessage } from "./domain/opamp/Custom.ts"
export { decode, maxElements, maxNesting } from "./domain/opamp/Decode.ts"
export { encode } from "./domain/opamp/Encode.ts"
export { frame, unframe } from "./domain/opamp/Frame.ts"
export { formatUid, makeUid, parseUid, uidBytes } from "./domain/opamp/InstanceUid.ts"
export { MalformedMessage } from "./domain/opamp/MalformedMessage.ts"
export type { Init, MessageType } from "./domain/opamp/MessageType.ts"
export {
  DownloadableFile,
  PackageAvailable,
  PackageDownloadDetails,
  PackagesAvailable,
  PackageStatus,
  PackageStatuses,
  PackageStatusEnum,
  PackageTypes
} from "./domain/opamp/Packages.ts"
export {
  AgentConfigMap,
  AgentConfigObject,
  AgentRemoteConfig,
  EffectiveConfig,
  RemoteConfigStatus,
  RemoteConfigStatuses
} from "./domain/opamp/RemoteConfig.ts"
export {
  AgentIdentification,
  CommandTypes,
  RetryInfo,
  ServerErrorResponse,
  ServerErrorResponseTypes,
  ServerToAgent,
  ServerToAgentCommand
} from "./domain/opamp/ServerToAgent.ts"
