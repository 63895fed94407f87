import { Headers } from "./ConnectionSettings.ts"
import { bytes, double, enumeration, map, message, string, sub } from "./MessageType.ts"

export const PackageTypes = { TopLevel: 0, Addon: 1 } as const

export const PackageStatusEnum = { Installed: 0, InstallPending: 1, Installing: 2, InstallFailed: 3, Downloading: 4 } as const

export interface DownloadableFile {
  readonly downloadUrl: string
  /** SHA-256 of the file. */
  readonly contentHash: Uint8Array
  readonly signature: Uint8Array
  readonly headers?: Headers
}

export interface PackageAvailable {
  /** Of `PackageTypes`. */
  readonly type: number
  readonly version: string
  readonly file?: DownloadableFile
  readonly hash: Uint8Array
}

export interface PackagesAvailable {
  readonly packages: ReadonlyMap<string, PackageAvailable>
  readonly allPackagesHash: Uint8Array
}

export interface PackageDownloadDetails {
  readonly downloadPercent: number
  readonly downloadBytesPerSecond: number
}

export interface PackageStatus {
  readonly name: string
  readonly agentHasVersion: string
  readonly agentHasHash: Uint8Array
  readonly serverOfferedVersion: string
  readonly serverOfferedHash: Uint8Array
  /** Of `PackageStatusEnum`. */
  readonly status: number
  readonly errorMessage: string
  readonly downloadDetails?: PackageDownloadDetails
}

export interface PackageStatuses {
  readonly packages: ReadonlyMap<string, PackageStatus>
  readonly serverProvidedAllPackagesHash: Uint8Array
  readonly errorMessage: string
}

export const DownloadableFile = message<DownloadableFile>("DownloadableFile", {
  downloadUrl: string(1),
  contentHash: bytes(2),
  signature: bytes(3),
  headers: sub(4, () => Headers)
})

export const PackageAvailable = message<PackageAvailable>("PackageAvailable", {
  type: enumeration(1),
  version: string(2),
  file: sub(3, () => DownloadableFile),
  hash: bytes(4)
})

export const PackagesAvailable = message<PackagesAvailable>("PackagesAvailable", {
  packages: map(1, () => PackageAvailable),
  allPackagesHash: bytes(2)
})

export const PackageDownloadDetails = message<PackageDownloadDetails>("PackageDownloadDetails", {
  downloadPercent: double(1),
  downloadBytesPerSecond: double(2)
})

export const PackageStatus = message<PackageStatus>("PackageStatus", {
  name: string(1),
  agentHasVersion: string(2),
  agentHasHash: bytes(3),
  serverOfferedVersion: string(4),
  serverOfferedHash: bytes(5),
  status: enumeration(6),
  errorMessage: string(7),
  downloadDetails: sub(8, () => PackageDownloadDetails)
})

export const PackageStatuses = message<PackageStatuses>("PackageStatuses", {
  packages: map(1, () => PackageStatus),
  serverProvidedAllPackagesHash: bytes(2),
  errorMessage: string(3)
})
