/** gRPC status codes by name (https://grpc.io/docs/guides/status-codes/); HTTP statuses derive from them in one table, `httpStatus`. */
export const GrpcCode = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16
} as const

export type GrpcCode = (typeof GrpcCode)[keyof typeof GrpcCode]

/** HTTP status of a gRPC code, as OTLP/HTTP receivers answer it (the collector's table). */
export const httpStatus = (code: GrpcCode): number => {
  switch (code) {
    case GrpcCode.OK:
      return 200
    case GrpcCode.CANCELLED:
    case GrpcCode.DEADLINE_EXCEEDED:
    case GrpcCode.ABORTED:
    case GrpcCode.OUT_OF_RANGE:
    case GrpcCode.UNAVAILABLE:
    case GrpcCode.DATA_LOSS:
      return 503
    case GrpcCode.RESOURCE_EXHAUSTED:
      return 429
    case GrpcCode.INVALID_ARGUMENT:
      return 400
    case GrpcCode.UNAUTHENTICATED:
      return 401
    case GrpcCode.PERMISSION_DENIED:
      return 403
    case GrpcCode.UNIMPLEMENTED:
      return 404
    default:
      return 500
  }
}
