import { bool, bytes, enumeration, list, map, message, string, stringMap, strings, sub, uint53 } from "./MessageType.ts"

export interface Header {
  readonly key: string
  readonly value: string
}

export interface Headers {
  readonly headers: ReadonlyArray<Header>
}

/** PEM. */
export interface TLSCertificate {
  readonly cert: Uint8Array
  readonly privateKey: Uint8Array
  readonly caCert: Uint8Array
}

export interface TLSConnectionSettings {
  readonly caPemContents: string
  readonly includeSystemCaCertsPool: boolean
  readonly insecureSkipVerify: boolean
  readonly minVersion: string
  readonly maxVersion: string
  readonly cipherSuites: ReadonlyArray<string>
}

export interface ProxyConnectionSettings {
  readonly url: string
  readonly connectHeaders?: Headers
}

export interface OpAMPConnectionSettings {
  /** Empty: unchanged. */
  readonly destinationEndpoint: string
  readonly headers?: Headers
  readonly certificate?: TLSCertificate
  /** 0 and absent are the same on the wire, and mean no heartbeats at all: every offer must fill it. */
  readonly heartbeatIntervalSeconds: number
  readonly tls?: TLSConnectionSettings
  readonly proxy?: ProxyConnectionSettings
}

/** Where an agent sends one signal of its own telemetry: an OTLP/HTTP URL, path included. */
export interface TelemetryConnectionSettings {
  readonly destinationEndpoint: string
  readonly headers?: Headers
  readonly certificate?: TLSCertificate
  readonly tls?: TLSConnectionSettings
  readonly proxy?: ProxyConnectionSettings
}

export interface OtherConnectionSettings {
  readonly destinationEndpoint: string
  readonly headers?: Headers
  readonly certificate?: TLSCertificate
  readonly otherSettings: ReadonlyMap<string, string>
  readonly tls?: TLSConnectionSettings
  readonly proxy?: ProxyConnectionSettings
}

/** What is absent is unchanged; the hash covers all settings, those left out included. */
export interface ConnectionSettingsOffers {
  readonly hash: Uint8Array
  readonly opamp?: OpAMPConnectionSettings
  readonly ownMetrics?: TelemetryConnectionSettings
  readonly ownTraces?: TelemetryConnectionSettings
  readonly ownLogs?: TelemetryConnectionSettings
  readonly otherConnections: ReadonlyMap<string, OtherConnectionSettings>
}

export const ConnectionSettingsStatuses = { UNSET: 0, APPLIED: 1, APPLYING: 2, FAILED: 3 } as const

export interface ConnectionSettingsStatus {
  readonly lastConnectionSettingsHash: Uint8Array
  /** Of `ConnectionSettingsStatuses`. */
  readonly status: number
  readonly errorMessage: string
}

export interface ConnectionSettingsRequest {
  readonly opamp?: OpAMPConnectionSettingsRequest
}

export interface OpAMPConnectionSettingsRequest {
  readonly certificateRequest?: CertificateRequest
}

/** A certificate signing request, PEM. */
export interface CertificateRequest {
  readonly csr: Uint8Array
}

export const Header = message<Header>("Header", { key: string(1), value: string(2) })

export const Headers = message<Headers>("Headers", { headers: list(1, () => Header) })

export const TLSCertificate = message<TLSCertificate>("TLSCertificate", { cert: bytes(1), privateKey: bytes(2), caCert: bytes(3) })

export const TLSConnectionSettings = message<TLSConnectionSettings>("TLSConnectionSettings", {
  caPemContents: string(1),
  includeSystemCaCertsPool: bool(2),
  insecureSkipVerify: bool(3),
  minVersion: string(4),
  maxVersion: string(5),
  cipherSuites: strings(6)
})

export const ProxyConnectionSettings = message<ProxyConnectionSettings>("ProxyConnectionSettings", {
  url: string(1),
  connectHeaders: sub(2, () => Headers)
})

export const OpAMPConnectionSettings = message<OpAMPConnectionSettings>("OpAMPConnectionSettings", {
  destinationEndpoint: string(1),
  headers: sub(2, () => Headers),
  certificate: sub(3, () => TLSCertificate),
  heartbeatIntervalSeconds: uint53(4),
  tls: sub(5, () => TLSConnectionSettings),
  proxy: sub(6, () => ProxyConnectionSettings)
})

export const TelemetryConnectionSettings = message<TelemetryConnectionSettings>("TelemetryConnectionSettings", {
  destinationEndpoint: string(1),
  headers: sub(2, () => Headers),
  certificate: sub(3, () => TLSCertificate),
  tls: sub(4, () => TLSConnectionSettings),
  proxy: sub(5, () => ProxyConnectionSettings)
})

export const OtherConnectionSettings = message<OtherConnectionSettings>("OtherConnectionSettings", {
  destinationEndpoint: string(1),
  headers: sub(2, () => Headers),
  certificate: sub(3, () => TLSCertificate),
  otherSettings: stringMap(4),
  tls: sub(5, () => TLSConnectionSettings),
  proxy: sub(6, () => ProxyConnectionSettings)
})

export const ConnectionSettingsOffers = message<ConnectionSettingsOffers>("ConnectionSettingsOffers", {
  hash: bytes(1),
  opamp: sub(2, () => OpAMPConnectionSettings),
  ownMetrics: sub(3, () => TelemetryConnectionSettings),
  ownTraces: sub(4, () => TelemetryConnectionSettings),
  ownLogs: sub(5, () => TelemetryConnectionSettings),
  otherConnections: map(6, () => OtherConnectionSettings)
})

export const ConnectionSettingsStatus = message<ConnectionSettingsStatus>("ConnectionSettingsStatus", {
  lastConnectionSettingsHash: bytes(1),
  status: enumeration(2),
  errorMessage: string(3)
})

export const CertificateRequest = message<CertificateRequest>("CertificateRequest", { csr: bytes(1) })

export const OpAMPConnectionSettingsRequest = message<OpAMPConnectionSettingsRequest>("OpAMPConnectionSettingsRequest", {
  certificateRequest: sub(1, () => CertificateRequest)
})

export const ConnectionSettingsRequest = message<ConnectionSettingsRequest>("ConnectionSettingsRequest", {
  opamp: sub(1, () => OpAMPConnectionSettingsRequest)
})
