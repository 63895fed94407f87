import { assert, describe, it } from "@effect/vitest"
import { parse } from "../../../src/domain/config/Parse.ts"
import { toShownYaml } from "../../../src/domain/config/Shown.ts"
import { Source } from "../../../src/domain/config/Source.ts"

const show = (text: string): string => toShownYaml(parse(new Source("x.yaml", text)).root!)

describe("a configuration that is shown", () => {
  it.each([
    "password: SECRET",
    "client_secret: SECRET",
    "bearer_token: SECRET",
    "headers: {x-anything: SECRET}",
    "headers: [{name: Authorization, value: SECRET}]",
    "api_key: SECRET",
    "api-key: SECRET",
    "access_key: SECRET",
    "key_pem: SECRET",
    "credentials: {user: SECRET, list: [SECRET, {a: SECRET}]}",
    "htpasswd: {inline: 'me:SECRET'}",
    "passphrase: 12345SECRET",
    "token: '${env:TOKEN:-SECRET}'",
    "Authorization: 'Bearer SECRET${env:TOKEN}'",
    "endpoint: https://user:SECRET@host:4318/path",
    "endpoint: 'https://user:${env:PW:-SECRET}@host'",
    "endpoint: 'https://SECRET@host'",
    "endpoint: 'https://host/?api_key=SECRET&a=b'",
    "dsn: postgres://SECRET",
    "url: '${env:DB_PASSWORD:-SECRET}'",
    "actions: [{key: auth_token, value: SECRET, action: insert}]"
  ])("has no secret: %s", (text) => {
    assert.notInclude(show(text), "SECRET")
    assert.include(show(text), "[REDACTED]")
  })

  it.each([
    "token: ${env:TOKEN}",
    "endpoint: https://host:4318/v1@beta",
    "endpoint: https://${env:USER}:${env:PW}@host/?token=${env:T}",
    "key_file: /etc/key.pem",
    "endpoint: ${env:ENDPOINT:-localhost:4317}",
    "actions:\n  - key: region\n    value: eu",
    "timeout: 5s",
    "password: null"
  ])("keeps what is none: %s", (text) => assert.strictEqual(show(text), `${text}\n`))
})
