/**
 * Whether an `Accept-Encoding` header prefers gzip to no encoding (RFC 9110, 12.5.3): named with a weight above 0, or by `*`; where both
 * are named, the larger weight wins.
 */
export const prefersGzip = (header: string | undefined): boolean => {
  if (header === undefined) return false
  const weights = new Map<string, number>()
  for (const element of header.split(",")) {
    const [coding, ...parameters] = element.split(";").map((part) => part.trim().toLowerCase())
    const weight = parameters.find((parameter) => parameter.startsWith("q="))
    weights.set(coding === "x-gzip" ? "gzip" : coding!, weight === undefined ? 1 : Number(weight.slice(2)) || 0)
  }
  const gzip = weights.get("gzip") ?? weights.get("*") ?? 0
  return gzip > 0 && gzip >= (weights.get("identity") ?? 0)
}
