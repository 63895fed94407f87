/** The version of the package; a test keeps it equal to package.json, which a bundle cannot read. */
export const version = "0.1.0"
